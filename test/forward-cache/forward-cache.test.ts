// The cache finds the answers that were put into it, is bounded, shares its memory among forwarders, and reuses memory
// only when no reader can see it. Cited by src/forward-cache/segments.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createForwardCache } from '../../src/forward-cache/create-forward-cache.ts';
import { ForwardCacheReader, releaseForwardCacheCell } from '../../src/forward-cache/forward-cache-reader.ts';
import { type CachedQuestion, ForwardCacheWriter } from '../../src/forward-cache/forward-cache-writer.ts';
import { Random } from '../support/random.ts';
import { madeAnswer, question } from './made-answer.ts';

/** The smallest cache: 16 segments of 64 KiB. */
const smallest = 2 ** 20;

function open(octets = smallest) {
  const buffer = createForwardCache(octets);
  return { buffer, writer: new ForwardCacheWriter(buffer), reader: new ForwardCacheReader(buffer, 3) };
}

function finds(reader: ForwardCacheReader, forwarder: number, asked: CachedQuestion, seconds = 1_000): boolean {
  reader.enter();
  const { name, type, class: recordClass, flags } = asked;
  const found = reader.find(forwarder, name, name.length, type, recordClass, flags, seconds);
  reader.leave();
  return found;
}

test('an answer is found for its forwarder, name, type, class and flags only, until it expires', () => {
  const { writer, reader } = open();
  const asked = question('www.corp.test', 1);
  writer.put(7, asked, madeAnswer('www.corp.test', { ttl: 60 }), 1_000);
  assert.ok(finds(reader, 7, asked, 1_059));
  assert.equal(finds(reader, 7, asked, 1_060), false, 'an expired answer is found');
  assert.equal(finds(reader, 8, asked), false, 'the answer is found for another forwarder');
  assert.equal(finds(reader, 7, question('ww.corp.test', 1)), false, 'the answer is found for another name');
  for (const other of [{ type: 1 }, { class: 3 }, { flags: 0 }]) {
    assert.equal(finds(reader, 7, { ...asked, ...other }), false, JSON.stringify(other));
  }
  assert.ok(writer.find(7, asked), 'the writer does not find an answer that has expired');
});

test('answers that can no longer be given are not listed and not counted', () => {
  const { writer } = open();
  for (const [name, ttl, staleUntil] of [
    ['short.corp.test', 60, 1_060],
    ['stale.corp.test', 60, 1_200],
    ['long.corp.test', 90, 1_090],
  ] as const)
    writer.put(7, question(name), madeAnswer(name, { ttl, staleUntil }), 1_000);
  const counts = (seconds: number) => [writer.list(7, 10, seconds).length, writer.usage(7, seconds).entries];
  assert.deepEqual([1_059, 1_060, 1_090, 1_200].map(counts), [
    [3, 3],
    [2, 2],
    [1, 1],
    [0, 0],
  ]);
  const [only] = writer.list(7, 1, 1_090);
  assert.ok(Buffer.from(only?.block ?? []).includes('stale'));
  assert.ok(writer.usage(7, 1_090).octets > 0);
  assert.equal(writer.usage(7, 1_200).octets, 0);
});

test('a cache that is filled and cleared at random has the same answers as a map, except for displaced ones', () => {
  const { writer, reader } = open();
  const random = new Random(3);
  const expected = new Map<string, { forwarder: number; asked: CachedQuestion; fill: number }>();
  for (let step = 0; step < 15_000; step += 1) {
    const [forwarder, name] = [1 + random.below(4), `h${random.below(3_000)}.corp.test`];
    const asked = question(name, random.below(4));
    const key = `${forwarder} ${name} ${asked.flags}`;
    if (random.chance(0.02)) {
      writer.clear(forwarder, asked.name);
      for (let flags = 0; flags < 4; flags += 1) expected.delete(`${forwarder} ${name} ${flags}`);
    } else if (random.chance(0.001)) {
      writer.clear(forwarder);
      for (const [one, value] of expected) if (value.forwarder === forwarder) expected.delete(one);
    } else {
      const fill = random.below(256);
      assert.ok(writer.put(forwarder, asked, madeAnswer(name, { fill, length: random.below(400) }), 1_000));
      expected.set(key, { forwarder, asked, fill });
    }
  }
  let found = 0;
  const counted = new Map<number, number>();
  for (const { forwarder, asked, fill } of expected.values()) {
    const block = writer.find(forwarder, asked);
    assert.equal(finds(reader, forwarder, asked), block !== undefined);
    if (block === undefined) continue;
    found += 1;
    counted.set(forwarder, (counted.get(forwarder) ?? 0) + 1);
    assert.deepEqual(
      block.slice(0, 400),
      madeAnswer(nameOf(asked), { fill, length: rdataLength(block) }).slice(0, 400),
    );
  }
  assert.ok(found > 500, `only ${found} of ${expected.size} answers are left`);
  for (let forwarder = 1; forwarder <= 4; forwarder += 1) {
    const { entries, octets } = writer.usage(forwarder, 1_000);
    assert.equal(entries, counted.get(forwarder) ?? 0);
    assert.equal(writer.list(forwarder, 1e6, 1_000).length, entries);
    assert.ok(octets <= smallest);
  }
});

function nameOf({ name }: CachedQuestion): string {
  const labels: string[] = [];
  for (let at = 0; name[at] !== 0; at += 1 + name[at]!)
    labels.push(Buffer.from(name.subarray(at + 1, at + 1 + name[at]!)).toString());
  return labels.join('.');
}

function rdataLength(block: Uint8Array): number {
  const view = new DataView(block.buffer);
  return view.getUint16(24) - 12 - view.getUint16(30) - 4 - 12;
}

test('a forwarder with many answers does not displace those of another', () => {
  const { writer, reader } = open();
  const few = Array.from({ length: 100 }, (_, i) => question(`few-${i}.small.test`));
  for (const asked of few) writer.put(1, asked, madeAnswer(nameOf(asked)), 1_000);
  for (let i = 0; i < 20_000; i += 1)
    writer.put(2, question(`h${i}.large.test`), madeAnswer(`h${i}.large.test`), 1_000);
  assert.equal(few.filter((asked) => finds(reader, 1, asked)).length, few.length);
  assert.ok(writer.usage(2, 1_000).octets < smallest);
});

test('answers that are used outlast a flood of names that are asked for once', () => {
  const { writer, reader } = open();
  const used = Array.from({ length: 100 }, (_, i) => question(`used-${i}.corp.test`));
  for (const asked of used) writer.put(1, asked, madeAnswer(nameOf(asked)), 1_000);
  for (let i = 0; i < 20_000; i += 1) {
    writer.put(1, question(`flood-${i}.corp.test`), madeAnswer(`flood-${i}.corp.test`), 1_000);
    if (i % 500 === 0) assert.equal(used.filter((asked) => finds(reader, 1, asked)).length, used.length, `${i}`);
  }
});

test('an answer that a reader has found stays as it is until the reader moves on', () => {
  const { buffer, writer, reader } = open();
  const asked = question('held.corp.test');
  writer.put(1, asked, madeAnswer('held.corp.test', { fill: 0x42, length: 400 }), 1_000);
  reader.enter();
  assert.ok(reader.find(1, asked.name, asked.name.length, 16, 1, 0, 1_000));
  writer.clear(1);
  const flood = () => {
    let refused = 0;
    for (let i = 0; i < 4_000; i += 1) {
      if (!writer.put(1, question(`f${i}.corp.test`), madeAnswer(`f${i}.corp.test`, { fill: 0, length: 400 }), 1_000))
        refused += 1;
    }
    return refused;
  };
  assert.ok(flood() > 0, 'memory that the reader may still see was used again');
  const target = new Uint8Array(4_096);
  const end = reader.answer.copy(target, 4_096, 1_000);
  assert.ok(target.subarray(end - 400, end).every((octet) => octet === 0x42));
  reader.leave();
  assert.equal(flood(), 0, 'memory is not used again although the reader has moved on');
  reader.enter();
  assert.ok(flood() > 0);
  releaseForwardCacheCell(buffer, 3);
  assert.equal(flood(), 0, 'memory is not used again although the reader has died');
});

test('an answer that is too long for a segment is not kept', () => {
  const { writer } = open();
  const put = (length: number) => writer.put(1, question('a.test'), madeAnswer('a.test', { length }), 1_000);
  assert.equal(put(21_900), false);
  assert.equal(put(21_000), true);
});

test('an expired answer is displaced, even if it was used before', () => {
  const { writer, reader } = open();
  const asked = question('www.corp.test');
  writer.put(1, asked, madeAnswer('www.corp.test', { ttl: 60 }), 1_000);
  assert.ok(finds(reader, 1, asked));
  for (let i = 0; i < 20_000; i += 1) writer.put(1, question(`f${i}.corp.test`), madeAnswer(`f${i}.corp.test`), 2_000);
  assert.equal(writer.find(1, asked), undefined, 'an expired answer was moved');
});
