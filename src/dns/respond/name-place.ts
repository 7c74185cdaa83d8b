// Remembers the place of one name in the response, so that later names can point at it (RFC 1035 §4.1.4).

import type { NameKey } from '../../table/name-key.ts';
import { headerLength } from '../wire/header.ts';

/** The place of a name in the response: one piece, or two pieces if the name ends with a pointer. */
export class NamePlace {
  /** The offset of the name. */
  at = headerLength;
  /** The number of the label at which the second piece begins. If it is 0, the name is in one piece, at `#tail`. */
  #split = 0;
  /** The offset of the second piece. */
  #tail = headerLength;

  /** Sets the place of a name in one piece. */
  setWhole(at: number): void {
    this.set(at, 0, at);
  }

  set(at: number, split: number, tail: number): void {
    this.at = at;
    this.#split = split;
    this.#tail = tail;
  }

  copyFrom(other: NamePlace): void {
    this.set(other.at, other.#split, other.#tail);
  }

  /** Returns the offset at which a pointer finds a suffix of the name. The name must be the one at this place. */
  suffixAt({ starts }: NameKey, suffix: number): number {
    const start = starts[suffix] as number;
    return suffix < this.#split ? this.at + start : this.#tail + start - (starts[this.#split] as number);
  }
}
