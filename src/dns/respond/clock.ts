// The time of an answer, set once before each batch: a call of the system makes garbage, and takes as long as finding a
// name.

/** The fields are 32-bit integers that wrap around: compare them only as `(a - b) | 0`. */
export class Clock {
  /** Since 1970. */
  seconds = 0;
  milliseconds = 0;

  constructor() {
    this.set(Date.now());
  }

  set(milliseconds: number): void {
    this.seconds = (milliseconds / 1_000) | 0;
    this.milliseconds = milliseconds | 0;
  }
}
