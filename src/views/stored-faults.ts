// The faults of stored values that cannot be served. A fault is logged when it is reported, and kept until the value is
// served, put again or deleted.

import type { Logger } from '../model/logger.ts';
import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import { messageOf } from '../model/thrown.ts';
import { serialKey } from '../store/kinds/serial.ts';
import { zoneKey } from '../store/kinds/zone.ts';
import { TableFull } from '../table/table.ts';

/** The reason why a stored value is not served. */
export interface Fault {
  code: 'table_full' | 'value_unreadable';
  message: string;
  /** The revision that wrote the value. */
  modified: Revision;
}

export class StoredFaults {
  readonly byKey = new Map<string, Fault>();
  /** The keys of zones whose fault is not in the value under the key: the apex could not be written. */
  readonly #apexFaults = new Set<string>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  report(key: string, error: unknown, modified: Revision): void {
    const message = messageOf(error);
    this.byKey.set(key, { code: error instanceof TableFull ? 'table_full' : 'value_unreadable', message, modified });
    this.#logger.error({ key, reason: message }, 'ignoring a value of the store that cannot be served');
  }

  has(key: string): boolean {
    return this.byKey.size > 0 && this.byKey.has(key);
  }

  forget(key: string): void {
    // A load calls this for each key. Without faults, it must not spend time on hashing keys.
    if (this.byKey.size === 0 && this.#apexFaults.size === 0) return;
    this.byKey.delete(key);
    this.#apexFaults.delete(key);
  }

  /** Deletes the faults of keys that are not in `keys`, the keys that a load has read. */
  keepOnly(keys: ReadonlySet<string> | undefined): void {
    for (const key of this.byKey.keys()) if (keys?.has(key) === false) this.byKey.delete(key);
  }

  /**
   * Notes whether the table has the zone's apex as the zone's settings require. `fault` is undefined if so. The apex
   * depends on more than the zone's value, and may wait for room in the table, so this fault can come and go without a
   * change of the value.
   */
  apexSettled(zone: Fqdn, fault: unknown, modified: Revision): void {
    const key = zoneKey(zone);
    const isOfApex = this.#apexFaults.has(key);
    if (fault !== undefined) {
      if (isOfApex || this.byKey.has(key)) return;
      this.#apexFaults.add(key);
      this.report(key, fault, modified);
      return;
    }
    if (isOfApex) this.byKey.delete(key);
    this.#apexFaults.delete(key);
    if (this.byKey.get(serialKey(zone))?.code === 'table_full') this.byKey.delete(serialKey(zone));
  }
}
