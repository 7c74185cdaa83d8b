// Returns memory to the system after the zones are loaded. A million names pass through the heap on their way into the
// table, and V8 would keep that much heap for as long as the process is idle. bench/answer measures it.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all garbage of this thread. Blocks the thread for some 200 ms after a million names. */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  // Threads that start later use the cache of compiled code (cli/compile-cache.js). It is valid only for the flags that
  // the process started with.
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
