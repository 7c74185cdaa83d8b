// ULIDs sort by their times. Those of the same moment differ.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newUlid, ulidPattern } from '../../src/model/ulid.ts';

test('a ULID has its time first, as the examples of the specification have it', () => {
  assert.equal(newUlid(1_469_922_850_259).slice(0, 10), '01ARZ3NDEK');
  assert.equal(newUlid(0).slice(0, 10), '0000000000');
  assert.equal(newUlid(2 ** 48 - 1).slice(0, 10), '7ZZZZZZZZZ');
});

test('ULIDs of one moment differ, and those of a later moment sort after them', () => {
  const now = Date.now();
  const ulids = Array.from({ length: 1000 }, () => newUlid(now));
  for (const ulid of ulids) assert.match(ulid, ulidPattern);
  assert.equal(new Set(ulids).size, ulids.length);
  assert.ok((ulids.sort().at(-1) as string) < newUlid(now + 1));
});
