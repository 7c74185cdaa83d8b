// Waiting for what comes by itself, without an event.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Looks until it is so; `otherwise` is what fails when it has not come in time. */
export async function until(
  check: () => boolean | Promise<boolean>,
  otherwise: string,
  milliseconds = 30_000,
): Promise<void> {
  for (const end = performance.now() + milliseconds; !(await check()); await delay(20)) {
    assert.ok(performance.now() < end, otherwise);
  }
}
