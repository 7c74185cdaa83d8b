// Returns memory to the system. After the zones are loaded: a million names pass through the heap on their way into the
// table (bench/answer measures it). After large requests: an idle process would keep what they took, in V8's heap and
// in glibc's (bench:attack). Giving back glibc's takes less than 10 ms, and less than 1 ms of an idle process.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openHeapTrim } from './dns/listen/libc.ts';

const checkMilliseconds = 15_000;
/** In octets. A collection of less garbage is not worth its pause. */
const minGarbage = 12 * 1024 * 1024;
/**
 * The maximum of octets that the last collection left. A collection takes the time of what it leaves: this takes tens
 * of milliseconds. A larger heap is left to V8.
 */
const maxHeap = 128 * 1024 * 1024;

type Collect = (options: object) => void;

/**
 * Collects all garbage of this thread. Blocks the thread for some 200 ms after a million names. Later collects again
 * when requests have left much garbage, until the function that it returns is called.
 */
export function releaseMemory(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  // Threads that start later use the cache of compiled code (cli/compile-cache.js). It is valid only for the flags that
  // the process started with.
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const trimHeap = openHeapTrim();
  trimHeap?.();
  let kept = taken();
  let live = process.memoryUsage().heapUsed;
  const timer = setInterval(() => {
    const now = taken();
    if (now - kept > minGarbage && live < maxHeap) {
      collect({ type: 'major', execution: 'sync' });
      kept = taken();
      live = process.memoryUsage().heapUsed;
    } else kept = Math.min(kept, now);
    trimHeap?.();
  }, checkMilliseconds).unref();
  return () => clearInterval(timer);
}

/** Returns the octets of the heap and of buffers, garbage included. */
function taken(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
