// Which transactions must not be under way together. under-way.test.ts has what follows from it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Footprint } from '../../src/control/transaction/footprint.ts';
import type { Revision } from '../../src/model/revision.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import type { Compare, Operation, Transaction } from '../../src/store/store.ts';
import { z } from './steps.ts';

const revision = 1 as Revision;
const reads = (compare: Compare): Transaction => ({ compares: [compare], operations: [] });
const writes = (operation: Operation): Transaction => ({ compares: [], operations: [operation] });
const put = (key: string) => writes({ kind: 'put', key, value: '' });
const deletePrefix = (prefix: string) => writes({ kind: 'delete-prefix', prefix });
const unchanged = (key: string) => reads({ kind: 'modified', key, revision });
const quiet = (prefix: string) => reads({ kind: 'quiet', prefix, since: revision });

const cases: [one: Transaction, other: Transaction, touches: boolean][] = [
  [put('a/1'), put('a/1'), true],
  [put('a/1'), put('a/2'), false],
  [put('a/1'), unchanged('a/1'), true],
  [unchanged('a/1'), unchanged('a/1'), false],
  [quiet('a/'), put('a/1'), true],
  [quiet('a/'), put('b/1'), false],
  [quiet('a/'), deletePrefix('a/'), true],
  [deletePrefix('a/'), put('a/1'), true],
  [deletePrefix('a/'), unchanged('a/1'), true],
  [deletePrefix('a/'), unchanged('b/1'), false],
  [put(serialKey(z)), put(serialKey(z)), false],
  [put(serialKey(z)), unchanged(serialKey(z)), true],
];

test('transactions touch, whichever is first, if one writes what the other reads or writes', () => {
  for (const [one, other, touches] of cases)
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const footprint = new Footprint();
      footprint.add(first);
      assert.equal(footprint.touches(second), touches, JSON.stringify([first, second]));
    }
});
