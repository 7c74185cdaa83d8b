// Splits work that is too large for one transaction: counts how many items fit into the next transaction.

import { type Host, recordsOf } from '../../model/host.ts';
import { maxDecisionOperations } from '../transaction/decision.ts';

/** Room for keys that all items of a transaction share, such as a zone and its serial. The items do not count them. */
const reservedKeys = 8;

/**
 * The number of ended uses of addresses that need as much room as one key. The transaction's audit events list these
 * uses (test/control/audit-limits.test.ts).
 */
const usesPerKey = 4;

/**
 * Counts the room that one transaction still has, in keys. The first item always fits, so that every transaction does a
 * part of the work.
 */
export class WriteBudget {
  #left = maxDecisionOperations - reservedKeys;
  #first = true;

  /** Returns whether an item with this number of keys and of ended uses fits. If it fits, counts it. */
  take(keys: number, uses = 0): boolean {
    const room = keys + uses / usesPerKey;
    if (!this.#first && room > this.#left) return false;
    this.#first = false;
    this.#left -= room;
    return true;
  }
}

/**
 * Returns an upper limit for the number of keys in a transaction that writes or deletes the host. The host has one key.
 * Each record has three: its name, its key of the SkyDNS layout, and the serial of its zone. Each address has three:
 * its own key, and the key and the serial of an automatic zone that is deleted with its last name. If there is no room
 * for the deletions of such zones, housekeeping deletes the zones later (automatic-zone.ts). Everything else of the
 * largest possible host fits into one transaction, except its keys of the SkyDNS layout: a host with too many of these
 * first loses aliases (delete-host.ts, test/http/max-host.test.ts).
 */
export function maxKeysOf(host: Host): number {
  return 1 + 3 * host.addresses.length + 3 * recordsOf(host, 0).length;
}
