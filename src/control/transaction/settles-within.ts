// Waiting that ends: for what a store may never answer.

import { setTimeout as delay } from 'node:timers/promises';

/** Whether the promise resolves within so many milliseconds; rejects where it does. Leaves no timer behind (test/control/settles-within.test.ts). */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const abort = new AbortController();
  const late = delay(milliseconds, false, { signal: abort.signal }).catch(() => false);
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    abort.abort();
  }
}
