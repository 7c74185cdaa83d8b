// A search for the free addresses of one pool that goes on over many slices of a long trial, such as the check of an
// import. Between slices the views change, so no generator over them may stay. Instead the search keeps a list of
// addresses that it has found, and looks at each once more before it gives it. So it passes the addresses that the
// trial has claimed once for each list, not once for each request (test/control/lasting-search.test.ts).

import type { Address, Family } from '../../model/address.ts';
import type { Pool } from '../../model/pool.ts';
import { addressKey } from '../../store/kinds/address.ts';
import type { Views } from '../../views/views.ts';
import type { FreeAddress, FreeSearch } from './free-addresses.ts';

const minFound = 256;
/** Keeps one slice short. */
const maxFound = 8192;

/** What a search needs of the trial. The claimed keys may grow. */
interface Trial {
  readonly views: Views;
  readonly claimed: { has(key: string): boolean };
}

export class LastingSearch {
  readonly #trial: Trial;
  readonly #pool: Pool;
  readonly #begin: (now: number) => Iterable<Address>;
  #found: FreeAddress[] = [];
  /** Those before this place in the list were claimed or taken. */
  #from = 0;
  #size = minFound;
  /** While this holds, there are no more addresses than those in the list. */
  #end: { freed: number; until: number } | undefined;

  /** `begin` yields the free addresses of the pool at a time, in the order in which they are given. */
  constructor(trial: Trial, pool: Pool, begin: (now: number) => Iterable<Address>) {
    this.#trial = trial;
    this.#pool = pool;
    this.#begin = begin;
  }

  /** Yields the addresses that are free now, and that nobody has claimed. The views must not change before its end. */
  *free(now: number): Generator<FreeAddress> {
    for (let at = this.#from; ; at += 1) {
      if (at === this.#found.length) {
        const added = this.#findMore(now);
        if (added === 0) return;
        at = this.#found.length - added;
      }
      const one = this.#found[at] as FreeAddress;
      if (this.#isFree(one, now)) yield one;
      else if (at === this.#from) this.#from += 1;
    }
  }

  #isFree({ key, address }: FreeAddress, now: number): boolean {
    const { views, claimed } = this.#trial;
    const { id, space } = this.#pool;
    if (claimed.has(key) || !views.pools.isUnused(space, address, now)) return false;
    return views.pools.poolIdAt(space, address) === id;
  }

  /** Begins again, and adds to the list what is not in it. Returns how many addresses it has added. */
  #findMore(now: number): number {
    const { pools } = this.#trial.views;
    if (this.#end !== undefined && this.#end.freed === pools.freed && now < this.#end.until) return 0;
    this.#found = this.#found.slice(this.#from);
    this.#from = 0;
    const before = this.#found.length;
    const known = new Set(this.#found.map(({ key }) => key));
    this.#end = { freed: pools.freed, until: pools.nextCoolDownEnd(this.#pool.id, now) ?? Number.POSITIVE_INFINITY };
    for (const address of this.#begin(now)) {
      const one = { address, key: addressKey(this.#pool.space, address) };
      if (known.has(one.key) || !this.#isFree(one, now)) continue;
      this.#found.push(one);
      if (this.#found.length - before < this.#size) continue;
      this.#end = undefined;
      break;
    }
    this.#size = Math.min(2 * this.#size, maxFound);
    return this.#found.length - before;
  }
}

/** The searches of a trial in all pools. */
export class LastingSearches implements FreeSearch {
  readonly #trial: Trial;
  readonly #searches = new Map<string, { pool: Pool; search: LastingSearch }>();

  constructor(trial: Trial) {
    this.#trial = trial;
  }

  of(pool: Pool, family: Family, now: number): Generator<FreeAddress> {
    const id = `${family} ${pool.id}`;
    const begun = this.#searches.get(id);
    // A changed pool may exclude addresses that were found.
    if (begun?.pool === pool) return begun.search.free(now);
    const begin = (time: number) => this.#trial.views.pools.candidates(pool.id, family, time);
    const search = new LastingSearch(this.#trial, pool, begin);
    this.#searches.set(id, { pool, search });
    return search.free(now);
  }
}
