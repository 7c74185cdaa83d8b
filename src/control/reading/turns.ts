// Work on many or long values, such as those of a listing, in slices (model/turn.ts): other requests are served
// between them.

import { nextTurn } from '../../model/turn.ts';

/** Characters of stored or given values that are read before the event loop gets its turn: some milliseconds. */
const maxCharacters = 64_000;

/** Counts what one request has read. */
export class Turns {
  #characters = 0;

  /** Notes that this many characters were read. Returns a promise of the next turn if it is time for one. */
  note(characters: number): Promise<void> | undefined {
    this.#characters += characters;
    if (this.#characters < maxCharacters) return undefined;
    this.#characters = 0;
    return nextTurn();
  }
}
