// Collects the garbage of this thread when there is much of it. An idle thread would keep it otherwise: V8 collects
// when it needs room.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In octets. A collection of less garbage is not worth its pause. */
const minGarbage = 12 * 1024 * 1024;
/**
 * The maximum of octets that the last collection left. A collection takes the time of what it leaves: this takes tens
 * of milliseconds. A larger heap is left to V8.
 */
const maxHeap = 128 * 1024 * 1024;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor?: 'last-resort' }) => void;

export class GarbageCollector {
  readonly #collect: Collect;
  /** Octets of the heap and of buffers after the last collection, or fewer if there were fewer later. */
  #kept = taken();
  /** Octets of what the last collection left in the heap. */
  #live = 0;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as Collect;
    // Threads that start later use the cache of compiled code (cli/compile-cache.js). It is valid only for the flags
    // that the process started with.
    setFlagsFromString('--no-expose-gc');
  }

  /** Collects all garbage. Blocks the thread for some 200 ms after a million names. */
  collectAll(): void {
    this.#run({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }

  /** Collects the garbage if there is much of it, and little else. */
  collectIfMuch(): void {
    const now = taken();
    if (now - this.#kept > minGarbage && this.#live < maxHeap) this.#run({ type: 'major', execution: 'sync' });
    else this.#kept = Math.min(this.#kept, now);
  }

  #run(options: Parameters<Collect>[0]): void {
    this.#collect(options);
    this.#kept = taken();
    this.#live = process.memoryUsage().heapUsed;
  }
}

/** Returns the octets of the heap and of buffers, garbage included. */
function taken(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
