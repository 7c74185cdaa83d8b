// How much of a long list fits into one transaction, for work that goes on in several.

import { type Host, recordsOf } from '../../model/host.ts';
import { maxOperations } from '../../store/store.ts';

/** Counts keys; something always fits, so that every transaction gets further. */
export class WriteBudget {
  #left = maxOperations - 8;
  #first = true;

  /** Whether so many keys still fit. */
  take(keys: number): boolean {
    if (!this.#first && keys > this.#left) return false;
    this.#first = false;
    this.#left -= keys;
    return true;
  }
}

/**
 * The keys that writing or deleting a host takes at most: itself, its addresses, its names with their zones' serials, and the automatic zones that go with them. Those
 * alone may wait (automatic-zone.ts): all else of the greatest host there can be fits into one transaction (test/http/greatest-host.test.ts).
 */
export function greatestWrite(host: Host): number {
  return 1 + 3 * host.addresses.length + 2 * recordsOf(host, 0).length;
}
