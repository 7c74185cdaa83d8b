// Limits the time of a wait, for callers of a store that may not answer.

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves with true when the promise resolves, with false if it has not settled after `milliseconds`. Rejects if the
 * promise rejects first. Leaves no timer running (test/model/within.test.ts).
 */
export async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const abort = new AbortController();
  const late = delay(milliseconds, false, { signal: abort.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    abort.abort();
  }
}
