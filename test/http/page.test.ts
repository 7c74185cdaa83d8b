// A page ends after its limit of items, or after so many characters. Cited by src/http/page.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOf } from '../../src/http/page.ts';

/** Returns a list of `count` texts of this length. The key of a text is its position, as a text. */
function textsOf(count: number, length: number) {
  return {
    *items(after: string | undefined) {
      for (let index = after === undefined ? 0 : Number(after) + 1; index < count; index += 1) yield index;
    },
    keyOf: String,
    show: (index: number) => `${index} ${'x'.repeat(length)}`,
  };
}

test('a page of long items ends before its limit, and its cursor goes on', async () => {
  const list = textsOf(25, 100_000);
  const sizes: number[] = [];
  const shown: number[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await pageOf({ limit: 1000, ...(cursor !== undefined && { cursor }) }, String, list);
    sizes.push(page.items.length);
    shown.push(...page.items.map((item) => Number.parseInt(item, 10)));
    cursor = page.nextCursor;
  }
  assert.deepEqual(sizes, [10, 10, 5]);
  assert.deepEqual(
    shown,
    Array.from({ length: 25 }, (_, index) => index),
  );
});

test('an item that is longer than a page is a page of its own', async () => {
  const { items, nextCursor } = await pageOf({}, String, textsOf(2, 3_000_000));
  assert.equal(items.length, 1);
  assert.notEqual(nextCursor, null);
});

test('a page of short items ends at its limit, and the last page has no cursor', async () => {
  const list = textsOf(7, 10);
  for (const [limit, size, isLast] of [
    [3, 3, false],
    [6, 6, false],
    [7, 7, true],
    [8, 7, true],
  ] as const) {
    const { items, nextCursor } = await pageOf({ limit }, String, list);
    assert.deepEqual([items.length, nextCursor === null], [size, isLast], String(limit));
  }
});
