// Waits for a condition that no event announces.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Repeats `check` until it returns true. Fails with the message `otherwise` after this many milliseconds. */
export async function until(
  check: () => boolean | Promise<boolean>,
  otherwise: string,
  milliseconds = 30_000,
): Promise<void> {
  for (const end = performance.now() + milliseconds; !(await check()); await delay(20)) {
    assert.ok(performance.now() < end, otherwise);
  }
}
