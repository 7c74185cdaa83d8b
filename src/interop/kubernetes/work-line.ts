// The objects of a cluster that need work, by their keys. A key is worked on once at a time: if it is added meanwhile,
// it is worked on again afterwards. If the work fails, it is tried again later, with longer and longer pauses.

import { type RetryTimes, retryPause, retryTimes } from './client/retry-pause.ts';

/** `first`: no work of `later` begins while such work waits or runs. */
export type Rank = 'first' | 'later';

interface WorkLineOptions {
  /** Works on the object of a key. If it rejects, it is called again later. */
  work(key: string): Promise<void>;
  /** Is told of each failure: how many there were one after the other. */
  failed(key: string, error: unknown, failures: number): void;
  /** How many objects are worked on at the same time. */
  atOnce: number;
  times?: RetryTimes;
}

export class WorkLine {
  readonly #options: WorkLineOptions;
  /** The keys that wait, in the order in which they were added. */
  readonly #waiting: Record<Rank, Set<string>> = { first: new Set(), later: new Set() };
  readonly #running = new Map<string, Rank>();
  readonly #failures = new Map<string, number>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #firstRunning = 0;
  #isScheduled = false;
  #isClosed = false;
  #idle: (() => void) | undefined;

  constructor(options: WorkLineOptions) {
    this.#options = options;
  }

  /** How many objects wait, are worked on, or will be tried again. */
  get size(): number {
    return this.#waiting.first.size + this.#waiting.later.size + this.#running.size + this.#retries.size;
  }

  add(key: string, rank: Rank = 'later'): void {
    if (this.#isClosed) return;
    clearTimeout(this.#retries.get(key));
    this.#retries.delete(key);
    if (rank === 'first') this.#waiting.later.delete(key);
    if (rank === 'first' || !this.#waiting.first.has(key)) this.#waiting[rank].add(key);
    this.#schedule();
  }

  /** Begins no more work. Resolves when the work that is running has ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    this.#retries.clear();
    for (const keys of Object.values(this.#waiting)) keys.clear();
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Begins work at the end of this turn of the event loop: many objects may be added in one turn. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#begin();
    });
  }

  #begin(): void {
    for (const rank of ['first', 'later'] as const) {
      if (rank === 'later' && this.#waiting.first.size + this.#firstRunning > 0) return;
      for (const key of this.#waiting[rank]) {
        if (this.#running.size >= this.#options.atOnce) return;
        if (this.#running.has(key)) continue;
        this.#waiting[rank].delete(key);
        void this.#run(key, rank);
      }
    }
  }

  /** Never rejects. */
  async #run(key: string, rank: Rank): Promise<void> {
    this.#running.set(key, rank);
    if (rank === 'first') this.#firstRunning += 1;
    try {
      await this.#options.work(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#retryLater(key, error);
    }
    this.#running.delete(key);
    if (rank === 'first') this.#firstRunning -= 1;
    if (this.#isClosed && this.#running.size === 0) this.#idle?.();
    this.#schedule();
  }

  #retryLater(key: string, error: unknown): void {
    if (this.#isClosed) return;
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#options.failed(key, error, failures);
    // It was changed meanwhile, and waits already.
    if (this.#waiting.first.has(key) || this.#waiting.later.has(key)) return;
    const timer = setTimeout(() => this.add(key), retryPause(failures, this.#options.times ?? retryTimes));
    timer.unref();
    this.#retries.set(key, timer);
  }
}
