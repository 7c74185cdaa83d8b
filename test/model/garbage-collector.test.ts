// When the garbage of a thread is collected. Cited by src/model/garbage-collector.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GarbageCollector } from '../../src/model/garbage-collector.ts';

const megabyte = 1024 * 1024;

test('much garbage is collected; a large heap is collected again, but less and less often', (t) => {
  let heap = 100;
  t.mock.method(process, 'memoryUsage', () => ({ heapTotal: heap * megabyte, heapUsed: heap * megabyte, external: 0 }));
  let leaves = 100;
  let collections = 0;
  const garbage = new GarbageCollector(() => {
    collections += 1;
    heap = leaves;
  });
  /** Returns how many calls it takes until the garbage is collected. */
  const callsUntilCollected = (left = leaves) => {
    heap = left + 13;
    const before = collections;
    for (let calls = 1; calls < 100; calls += 1) {
      garbage.collectIfMuch();
      if (collections > before) return calls;
    }
    return undefined;
  };
  heap = 111;
  garbage.collectIfMuch();
  assert.equal(collections, 0);
  // Less than before: garbage is counted from here.
  heap = 90;
  garbage.collectIfMuch();
  heap = 101;
  garbage.collectIfMuch();
  assert.equal(collections, 0);
  heap = 103;
  garbage.collectIfMuch();
  assert.equal(collections, 1);
  leaves = 100;
  assert.equal(callsUntilCollected(), 1);
  leaves = 200;
  assert.deepEqual(
    Array.from({ length: 4 }, () => callsUntilCollected()),
    [1, 2, 4, 8],
  );
  // What was much is garbage now.
  leaves = 50;
  assert.equal(callsUntilCollected(200), 16);
  assert.deepEqual([callsUntilCollected(), callsUntilCollected()], [1, 1]);
});

test('the collector of V8 collects', async () => {
  let held: object | undefined = {};
  const weak = new WeakRef(held);
  held = undefined;
  // The reference is strong until the end of the task.
  await new Promise(setImmediate);
  new GarbageCollector().collectAll();
  assert.equal(weak.deref(), undefined);
});
