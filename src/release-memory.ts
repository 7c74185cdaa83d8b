// Returns the memory of a load to the system. A million names pass through the heap on their way into the table, and V8
// would keep that much heap for as long as the process is idle. Measured: bench/answer.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Collects all garbage of this thread. Blocks the thread for some 200 ms after a million names. */
export function releaseMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  // The cache of compiled code (cli/compile-cache.js) is valid for one set of flags, which later threads must have too.
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
