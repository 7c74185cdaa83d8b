// The pauses between attempts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryPause } from '../../../src/interop/kubernetes/client/retry-pause.ts';

const times = { firstMilliseconds: 100, maxMilliseconds: 1000 };

test('the pause doubles with each failure, up to the maximum, and half of it is random', () => {
  const pauses = (random: number) =>
    [0, 1, 2, 3, 4, 5, 2000].map((failures) => retryPause(failures, times, 0, () => random));
  assert.deepEqual(pauses(1), [0, 100, 200, 400, 800, 1000, 1000]);
  assert.deepEqual(pauses(0), [0, 50, 100, 200, 400, 500, 500]);
});

test('the server is obeyed if it asks for a longer pause, up to the maximum', () => {
  assert.equal(retryPause(1, times, 700), 700);
  assert.equal(retryPause(1, times, 5000), 1000);
});
