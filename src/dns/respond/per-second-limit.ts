// Limits what a thread does in a second, for all clients together. rate-limiter.ts has limits for each network.

export class PerSecondLimit {
  readonly #max: number;
  #second = 0;
  #left = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts one more action, and returns whether it is within the limit of this second. */
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
