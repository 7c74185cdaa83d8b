// Counts keys for work that is too large for one transaction: how much of it fits into the next one.

import { type Host, recordsOf } from '../../model/host.ts';
import { maxOperations } from '../../store/store.ts';

/** The keys that one transaction still takes. The first item always fits, so that every transaction makes progress. */
export class WriteBudget {
  #left = maxOperations - 8;
  #first = true;

  /** Returns whether so many keys still fit, and counts them then. */
  take(keys: number): boolean {
    if (!this.#first && keys > this.#left) return false;
    this.#first = false;
    this.#left -= keys;
    return true;
  }
}

/**
 * Returns how many keys a transaction that writes or deletes the host has at most: the host, its addresses, its names
 * with the serials of their zones, and the automatic zones that are deleted with them. Only those zones may wait
 * (automatic-zone.ts): everything else of the largest possible host fits into one transaction
 * (test/http/max-host.test.ts).
 */
export function maxKeysOf(host: Host): number {
  return 1 + 3 * host.addresses.length + 2 * recordsOf(host, 0).length;
}
