// Where a page of a long list is likely to end. For each page, etcd walks through all keys up to the end of the range
// that it is asked for: so a list of a million keys, asked for page by page, takes it minutes. It is asked for a short
// range instead, whose end is guessed from the page before.

/** Lists that are read at the same time. */
const maxLists = 64;
/** So many octets count, from the first one in which the keys of a page differ. */
const width = 6;

/** The first and the last key of a page. */
interface PageEnds {
  first: Buffer;
  last: Buffer;
}

/** Remembers the newest page of each list. */
export class PagePace {
  /** By the key at which the list goes on. */
  readonly #pages = new Map<string, PageEnds>();

  /** Notes a page, and the key at which its list goes on. */
  note(next: string, page: PageEnds): void {
    this.#pages.delete(next);
    this.#pages.set(next, page);
    if (this.#pages.size > maxLists) this.#pages.delete(this.#pages.keys().next().value as string);
  }

  /** Returns the page before; undefined if it is not known. */
  before(from: string): PageEnds | undefined {
    return this.#pages.get(from);
  }
}

/**
 * Returns a key after `last`: so far after it as `factor` pages are long if the keys go on as they do from `first` to
 * `last`. Undefined if no key is so far.
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

/** Returns the first octets of the key as a number. Octets after its end count as 0. */
function numberIn(key: Buffer, length: number): bigint {
  const octets = Buffer.alloc(length);
  key.copy(octets, 0, 0, length);
  return BigInt(`0x${octets.toString('hex')}`);
}
