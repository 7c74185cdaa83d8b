// The free addresses of pools that no other request is about to take. The decisions of one batch search together, since
// they see the same views: what one has found, the next need not search again.

import type { Address, Family } from '../../model/address.ts';
import { type Pool, strategyTraits } from '../../model/pool.ts';
import { addressKey } from '../../store/kinds/address.ts';
import type { Views } from '../../views/views.ts';

/** What a search needs of the context of its decisions. */
interface Seen {
  readonly views: Views;
  readonly claimed: { has(key: string): boolean };
}

export interface FreeAddress {
  address: Address;
  /** The key of the address in the store. */
  key: string;
}

/** Finds free addresses for decisions. */
export interface FreeSearch {
  /**
   * Yields the addresses of a pool that are free at the time `now`, and that nobody has claimed, in the order of the
   * pool's strategy.
   */
  of(pool: Pool, family: Family, now: number): Iterable<FreeAddress>;
}

/** A search in one pool, as far as it has come. */
interface Search {
  /** Addresses that were found, without those that were claimed when a decision came to them. */
  readonly found: FreeAddress[];
  readonly rest: Generator<FreeAddress>;
}

export class FreeAddresses implements FreeSearch {
  readonly #context: Seen;
  readonly #searches = new Map<string, Search>();

  /** While this is in use, the views must not change, and what is claimed must stay so. */
  constructor(context: Seen) {
    this.#context = context;
  }

  *of(pool: Pool, family: Family, now: number): Generator<FreeAddress> {
    const { found, rest } = this.#searchIn(pool, family, now);
    for (let at = 0; ; ) {
      if (at === found.length) {
        const next = rest.next();
        if (next.done) return;
        found.push(next.value);
      }
      const one = found[at] as FreeAddress;
      if (this.#context.claimed.has(one.key)) found.splice(at, 1);
      else {
        yield one;
        at += 1;
      }
    }
  }

  #searchIn(pool: Pool, family: Family, now: number): Search {
    const id = `${family} ${now} ${pool.id}`;
    const begun = this.#searches.get(id);
    if (begun !== undefined) return begun;
    const search = { found: [], rest: this.#search(pool, family, now) };
    if (strategyTraits[pool.strategy].sharesSearch) this.#searches.set(id, search);
    return search;
  }

  *#search({ id, space }: Pool, family: Family, now: number): Generator<FreeAddress> {
    const { pools } = this.#context.views;
    for (const address of pools.candidates(id, family, now)) {
      // Overlapping pools can be written into the store by hand. Then the state of one pool does not show all holders.
      if (pools.isUnused(space, address, now)) yield { address, key: addressKey(space, address) };
    }
  }
}
