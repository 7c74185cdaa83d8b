// Collects the garbage of this thread when there is much of it. An idle thread would keep it otherwise: V8 collects
// when it needs room.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In octets. A collection of less garbage is not worth its pause. */
const minGarbage = 12 * 1024 * 1024;
/**
 * In octets. A collection takes the time of what it leaves: this takes tens of milliseconds. A larger heap is left to
 * V8 while the thread works.
 */
const maxHeap = 128 * 1024 * 1024;
/** In octets. If the heap has changed by less between two calls, the thread is idle. */
const maxIdleChange = 4 * 1024 * 1024;

type Collect = (options: { type: 'major'; execution: 'sync'; flavor?: 'last-resort' }) => void;

export class GarbageCollector {
  readonly #collect: Collect;
  /** Octets of the heap and of buffers after the last collection, or fewer if there were fewer later. */
  #kept = taken();
  /** The last collection left more than that. */
  #hasLeftMuch = false;
  #heapUsed = 0;

  /** Only tests give another collector than that of V8. */
  constructor(collect = openCollect()) {
    this.#collect = collect;
  }

  /** Collects all garbage. Blocks the thread for some 200 ms after a million names. */
  collectAll(): void {
    this.#run({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  }

  /**
   * Collects the garbage if there is much of it. What a collection has left is garbage later, if it was of requests. So
   * if that was much, collects again when the thread is idle, once (test/model/garbage-collector.test.ts).
   */
  collectIfMuch(): void {
    const now = taken();
    const { heapUsed } = process.memoryUsage();
    const isIdle = Math.abs(heapUsed - this.#heapUsed) < maxIdleChange;
    this.#heapUsed = heapUsed;
    if (this.#hasLeftMuch ? isIdle : now - this.#kept > minGarbage) {
      const isFirst = !this.#hasLeftMuch;
      this.#run({ type: 'major', execution: 'sync' });
      this.#hasLeftMuch = isFirst && process.memoryUsage().heapUsed > maxHeap;
    } else this.#kept = Math.min(this.#kept, now);
  }

  #run(options: Parameters<Collect>[0]): void {
    this.#collect(options);
    this.#kept = taken();
  }
}

/** Returns the function that V8 has for it. */
function openCollect(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  // Threads that start later use the cache of compiled code (cli/compile-cache.js). It is valid only for the flags that
  // the process started with.
  setFlagsFromString('--no-expose-gc');
  return collect;
}

/** Returns the octets of the heap and of buffers, garbage included. */
function taken(): number {
  const { heapTotal, external } = process.memoryUsage();
  return heapTotal + external;
}
