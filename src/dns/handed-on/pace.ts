// The pace of a taker: it works in slices, rests after them, and pauses between them while many queries come. What it
// does in a slice: taker.ts.

/**
 * The length of a rest, as a multiple of the work before it: the thread has other work, and the answering threads may
 * need its processor. The test of the taker requires only 1.5.
 */
const defaultRest = 4;
/** The shortest rest, in milliseconds. Shorter ones are added up, since a timer cannot wait for less than 1 ms. */
const minRest = 2;
/**
 * The longest rest, in milliseconds. A limit is needed, because a slice may seem long if the thread stood still, for
 * example to collect garbage.
 */
const maxRest = 20;
/** The weight of a new slice in `#flow`. */
const flowWeight = 1 / 8;
/** The value of `#flow` from which the thread pauses. */
const minFlow = 0.5;
/**
 * The value of `#flow` below which a pause is twice as long: a turn with few queries costs nearly as much as one with
 * many (bench/forward/run.ts).
 */
const fewQueries = 16;
/**
 * A thread that pauses also stands still within a slice, after so many queries, for so many milliseconds: an answer
 * from the table may wait for its processor (bench/forward-flood.ts).
 */
const breathEvery = 16;
const breath = 0.02;

export interface PaceOptions {
  /** The length of a rest, as a multiple of the work before it. */
  readonly restPerWork?: number;
  /**
   * Milliseconds for which the thread stands still after each slice while many queries come, so that it handles all
   * queries and messages of that time in one turn of the event loop; twice as many while slices are small. Only for a
   * thread without other work.
   */
  readonly pause?: number;
}

export class Pace {
  readonly #restPerWork: number;
  readonly #pause: number | undefined;
  /** The rest that is due, in milliseconds, as of `#workedUntil`. */
  #restDue = 0;
  #workedUntil = 0;
  /** The number of queries in a slice, smoothed. */
  #flow = 0;
  /** A cell that never changes: waiting for it only takes time. */
  readonly #still = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  constructor({ restPerWork = defaultRest, pause }: PaceOptions) {
    this.#restPerWork = restPerWork;
    this.#pause = pause;
  }

  /** Call this after each query of a slice, with their number so far. */
  breathe(taken: number): void {
    if (this.#pause !== undefined && this.#flow >= minFlow && taken % breathEvery === 0) this.#standStill(breath);
  }

  /** Returns the rest that is due after a slice, in milliseconds; 0 if it is too short. */
  restAfter(started: number): number {
    const idle = started - this.#workedUntil;
    this.#workedUntil = performance.now();
    const due = Math.max(0, this.#restDue - idle) + this.#restPerWork * (this.#workedUntil - started);
    this.#restDue = Math.min(due, maxRest);
    return this.#restDue < minRest ? 0 : this.#restDue;
  }

  /** Stands still for a moment after a slice with so many queries, if many come. Returns whether it did. */
  pauseAfter(taken: number): boolean {
    if (this.#pause === undefined) return false;
    this.#flow += (taken - this.#flow) * flowWeight;
    if (this.#flow < minFlow) return false;
    this.#standStill(this.#flow < fewQueries ? 2 * this.#pause : this.#pause);
    return true;
  }

  #standStill(milliseconds: number): void {
    Atomics.wait(this.#still, 0, 0, milliseconds);
  }
}
