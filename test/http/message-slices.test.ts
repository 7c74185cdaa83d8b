// The slices in which the changes of a revision are shown to followers. Cited by src/http/watch/message.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from '../../src/http/watch/message.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import type { StoreEvent } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';

const at = 2 as Revision;
/** Views without data: messages about pools do not use them. */
const seen = { views: {} as Pick<Views, 'pools' | 'hosts'> };

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

/** Returns the number of changes, and the number of slices before the last one. */
function slicesOf(events: StoreEvent[]): [number, number] {
  const making = messageOf(seen, { revision: at, events });
  for (let slices = 0; ; slices += 1) {
    const step = making.next();
    if (step.done === true) return [step.value.changes.length, slices];
  }
}

test('a message about a large revision is made in slices: first of reading events, then of writing JSON', () => {
  const events = (count: number, length: number) => Array.from({ length: count }, (_, n) => written(n, length));
  assert.deepEqual(slicesOf(events(10, 100)), [10, 0]);
  // 9 slices while events are read, and 9 while changes are written as JSON.
  assert.deepEqual(slicesOf(events(10, 70_000)), [10, 18]);
});
