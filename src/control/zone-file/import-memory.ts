// Limits the memory of all running imports together. Without a limit, large files would exhaust the heap and end the
// process.

import { refuse } from '../../errors.ts';

export interface MemoryShare {
  /**
   * Notes how many octets the import uses now. Refuses with `payload_too_large` if all imports together use too many.
   */
  hold(octets: number): void;
  /** Notes that the import no longer uses memory. */
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
      const others = this.#held > mine ? ', and those of the other running imports,' : '';
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
