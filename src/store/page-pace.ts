// Guesses where the next page of a long list ends. For each page, etcd walks through all keys up to the end of the
// requested range, so listing a million keys page by page would take minutes. Instead, a short range is requested,
// whose end is guessed from the page before.

/** The maximum number of pages that are remembered, of all lists together. */
const maxPages = 64;
/**
 * The number of octets of a key that count, from the first octet in which the two keys of a page differ. Later octets
 * are ignored.
 */
const width = 6;

/** The first and the last key of a page. */
interface PageEnds {
  first: Buffer;
  last: Buffer;
}

/** Remembers the newest pages of all lists. */
export class PagePace {
  /** The pages, by the key at which the next page of the list begins. */
  readonly #pages = new Map<string, PageEnds>();

  /** Notes a page, and the key at which the next page begins. */
  note(next: string, page: PageEnds): void {
    this.#pages.delete(next);
    this.#pages.set(next, page);
    if (this.#pages.size > maxPages) this.#pages.delete(this.#pages.keys().next().value as string);
  }

  /** Returns the page before the one that begins at `from`; undefined if it is not known. */
  before(from: string): PageEnds | undefined {
    return this.#pages.get(from);
  }
}

/**
 * Returns a key about `factor` pages after `last`, if the following keys are as dense as those from `first` to `last`.
 * Returns undefined if there is no such key.
 */
export function keyAhead({ first, last }: PageEnds, factor: number): Buffer | undefined {
  let shared = 0;
  while (shared < first.length && first[shared] === last[shared]) shared += 1;
  const length = shared + width;
  const [from, to] = [numberIn(first, length), numberIn(last, length)];
  const ahead = to + (to > from ? to - from : 1n) * BigInt(factor);
  const digits = ahead.toString(16).padStart(2 * length, '0');
  return digits.length > 2 * length ? undefined : Buffer.from(digits, 'hex');
}

/** Returns the first `length` octets of the key as a number. Missing octets count as 0. */
function numberIn(key: Buffer, length: number): bigint {
  const octets = Buffer.alloc(length);
  key.copy(octets, 0, 0, length);
  return BigInt(`0x${octets.toString('hex')}`);
}
