// A wait with an end, for callers of a store that may never answer.

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves with true when the promise does, and with false after so many milliseconds; rejects as the promise does.
 * Leaves no timer behind (test/store/within.test.ts).
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
