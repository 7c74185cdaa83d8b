// A queue for the work of several parties. Only a fixed number of pieces of work run at the same time. The parties take
// turns, however much work each of them has (test/model/fair-line.test.ts).

interface Waiting {
  begin: () => void;
  isWanted: () => boolean;
}

export class FairLine {
  readonly #atOnce: number;
  #running = 0;
  /** The waiting work of each party, in the order of their turns. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Runs the work of the party `whose`: at once if there is a free place, otherwise when its turn comes. Calls
   * `isWanted` when the turn of waiting work comes: if it returns false, the work never runs, and the promise never
   * settles.
   */
  async run<T>(whose: string, work: () => Promise<T>, isWanted?: () => boolean): Promise<T> {
    const leave = await this.enter(whose, isWanted);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Waits for a place, as {@link run} does. Returns a function that gives up the place; a second call does nothing. */
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

  /** Gives the place of ended work to the next wanted work, or frees the place if there is none. */
  #passOn(): void {
    for (const [whose, [next, ...later]] of this.#waiting) {
      // A party that has had its turn goes to the end of the queue.
      this.#waiting.delete(whose);
      if (later.length > 0) this.#waiting.set(whose, later);
      if (next?.isWanted() !== true) continue;
      next.begin();
      return;
    }
    this.#running -= 1;
  }
}
