// Returns memory to the system. After the zones are loaded: a million names pass through the heap on their way into the
// table (bench/answer measures it). After large requests: an idle process would keep what they took, in V8's heap and
// in glibc's (bench:attack). Giving back glibc's takes less than 10 ms, and less than 1 ms of an idle process. The
// ledger's thread collects its own garbage (ledger/ledger-worker.ts).

import { openHeapTrim } from './dns/listen/libc.ts';
import { GarbageCollector } from './model/garbage-collector.ts';

const checkMilliseconds = 15_000;

/**
 * Collects all garbage of this thread. Later collects again when requests have left much garbage, until the function
 * that it returns is called.
 */
export function releaseMemory(): () => void {
  const garbage = new GarbageCollector();
  garbage.collectAll();
  const trimHeap = openHeapTrim();
  trimHeap?.();
  const timer = setInterval(() => {
    garbage.collectIfMuch();
    trimHeap?.();
  }, checkMilliseconds).unref();
  return () => clearInterval(timer);
}
