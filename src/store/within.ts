// Limits a wait, for callers of a store that may never answer.

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves with true when the promise resolves, with false after so many milliseconds. Rejects if the promise rejects.
 * Leaves no timer running (test/store/within.test.ts).
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
