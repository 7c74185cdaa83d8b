// Gives handed-on queries a moment to be answered when their thread stops.

import { setTimeout as delay } from 'node:timers/promises';

/** The longest wait, and the time between two looks, in milliseconds. */
const maxSettle = 250;
const step = 5;

/** Returns when `isIdle()`, and after `maxSettle` at the latest. */
export async function settle(isIdle: () => boolean): Promise<void> {
  const end = performance.now() + maxSettle;
  while (!isIdle() && performance.now() < end) await delay(step);
}
