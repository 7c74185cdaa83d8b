// Temporary folders, and cleaning up after a test or other work.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Collects cleanup functions: a test, or a suite's `{ after }`. */
export interface Cleanup {
  after(clean: () => unknown): void;
}

/** Makes a new, empty folder. The end of the test removes it with its contents. */
export async function temporaryFolder(test: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zonewright-'));
  test.after(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return folder;
}

/** Runs work outside a test. Then calls the cleanup functions, the newest first, also if the work fails. */
export async function inScope<T>(work: (scope: Cleanup) => Promise<T>): Promise<T> {
  const cleaners: (() => unknown)[] = [];
  try {
    return await work({ after: (clean) => cleaners.unshift(clean) });
  } finally {
    for (const clean of cleaners) await clean();
  }
}
