// A cached answer is copied with its TTLs lowered by its age, as far as it fits, and without garbage.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerFlag } from '../../src/forward-cache/answer-block.ts';
import { AnswerReader } from '../../src/forward-cache/answer-reader.ts';
import { createForwardCache } from '../../src/forward-cache/create-forward-cache.ts';
import { ForwardCacheReader } from '../../src/forward-cache/forward-cache-reader.ts';
import { ForwardCacheWriter } from '../../src/forward-cache/forward-cache-writer.ts';
import { assertMakesNoGarbage } from '../support/assert-makes-no-garbage.ts';
import { madeAnswer, question, wire } from './made-answer.ts';

const start = 12 + wire('www.corp.test').length + 4;
const recordLength = 12 + 20;

function copied(block: Uint8Array, maxEnd: number, seconds: number) {
  const reader = new AnswerReader();
  reader.open(block);
  const target = Buffer.alloc(4_096);
  const end = reader.copy(target, maxEnd, seconds);
  const ttls = Array.from({ length: (end - start) / recordLength }, (_, i) =>
    target.readUInt32BE(start + i * recordLength + 6),
  );
  const { answers, authorities, additionals, truncated } = reader;
  return { end, ttls, counts: [answers, authorities, additionals], truncated };
}

test('TTLs are lowered by the age of the answer, but not below 0, and a clock that goes back does not raise them', () => {
  const block = madeAnswer('www.corp.test', { ttl: 60 });
  for (const [seconds, ttl] of [
    [1_000, 60],
    [1_001, 59],
    [1_060, 0],
    [9_999, 0],
    [10, 60],
  ] as const) {
    assert.deepEqual(copied(block, 4_096, seconds).ttls, [ttl, ttl, ttl], `${seconds}`);
  }
});

test('a stale answer keeps its TTLs', () => {
  const block = madeAnswer('www.corp.test', { ttl: 30, flags: answerFlag.stale });
  assert.deepEqual(copied(block, 4_096, 1_020).ttls, [30, 30, 30]);
});

test('records that do not fit are left out, section by section; if the answer section does not fit, TC is set', () => {
  const block = madeAnswer('www.corp.test');
  const cut = (maxEnd: number) => {
    const { end, counts, truncated } = copied(block, maxEnd, 1_000);
    return [(end - start) / recordLength, counts, truncated];
  };
  assert.deepEqual(cut(start + 3 * recordLength), [3, [1, 1, 1], false]);
  assert.deepEqual(cut(start + 3 * recordLength - 1), [2, [1, 1, 0], false]);
  assert.deepEqual(cut(start + 2 * recordLength - 1), [1, [1, 0, 0], false]);
  assert.deepEqual(cut(start + recordLength - 1), [0, [0, 0, 0], true]);
});

test('a negative answer whose SOA does not fit has TC', () => {
  const block = madeAnswer('www.corp.test', { answers: 0, answersEnd: start, authoritiesEnd: start + recordLength });
  const { truncated, counts } = copied(block, start + recordLength - 1, 1_000);
  assert.deepEqual([truncated, counts], [true, [0, 0, 0]]);
});

test('finding and copying answers allocates nothing', () => {
  const buffer = createForwardCache(2 ** 20);
  const writer = new ForwardCacheWriter(buffer);
  const names = Array.from({ length: 50 }, (_, i) => `host-${i}.corp.test`);
  for (const name of names) writer.put(7, question(name), madeAnswer(name, { ttl: 1_000 }), 1_000);
  const reader = new ForwardCacheReader(buffer, 1);
  const target = new Uint8Array(4_096);
  const wires = [...names, 'none.corp.test'].map(wire);
  const calls = 100_000;
  let found = 0;
  const run = () => {
    for (let i = 0; i < calls; i += 1) {
      const name = wires[i % wires.length] as Uint8Array;
      reader.enter();
      if (reader.find(7, name, name.length, 16, 1, 0, 1_100)) {
        reader.answer.copy(target, 100 + (i % 200), 1_100);
        found += 1;
      }
      reader.leave();
    }
  };
  assertMakesNoGarbage(calls, run);
  assert.ok(found > calls * 0.9);
});
