// A line in front of work of which only some may run at once. Those who have work get their turns one after the other,
// however much work each of them has (test/model/fair-line.test.ts).

interface Waiting {
  begin: () => void;
  isWanted: () => boolean;
}

export class FairLine {
  readonly #atOnce: number;
  #running = 0;
  /** What waits, by whose work it is. Whose turn is next comes first. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /** Runs work when it is its turn. Work that is no longer wanted then never runs, and its promise never settles. */
  async run<T>(whose: string, work: () => Promise<T>, isWanted?: () => boolean): Promise<T> {
    const leave = await this.enter(whose, isWanted);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Waits for a place. Returns a function that gives it to the next one; it may be called more than once. */
  async enter(whose: string, isWanted = () => true): Promise<() => void> {
    if (this.#running === this.#atOnce) {
      await new Promise<void>((begin) => {
        this.#waiting.set(whose, [...(this.#waiting.get(whose) ?? []), { begin, isWanted }]);
      });
    } else this.#running += 1;
    let hasPlace = true;
    return () => {
      if (hasPlace) this.#passOn();
      hasPlace = false;
    };
  }

  /** Gives the place of work that has ended to the next one. */
  #passOn(): void {
    for (const [whose, [next, ...later]] of this.#waiting) {
      // Who has had a turn goes to the end of the line.
      this.#waiting.delete(whose);
      if (later.length > 0) this.#waiting.set(whose, later);
      if (next?.isWanted() !== true) continue;
      next.begin();
      return;
    }
    this.#running -= 1;
  }
}
