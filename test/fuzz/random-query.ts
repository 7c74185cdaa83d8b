// Makes random queries: correct ones, some that are wrong in a few places, and octets that are no query at all.
// check-response.ts checks the responses.

import { ednsOption } from '../support/answers.ts';
import type { Random } from '../support/random.ts';
import { goodCookie } from './fuzzed-server.ts';

const labels = ['a', 'b', '*', 'cut', 'dn', 'alias', '_tcp', 'h', 'up', 'x', 'y'.repeat(63)];
const ends = [
  'example',
  'example',
  'sub.example',
  'b.sub.example',
  'other',
  'loop',
  'dn.example',
  'up.loop',
  'elsewhere',
  '',
];
/** Data types, meta types and unknown types. */
const types = [
  1, 1, 1, 1, 1, 28, 28, 2, 2, 6, 15, 15, 16, 16, 5, 39, 43, 33, 64, 65, 65, 18, 36, 21, 107, 255, 255, 252, 251, 41,
  249, 250, 253, 0, 65_280,
];
const classes = [...Array.from({ length: 60 }, () => 1), 3, 4, 254, 255, 0];
const edges = [0, 1, 12, 41, 63, 64, 127, 128, 192, 255];

export function randomQuery(random: Random, previous: Buffer): Buffer {
  if (random.chance(0.03)) return randomOctets(random, random.chance(0.01) ? 20_000 : 300);
  const query = structured(random);
  return random.chance(0.7) ? query : mutated(random, query, previous);
}

function randomOctets(random: Random, limit: number): Buffer {
  return Buffer.from(Array.from({ length: random.below(limit) }, () => random.below(256)));
}

/** Returns a message with header, question and records of any kind. Its counts are correct. */
function structured(random: Random): Buffer {
  const question = randomQuestion(random);
  const records = random.chance(0.6) ? [opt(random)] : [];
  if (random.chance(0.02)) records.push(opt(random));
  if (random.chance(0.06)) records.push(tsig(random));
  for (let left = random.chance(0.05) ? random.below(4) : 0; left > 0; left -= 1) records.unshift(anyRecord(random));
  const header = Buffer.alloc(12);
  header.writeUInt16BE(random.below(0x10000), 0);
  // The opcode is any one, that of NOTIFY, or mostly that of a query, with RD or without.
  header[2] = random.chance(0.05) ? random.below(128) : random.chance(0.05) ? 0x20 : random.below(2);
  header[3] = random.chance(0.2) ? random.below(256) : 0;
  header[5] = question.length === 0 ? 0 : 1;
  // Most messages have their records in the additional section, where OPT and TSIG belong.
  header[random.chance(0.97) ? 11 : random.pick([7, 9])] = records.length;
  return Buffer.concat([header, question, ...records]);
}

function randomQuestion(random: Random): Buffer {
  if (random.chance(0.02)) return Buffer.alloc(0);
  const chaos = random.chance(0.01);
  const name = chaos ? toWire(random.pick(['id.server', 'version.bind'])) : randomName(random);
  return Buffer.concat([name, uint16(random.pick(types)), uint16(chaos ? 3 : random.pick(classes))]);
}

function randomName(random: Random): Buffer {
  // A deep name has about as many labels as a name may have (127), or more.
  const deep = random.chance(0.03);
  const depth = deep ? 90 + random.below(40) : random.below(5);
  const parts = Array.from({ length: depth }, () => random.pick(deep ? labels.slice(0, 3) : labels));
  const name = [...parts, random.pick(ends)].filter((part) => part !== '').join('.');
  return toWire(random.chance(0.3) ? random.mixCase(name) : name);
}

function toWire(name: string): Buffer {
  const parts = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...parts.map((part) => Buffer.concat([Buffer.of(part.length), Buffer.from(part)])),
    Buffer.of(0),
  ]);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 255);
}

function opt(random: Random): Buffer {
  const size = random.chance(0.2) ? random.below(0x10000) : random.pick([0, 511, 512, 513, 600, 1232, 1233, 4096]);
  const options = Buffer.concat(Array.from({ length: random.below(4) }, () => randomOption(random)));
  const name = random.chance(0.02) ? randomName(random) : Buffer.of(0);
  const version = random.chance(0.05) ? random.below(256) : 0;
  const flags = random.chance(0.3) ? [0x80, 0] : [random.chance(0.1) ? random.below(256) : 0, 0];
  const length = random.chance(0.03) ? random.below(300) : options.length;
  const fixed = Buffer.from([random.chance(0.05) ? random.below(256) : 0, version, ...flags]);
  return Buffer.concat([name, uint16(41), uint16(size), fixed, uint16(length), options]);
}

/**
 * Returns an EDNS option: NSID, a good or bad cookie, an extended error, a client subnet, padding or an unknown one.
 * Its length may be wrong.
 */
function randomOption(random: Random): Buffer {
  const data = random.pick(['', '2464c4abcf10c957', goodCookie, `${goodCookie}00`, 'ab'.repeat(random.below(50))]);
  const option = ednsOption(random.pick([3, 10, 10, 10, 15, 8, 12, 65_001]), data);
  if (random.chance(0.02)) option[3] = random.below(256);
  return option;
}

function tsig(random: Random): Buffer {
  const mac = randomOctets(random, 40);
  const algorithm = toWire('hmac-sha256');
  const rdata = Buffer.concat([algorithm, Buffer.alloc(8), uint16(mac.length), mac, Buffer.alloc(6)]);
  const key = random.chance(0.2) ? pointer(random) : toWire('key.example');
  return Buffer.concat([key, uint16(250), uint16(255), Buffer.alloc(4), uint16(rdata.length), rdata]);
}

/** Returns a record. Its name may be a pointer to itself, or to a pointer that leads back. */
function anyRecord(random: Random): Buffer {
  const rdata = randomOctets(random, 30);
  const name = random.chance(0.5) ? pointer(random) : randomName(random);
  const length = random.chance(0.05) ? random.below(0x10000) : rdata.length;
  return Buffer.concat([name, uint16(random.pick(types)), uint16(1), Buffer.alloc(4), uint16(length), rdata]);
}

function pointer(random: Random): Buffer {
  return uint16(0xc000 | (random.chance(0.5) ? random.below(80) : random.below(0x4000)));
}

/** Returns the message cut, spliced, doubled, extended, or with some octets changed. */
function mutated(random: Random, message: Buffer, previous: Buffer): Buffer {
  const query = Buffer.from(message);
  for (let left = random.below(3); left > 0; left -= 1) {
    const at = random.below(query.length);
    query[at] = random.chance(0.3)
      ? (query[at] as number) ^ (1 << random.below(8))
      : random.chance(0.5)
        ? random.below(256)
        : random.pick(edges);
  }
  const at = random.below(query.length + 1);
  const from = random.below(previous.length + 1);
  switch (random.below(9)) {
    case 0:
      return query.subarray(0, at);
    case 1:
      return Buffer.concat([query, previous.subarray(from)]);
    case 2:
      return Buffer.concat([query.subarray(0, at), previous.subarray(from)]);
    case 3:
      query[random.pick([4, 5, 6, 7, 8, 9, 10, 11]) % query.length] = random.chance(0.8) ? random.below(4) : 255;
      return query;
    case 4:
      return Buffer.concat([query.subarray(0, at), randomOctets(random, 20), query.subarray(at)]);
    case 5:
      return Buffer.concat([query.subarray(0, at), query.subarray(at + random.below(10))]);
    case 6:
      // Replaces a label by a pointer, perhaps to itself.
      return at + 2 > query.length
        ? query
        : Buffer.concat([query.subarray(0, at), uint16(0xc000 | at), query.subarray(at + 2)]);
    default:
      return query;
  }
}
