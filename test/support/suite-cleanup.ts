// Cleaning up after all tests of a file.

import { after } from 'node:test';
import type { Cleanup } from './temporary.ts';

/** Returns an object that collects cleanup functions. They are called after the last test, the newest first. */
export function suiteCleanup(): Cleanup {
  const cleaners: (() => unknown)[] = [];
  after(async () => {
    for (const clean of cleaners) await clean();
  });
  return { after: (clean) => cleaners.unshift(clean) };
}
