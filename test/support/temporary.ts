// A folder for one test, gone after it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a test, or a suite's `{ after }`, can clean up with. */
export interface Cleanup {
  after(clean: () => unknown): void;
}

/** A new empty folder, removed with everything in it when the test has ended. */
export async function temporaryFolder(test: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zonewright-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** For what is no test: cleans up after the work, the newest first, whatever happens. */
export async function inScope<T>(work: (scope: Cleanup) => Promise<T>): Promise<T> {
  const cleaners: (() => unknown)[] = [];
  try {
    return await work({ after: (clean) => cleaners.unshift(clean) });
  } finally {
    for (const clean of cleaners) await clean();
  }
}
