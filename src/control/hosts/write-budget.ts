// Splits work that is too large for one transaction: counts how many of its items fit into the next one.

import { type Host, recordsOf } from '../../model/host.ts';
import { maxOperations } from '../../store/store.ts';

/** Room for the keys that no item counts, because all items share them: the zone, its serial. */
const reservedKeys = 8;

/** The keys that one transaction still takes. The first item always fits, so that every transaction makes progress. */
export class WriteBudget {
  #left = maxOperations - reservedKeys;
  #first = true;

  /** Returns whether so many keys still fit. If they do, counts them. */
  take(keys: number): boolean {
    if (!this.#first && keys > this.#left) return false;
    this.#first = false;
    this.#left -= keys;
    return true;
  }
}

/**
 * Returns an upper limit for the keys that a transaction needs to write or delete the host: the host, its addresses,
 * its names with the serials of their zones, and the automatic zones that are deleted with their last names. If there
 * is no room for those zones, housekeeping deletes them later (automatic-zone.ts). All else of the largest possible
 * host fits into one transaction (test/http/max-host.test.ts).
 */
export function maxKeysOf(host: Host): number {
  return 1 + 3 * host.addresses.length + 2 * recordsOf(host, 0).length;
}
