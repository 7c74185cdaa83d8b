// Splitting a watch into lines, however the bytes arrive.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MalformedAnswer } from '../../../src/interop/kubernetes/client/kubernetes-error.ts';
import { LineSplitter } from '../../../src/interop/kubernetes/client/line-splitter.ts';

const linesOf = (splitter: LineSplitter, chunks: readonly Buffer[]) =>
  chunks.flatMap((chunk) => [...splitter.push(chunk)]);

test('lines are the same, however the bytes are split into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), (texts, sizes) => {
      const lines = texts.map((text) => text.replaceAll('\n', ''));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
      const chunks: Buffer[] = [];
      let rest = bytes;
      for (const size of sizes) {
        chunks.push(rest.subarray(0, size));
        rest = rest.subarray(size);
      }
      const splitter = new LineSplitter(1_000_000);
      assert.deepEqual(
        linesOf(splitter, [...chunks, rest]),
        lines.filter((line) => line !== ''),
      );
      assert.equal(splitter.isWithinLine, false);
    }),
  );
});

test('a line that has not ended is noticed', () => {
  const splitter = new LineSplitter(100);
  assert.deepEqual(linesOf(splitter, [Buffer.from('one\ntw')]), ['one']);
  assert.equal(splitter.isWithinLine, true);
  assert.deepEqual(linesOf(splitter, [Buffer.from('o\n')]), ['two']);
});

test('a line may have the maximum, and not one byte more, in one chunk or in many', () => {
  assert.deepEqual(linesOf(new LineSplitter(4), [Buffer.from('1234\n5678\n')]), ['1234', '5678']);
  for (const chunks of [['12345\n'], ['12345'], ['12', '34', '5'], ['1234\n', '1234', '5']])
    assert.throws(
      () =>
        linesOf(
          new LineSplitter(4),
          chunks.map((one) => Buffer.from(one)),
        ),
      MalformedAnswer,
    );
});
