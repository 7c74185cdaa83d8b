// Gives back what a load of the views took: a million names pass through the heap on their way into the table, and V8 would keep the room
// for more of that for as long as the process is idle. Measured: bench/answer.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all garbage of this thread at once: some 200 ms after a million names, so only where nobody waits for the thread. */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  // The cache of compiled code (cli/compile-cache.js) is for one set of flags: threads that start later must have the same.
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
