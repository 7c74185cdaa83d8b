// Waits a moment for the answers to handed-on queries, when the thread stops that has handed them on.

import { setTimeout as delay } from 'node:timers/promises';

/** The longest wait, in milliseconds. */
const maxSettle = 250;
/** The time between two checks, in milliseconds. */
const step = 5;

/** Resolves when `isIdle()` is true, and after `maxSettle` at the latest. */
export async function settle(isIdle: () => boolean): Promise<void> {
  const end = performance.now() + maxSettle;
  while (!isIdle() && performance.now() < end) await delay(step);
}
