// What the zone files that are being imported may take of this process's memory, all together: more than the heap has would be the end of it.

import { refuse } from '../../errors.ts';

/** One import's part. */
export interface MemoryShare {
  /** How many octets it holds now. Refuses with `payload_too_large` when that is too much. */
  hold(octets: number): void;
  end(): void;
}

export class ImportMemory {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  share(): MemoryShare {
    let mine = 0;
    const hold = (octets: number) => {
      this.#held += octets - mine;
      mine = octets;
      if (this.#held <= this.#limit) return;
      const others = this.#held > mine ? ', and those of the other imports under way,' : '';
      refuse(
        'payload_too_large',
        `the records of this file${others} take more than ${this.#limit} octets of memory; nothing was changed`,
      );
    };
    const end = () => {
      this.#held -= mine;
      mine = 0;
    };
    return { hold, end };
  }
}
