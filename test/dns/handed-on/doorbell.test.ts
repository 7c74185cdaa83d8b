// The doorbell of the taker: a ring wakes a sleeping taker, once. A query that is written while the taker falls asleep
// wakes it too.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { newDoorbell, ringDoorbell, sleepUntilRung } from '../../../src/dns/handed-on/doorbell.ts';

/**
 * Resolves with `woken` when the signal aborts, or with `slept on` after 20 seconds. Keeps Node alive meanwhile,
 * because Atomics.waitAsync does not.
 */
const hangLimit = (signal: AbortSignal) => delay(20_000, 'slept on', { signal }).catch(() => 'woken');

/** Lets a taker fall asleep, and then runs `then`. Resolves with `woken` or `slept on`. */
async function sleeps(bell: Int32Array, hasWork: () => boolean, then: () => void): Promise<string> {
  const controller = new AbortController();
  const limit = hangLimit(controller.signal);
  sleepUntilRung(bell, hasWork, () => controller.abort());
  then();
  return limit;
}

test('a ring wakes a taker that sleeps', async () => {
  const bell = new Int32Array(newDoorbell());
  assert.equal(
    await sleeps(
      bell,
      () => false,
      () => ringDoorbell(bell),
    ),
    'woken',
  );
});

test('a taker that falls asleep while a query is written wakes up', async () => {
  const bell = new Int32Array(newDoorbell());
  // The query is written before the taker looks for work. The taker sees the query.
  assert.equal(
    await sleeps(
      bell,
      () => true,
      () => undefined,
    ),
    'woken',
  );
  // The query is written after the taker has looked for work, and before it waits. The taker sees that the bell has
  // rung.
  const rings = () => {
    ringDoorbell(bell);
    return false;
  };
  assert.equal(await sleeps(bell, rings, () => undefined), 'woken');
});

test('many rings wake a sleeping taker once', async () => {
  const bell = new Int32Array(newDoorbell());
  ringDoorbell(bell);
  let woken = 0;
  sleepUntilRung(
    bell,
    () => false,
    () => {
      woken += 1;
    },
  );
  for (let i = 0; i < 100; i += 1) ringDoorbell(bell);
  await delay(100);
  assert.equal(woken, 1);
});
