// Splits work that is too large for one transaction: counts how many items of the work fit into the next transaction.

import { type Host, recordsOf } from '../../model/host.ts';
import { maxDecisionOperations } from '../transaction/decision.ts';

/** The keys that all items of a transaction share, such as a zone and its serial. No item counts them. */
const reservedKeys = 8;

/**
 * The uses of an address that take as much room as one key. The audit events tell the end of each use
 * (test/control/audit-limits.test.ts).
 */
const usesPerKey = 4;

/**
 * The number of keys that one transaction still has room for. The first item always fits, so that every transaction
 * does a part of the work.
 */
export class WriteBudget {
  #left = maxDecisionOperations - reservedKeys;
  #first = true;

  /** Returns whether an item that writes so many keys and ends so many uses fits. If it does, counts them. */
  take(keys: number, uses = 0): boolean {
    const room = keys + Math.floor(uses / usesPerKey);
    if (!this.#first && room > this.#left) return false;
    this.#first = false;
    this.#left -= room;
    return true;
  }
}

/**
 * Returns an upper limit for the number of keys in a transaction that writes or deletes the host. The host has one key.
 * A record has three: its name, its key of the SkyDNS layout, and the serial of its zone. An address has three: itself,
 * and the key and the serial of an automatic zone that is deleted with its last name. If there is no room for these
 * zones, housekeeping deletes them later (automatic-zone.ts). Everything else of the largest possible host fits into
 * one transaction (test/http/max-host.test.ts).
 */
export function maxKeysOf(host: Host): number {
  return 1 + 3 * host.addresses.length + 3 * recordsOf(host, 0).length;
}
