// Collects the garbage of this thread when the thread is idle and has much of it. V8 itself collects only when it needs
// room, so an idle thread would keep its garbage. A thread that works is left to V8: a collection that we ask for stops
// it for some 100 ms, and V8 then has to compile most of its code again (bench:allocate).

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In octets. Collecting less garbage is not worth the pause. */
const minGarbage = 12 * 1024 * 1024;
/** In octets. A larger heap is not shrunk: that would block the thread for more than 100 ms of CPU time. */
const maxShrunkHeap = 64 * 1024 * 1024;
/** In octets. The thread counts as idle if its heap changed by less than this between two calls. */
const maxIdleChange = 4 * 1024 * 1024;
/** Each attempt takes about a millisecond, and few threads start at once. */
const maxOpenAttempts = 100;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor?: 'last-resort' }) => void;

export class GarbageCollector {
  readonly #collect: Collect;
  /** The octets of the heap and of buffers after the last collection, or a lower number that was measured later. */
  #kept = taken();
  /** True after a collection, until the thread, still or again idle, collects once more. */
  #collectsAgain = false;
  /** At the last call, or after a later collection. */
  #heapUsed = process.memoryUsage().heapUsed;

  /** Only tests replace the collector of V8. */
  constructor(collect = openCollect()) {
    this.#collect = collect;
  }

  /** Collects all garbage. Blocks the thread for some 200 ms after a million names were loaded. */
  collectAll(): void {
    this.#run({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }

  /**
   * Collects the garbage if there is much of it and the thread was idle since the last call. V8 keeps freed pages, some
   * 100 MB after much work. So a later call, when the thread is idle, collects once more. It also shrinks the heap,
   * unless the heap is too large for that (test/model/garbage-collector.test.ts).
   */
  collectIfMuch(): void {
    const now = taken();
    const { heapUsed } = process.memoryUsage();
    const isIdle = Math.abs(heapUsed - this.#heapUsed) < maxIdleChange;
    this.#heapUsed = heapUsed;
    if (isIdle && this.#collectsAgain) {
      this.#collectsAgain = false;
      if (heapUsed > maxShrunkHeap) this.#run({ type: 'major', execution: 'sync' });
      else this.collectAll();
    } else if (isIdle && now - this.#kept > minGarbage) {
      this.#run({ type: 'major', execution: 'sync' });
      this.#collectsAgain = true;
    } else this.#kept = Math.min(this.#kept, now);
  }

  #run(options: Parameters<Collect>[0]): void {
    this.#collect(options);
    this.#kept = taken();
    this.#heapUsed = process.memoryUsage().heapUsed;
  }
}

/**
 * Returns V8's function that collects garbage. The flag is one for all threads of the process: another thread that
 * opens its collector at this moment can take the flag away before the context here exists. Then this thread tries
 * again (test/model/garbage-collector.test.ts).
 */
function openCollect(): Collect {
  for (let attempts = 0; attempts < maxOpenAttempts; attempts += 1) {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('globalThis.gc') as Collect | undefined;
    // Threads that start later use the cache of compiled code (cli/compile-cache.js), which is valid only with the
    // flags of the process at its start.
    setFlagsFromString('--no-expose-gc');
    if (collect !== undefined) return collect;
  }
  throw new Error('V8 does not give its function that collects garbage');
}

/** Returns the octets of the heap and of buffers, garbage included. */
function taken(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
