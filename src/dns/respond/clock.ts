// The time of an answer, set once before each batch, since asking the system for the time makes garbage.

/** The fields are 32-bit integers that wrap around: compare them only as `(a - b) | 0`. */
export class Clock {
  /** The time since 1970, in seconds and in milliseconds. */
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
