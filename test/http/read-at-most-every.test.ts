// With readAtMostEvery(), all calls within a time share one read. /metrics uses it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAtMostEvery } from '../../src/http/read-at-most-every.ts';
import { servedApi } from '../support/served-api.ts';

test('all calls within the time share one read, and the next call after it reads again', async () => {
  let reads = 0;
  const read = async () => {
    reads += 1;
    return reads;
  };
  const seldom = readAtMostEvery(3_600_000, read);
  assert.deepEqual(await Promise.all([seldom(), seldom(), seldom()]), [1, 1, 1]);
  const always = readAtMostEvery(0, read);
  assert.deepEqual([await always(), await always()], [2, 3]);
});

test('/metrics is computed at most once a second', async (t) => {
  const { api, metrics } = await servedApi(t);
  const compute = metrics.metrics.bind(metrics);
  let computed = 0;
  t.mock.method(metrics, 'metrics', () => {
    computed += 1;
    return compute();
  });
  const begun = performance.now();
  for (let i = 0; i < 50; i += 1) await api.ok(200, 'GET', '/metrics');
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(computed >= 1 && computed <= 1 + Math.floor(seconds), `${computed} times in ${seconds} s`);
});
