// A message of another server is used only if all of it is well-formed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WalkedMessage } from '../../../src/forwarding/forwarders/walk-message.ts';
import { Random } from '../../support/random.ts';
import { message, samples } from './upstream-messages.ts';
import { walkedRecords } from './walked-records.ts';

const walked = new WalkedMessage();
const walk = (octets: Uint8Array) => walked.walk(octets, octets.length);

test('well-formed messages are walked to their end', () => {
  for (const sample of samples()) {
    assert.ok(walk(sample), Buffer.from(sample).toString('hex'));
    assert.equal(walkedRecords(walked).length, walked.count);
  }
});

test('a message that is cut at any place, or has octets after its end, is malformed', () => {
  for (const sample of samples()) {
    for (let length = 0; length < sample.length; length += 1) assert.equal(walk(sample.slice(0, length)), false);
    assert.equal(walk(Uint8Array.from([...sample, 0])), false);
  }
});

/** Returns a response with one record: its owner, its type, and its rdata. */
function withRecord(owner: number[], type: number, rdata: number[]): Uint8Array {
  return message([[[...owner, type >> 8, type & 255, 0, 1, 0, 0, 0, 9, 0, rdata.length, ...rdata]], [], []]);
}

test('each fault of a name or of rdata makes the message malformed', () => {
  const at = 12 + 15 + 4;
  const toQuestion = [0xc0, 12];
  const faults: Record<string, Uint8Array> = {
    'a pointer to itself': withRecord([0xc0, at], 16, [0]),
    'a pointer forwards': withRecord([0xc0, at + 2], 16, [0]),
    'a pointer into the header': withRecord([0xc0, 0], 16, [0]),
    'a pointer loop through a label': withRecord([1, 0x61, 0xc0, at], 16, [0]),
    'an unknown kind of label': withRecord([0x41, 0], 16, [0]),
    'an address of five octets': withRecord(toQuestion, 1, [1, 2, 3, 4, 5]),
    'an IPv6 address of four octets': withRecord(toQuestion, 28, [1, 2, 3, 4]),
    'a CNAME with octets behind its name': withRecord(toQuestion, 5, [0xc0, 12, 0]),
    'a CNAME whose name ends behind the rdata': withRecord(toQuestion, 5, [3, 0x61]),
    'a SOA without its times': withRecord(toQuestion, 6, [0xc0, 12, 0xc0, 12]),
    'an MX without a name': withRecord(toQuestion, 15, [0, 9]),
    'a NAPTR whose texts end behind the rdata': withRecord(toQuestion, 35, [0, 1, 0, 2, 9, 0, 0, 0]),
    'an OPT record in the answer': withRecord([0], 41, []),
    'an OPT record with an owner': message([[], [], [[0xc0, 12, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]]]),
    'two OPT records': message([
      [],
      [],
      [
        [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0],
        [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0],
      ],
    ]),
  };
  for (const [what, octets] of Object.entries(faults)) assert.equal(walk(octets), false, what);
  const long = Array.from({ length: 4 }, () => [63, ...Array(63).fill(0x61)]).flat();
  assert.equal(walk(withRecord([...long, 0], 16, [0])), false, 'a name of 257 octets is accepted');
  assert.equal(
    walk(withRecord([...long.slice(0, 192), 61, ...Array(61).fill(0x61), 0], 16, [0])),
    true,
    'a name of 255 octets',
  );
  assert.equal(
    walk(withRecord([...long.slice(0, 192), 62, ...Array(62).fill(0x61), 0], 16, [0])),
    false,
    'a name of 256 octets',
  );
});

test('walking a damaged message does not throw, and an accepted message has all its records within it', () => {
  const random = new Random(7);
  const all = samples();
  let accepted = 0;
  for (let i = 0; i < 200_000; i += 1) {
    const octets = all[i % all.length]!.slice();
    for (let left = 1 + random.below(4); left > 0; left -= 1) octets[random.below(octets.length)] = random.below(256);
    if (!walk(octets)) continue;
    accepted += 1;
    assert.equal(walkedRecords(walked).length, walked.count);
    assert.equal(walked.count === 0 ? walked.questionEnd : walked.ends[walked.count - 1], octets.length);
  }
  assert.ok(accepted > 10_000, `${accepted} were accepted`);
});

test('the longest chains of pointers are walked in bounded time', () => {
  // The owner of each record is one label and a pointer to the owner of the record before, up to a hundred labels.
  const records: number[][] = [];
  let at = 12 + 15 + 4;
  let previous = 12;
  for (let i = 0; at + 14 < 0x3fff; i += 1) {
    const owner = i % 100 === 0 ? [1, 0x61, 0xc0, 12] : [1, 0x61, 0xc0 | (previous >> 8), previous & 255];
    records.push([...owner, 0, 16, 0, 1, 0, 0, 0, 9, 0, 0]);
    previous = at;
    at += 14;
  }
  const octets = message([records, [], []]);
  assert.ok(walk(octets));
  assert.equal(walked.count, records.length);
});
