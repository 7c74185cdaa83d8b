// Tests when the garbage of a thread is collected. Cited by src/model/garbage-collector.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { GarbageCollector } from '../../src/model/garbage-collector.ts';

const megabyte = 1024 * 1024;

test('a thread that works is left to V8; much garbage is collected when it is idle, and once more after that', (t) => {
  let heap = 100;
  t.mock.method(process, 'memoryUsage', () => ({ heapTotal: heap * megabyte, heapUsed: heap * megabyte, external: 0 }));
  let leaves = 100;
  const garbage = new GarbageCollector(() => {
    heap = leaves;
  });
  /** Checks a heap of this size, of which a collection leaves `left`. Returns the size of the heap after the check. */
  const look = (size: number, left = size) => {
    [heap, leaves] = [size, left];
    garbage.collectIfMuch();
    return heap;
  };
  // The thread works.
  assert.equal(look(130, 1), 130);
  assert.equal(look(300, 1), 300);
  // The thread is idle.
  assert.equal(look(297, 200), 200);
  assert.equal(look(201, 150), 150);
  assert.equal(look(151, 1), 151);
  // The thread works between the two collections.
  assert.equal(look(180, 1), 180);
  assert.equal(look(181, 170), 170);
  assert.equal(look(190, 1), 190);
  assert.equal(look(191, 100), 100);
  // The heap is smaller than before: garbage is counted from this size on.
  assert.equal(look(80, 1), 80);
  assert.equal(look(83, 1), 83);
  assert.equal(look(86, 1), 86);
  assert.equal(look(89, 1), 89);
  assert.equal(look(92.5, 70), 70);
});

test('when the thread is idle after much work, the heap is shrunk, but not a large one', (t) => {
  let heap = 10;
  t.mock.method(process, 'memoryUsage', () => ({ heapTotal: heap * megabyte, heapUsed: heap * megabyte, external: 0 }));
  const collections: (string | undefined)[] = [];
  const garbage = new GarbageCollector(({ flavor }) => void collections.push(flavor));
  for (const size of [25, 40, 60, 62, 63, 80, 82, 83]) {
    heap = size;
    garbage.collectIfMuch();
  }
  assert.deepEqual(collections, [undefined, 'last-resort', undefined, undefined]);
});

test('collectAll() makes V8 collect garbage', async () => {
  let held: object | undefined = {};
  const weak = new WeakRef(held);
  held = undefined;
  // A WeakRef keeps its target alive until the end of the task.
  await new Promise(setImmediate);
  new GarbageCollector().collectAll();
  assert.equal(weak.deref(), undefined);
});

test('threads that open their collectors at the same time all get one', async () => {
  const source = `
    const { GarbageCollector } = await import(process.env.COLLECTOR);
    for (let opened = 0; opened < 200; opened += 1) new GarbageCollector().collectIfMuch();
  `;
  const env = { ...process.env, COLLECTOR: new URL('../../src/model/garbage-collector.ts', import.meta.url).href };
  const threads = [1, 2, 3].map(() => new Worker(`(async () => {${source}})()`, { eval: true, env }));
  // A thread that throws emits 'error', which rejects here.
  const exits = await Promise.all(threads.map((thread) => once(thread, 'exit')));
  assert.deepEqual(exits, [[0], [0], [0]]);
});
