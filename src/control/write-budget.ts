// How much of a long list fits into one transaction, for work that goes on in several.

import { type Host, recordsOf } from '../model/host.ts';
import { maxOperations } from '../store/store.ts';

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

/** The keys that writing or deleting a host takes at most: itself, its addresses, its names, and a zone with its serial for each reverse name. */
export function greatestWrite(host: Host): number {
  return 1 + 3 * host.addresses.length + recordsOf(host, 0).length;
}
