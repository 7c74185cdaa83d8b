// The slices in which the changes of a revision are read. Cited by src/control/watch/resource-changes.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceChanges } from '../../src/control/watch/resource-changes.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import type { StoreEvent } from '../../src/store/store.ts';

const at = 2 as Revision;

/** Returns an event that writes a pool with a description of this length. */
function written(number: number, length: number): StoreEvent {
  const name = `p${number}`;
  const value = poolValue.encode({
    ...poolDefaults,
    id: name,
    name,
    ranges: ['10.0.0.0/24'],
    description: 'x'.repeat(length),
  });
  return { kind: 'put', entry: { key: poolKey(name), value, created: at, modified: at } };
}

/** Returns the number of changes, and of the slices before the last one. */
function slicesOf(events: StoreEvent[]): [number, number] {
  const reading = resourceChanges({ revision: at, events });
  for (let slices = 0; ; slices += 1) {
    const step = reading.next();
    if (step.done === true) return [step.value.length, slices];
  }
}

test('a slice ends after one value of 70,000 characters, or after two of 33,000, before or after the change', () => {
  const events = (count: number, length: number) => Array.from({ length: count }, (_, n) => written(n, length));
  assert.deepEqual(slicesOf(events(10, 100)), [10, 0]);
  assert.deepEqual(slicesOf(events(10, 70_000)), [10, 9]);
  assert.deepEqual(slicesOf(events(10, 33_000)), [10, 4]);
  const before = events(10, 70_000).map((event) => ('entry' in event ? event.entry : undefined));
  const deletions = before.map((entry) => ({ kind: 'delete', key: entry?.key ?? '', previous: entry }) as StoreEvent);
  assert.deepEqual(slicesOf(deletions), [10, 9]);
});
