// Gives memory back to the system. After the zones are loaded: a million names pass through the heap on their way into
// the table (bench/answer measures this). After large requests: an idle process would keep their memory in V8's heap
// and in glibc's (bench:attack). Giving back glibc's memory takes less than 10 ms, in an idle
// process less than 1 ms. The ledger's thread collects its own garbage (ledger/ledger-worker.ts).

import { openHeapTrim } from './dns/listen/libc.ts';
import { GarbageCollector } from './model/garbage-collector.ts';

const checkMilliseconds = 15_000;

/**
 * Collects all garbage of this thread now. Later collects again whenever requests have left much garbage, until the
 * returned function is called.
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
