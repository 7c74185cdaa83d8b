// Threads read the cache while the writer displaces its answers: each answer that they find is whole.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createForwardCache } from '../../src/forward-cache/create-forward-cache.ts';
import { ForwardCacheWriter } from '../../src/forward-cache/forward-cache-writer.ts';
import { until } from '../support/until.ts';
import { madeAnswer, question } from './made-answer.ts';
import { control, nameCount, type ReadingThreadData } from './reading-thread.ts';

test('readers never find a torn answer', async () => {
  const buffer = createForwardCache(2 ** 20);
  const writer = new ForwardCacheWriter(buffer);
  const cells = new Int32Array(new SharedArrayBuffer(64));
  const threads = [1, 2].map((cell) => {
    const workerData: ReadingThreadData = { buffer, cell, cells };
    return new Worker(new URL('reading-thread.ts', import.meta.url), { workerData });
  });
  const results = threads.map((thread) => once(thread, 'message'));
  await until(() => Atomics.load(cells, control.running) === threads.length, 'the threads do not start');
  let kept = 0;
  for (let i = 0; i < 60_000; i += 1) {
    const name = `h${(i * 7) % nameCount}.corp.test`;
    if (writer.put(1, question(name), madeAnswer(name, { fill: i & 255, length: 20 + (i % 400) }), 1_000)) kept += 1;
  }
  Atomics.store(cells, control.stop, 1);
  for (const [result] of await Promise.all(results)) {
    assert.equal(result.fault, undefined);
    assert.ok(result.found > 1_000, `a reader found only ${result.found} answers`);
  }
  assert.ok(kept > 5_000, `only ${kept} answers were kept`);
});
