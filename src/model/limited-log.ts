// Warnings that may be many at once: in each minute, only the first ones are logged. One line has the number of the
// others.

import type { Logger } from './logger.ts';

const windowMilliseconds = 60_000;

export class LimitedLog {
  readonly #logger: Logger;
  /** How many warnings are logged in one minute. */
  readonly #max: number;
  readonly #now: () => number;
  #since = Number.NEGATIVE_INFINITY;
  #logged = 0;
  #omitted = 0;

  constructor(logger: Logger, max: number, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#max = max;
    this.#now = now;
  }

  /** Logs a warning, or counts it if there are too many (test/model/limited-log.test.ts). */
  warn(fields: object, message: string): void {
    this.summarize();
    if (this.#logged >= this.#max) {
      this.#omitted += 1;
      return;
    }
    this.#logged += 1;
    this.#logger.warn(fields, message);
  }

  /**
   * If the minute is over, logs how many of its warnings were left out, and begins a new minute. Callers also call this
   * when there is no warning, so that the number is logged soon.
   */
  summarize(): void {
    const now = this.#now();
    if (now - this.#since < windowMilliseconds) return;
    if (this.#omitted > 0) this.#logger.warn({ omitted: this.#omitted }, 'more warnings of this kind were left out');
    this.#since = now;
    this.#logged = 0;
    this.#omitted = 0;
  }
}
