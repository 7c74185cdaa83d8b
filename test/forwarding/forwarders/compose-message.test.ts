// A message that is composed from the records of another message has the same records.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageComposer } from '../../../src/forwarding/forwarders/compose-message.ts';
import { WalkedMessage } from '../../../src/forwarding/forwarders/walk-message.ts';
import { Random } from '../../support/random.ts';
import { samples } from './upstream-messages.ts';
import { walkedRecords } from './walked-records.ts';

const composer = new MessageComposer();
const from = new WalkedMessage();
const made = new WalkedMessage();

function compose(): void {
  const name = from.octets.slice(12, from.questionEnd - 4);
  composer.begin(name, 1, 1);
  for (let record = 0; record < from.count; record += 1) assert.ok(composer.add(from, record, from.sections[record]!));
  assert.ok(made.walk(composer.octets, composer.at));
  assert.deepEqual(walkedRecords(made), walkedRecords(from));
}

test('a composed message has the records of the sample, and is hardly longer', () => {
  for (const sample of samples()) {
    assert.ok(from.walk(sample, sample.length));
    compose();
    assert.ok(composer.at <= sample.length + 40, `${composer.at} octets of ${sample.length}`);
  }
});

test('the records of a damaged message that is still well-formed can be composed', () => {
  const random = new Random(11);
  const all = samples();
  for (let i = 0; i < 50_000; i += 1) {
    const octets = all[i % all.length]!.slice();
    // Damages only octets after the question: a damaged question would be another question.
    for (let left = 1 + random.below(3); left > 0; left -= 1)
      octets[31 + random.below(octets.length - 31)] = random.below(256);
    if (from.walk(octets, octets.length)) compose();
  }
});

test('records that no longer fit are left out', () => {
  const sample = samples()[5]!;
  assert.ok(from.walk(sample, sample.length));
  composer.begin(sample.slice(12, from.questionEnd - 4), 1, 1);
  let added = 0;
  while (composer.add(from, 0, 0)) added += 1;
  assert.ok(made.walk(composer.octets, composer.at));
  assert.equal(made.count, added);
});
