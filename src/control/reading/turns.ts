// Slices (model/turn.ts) for work on many or long values, for example to list RRsets. Other requests are served between
// the slices.

import { nextTurn } from '../../model/turn.ts';

/** The number of characters of values in one slice: work on them takes some milliseconds. */
const maxCharacters = 64_000;

/** Counts the characters that one request has read. */
export class Turns {
  #characters = 0;

  /** Notes that this many characters were read. At the end of a slice, returns a promise of the next turn. */
  note(characters: number): Promise<void> | undefined {
    this.#characters += characters;
    if (this.#characters < maxCharacters) return undefined;
    this.#characters = 0;
    return nextTurn();
  }
}
