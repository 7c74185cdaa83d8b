// Waits a moment for the answers to handed-on queries, when their thread stops.

import { setTimeout as delay } from 'node:timers/promises';

/** In milliseconds: the longest wait, and the time between two checks. */
const maxSettle = 250;
const step = 5;

/** Returns when `isIdle()` is true, and after `maxSettle` at the latest. */
export async function settle(isIdle: () => boolean): Promise<void> {
  const end = performance.now() + maxSettle;
  while (!isIdle() && performance.now() < end) await delay(step);
}
