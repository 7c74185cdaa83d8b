// Limits what a thread does in a second, for all clients together. Limits for each network: rate-limiter.ts.

export class PerSecondLimit {
  readonly #max: number;
  #second = 0;
  #left = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns whether one more is within the limit of this second, and counts it. */
  allows(second: number): boolean {
    if (second !== this.#second) {
      this.#second = second;
      this.#left = this.#max;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}
