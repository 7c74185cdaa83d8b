// Runs long work in slices, so that other requests are served meanwhile.

import { setImmediate as nextTurn } from 'node:timers/promises';

/** Runs work that yields after each slice of it. The event loop gets its turn between two slices. */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await nextTurn();
  }
}
