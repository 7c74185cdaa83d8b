// The lock of an import: a key on a lease. It allows one import of a zone at a time. If the process of the import dies,
// the lease ends, and so does the lock. The revision that created the key is the number of the import's
// generation, so no two imports write the same generation, and a later import has a higher one
// (test/control/races.test.ts). The lock does not use the builder, because users do not see it.

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { importKey } from '../../store/kinds/import.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Compare, LeaseId, Store } from '../../store/store.ts';

const leaseSeconds = 20;
const renewalMilliseconds = 4000;

export class ImportLock {
  readonly #store: Store;
  readonly #lease: LeaseId;
  readonly #key: string;
  readonly #created: Revision;
  readonly #renewal: NodeJS.Timeout;

  private constructor(store: Store, lease: LeaseId, key: string, created: Revision) {
    this.#store = store;
    this.#lease = lease;
    this.#key = key;
    this.#created = created;
    this.#renewal = setInterval(() => void store.keepLease(lease).catch(() => undefined), renewalMilliseconds).unref();
  }

  /**
   * Takes the lock. `zoneCreated`: the revision that created the zone, as the caller has read it; undefined for a zone
   * that does not exist yet. Refuses with `import_interrupted` if that zone was deleted meanwhile, or created,
   * otherwise with `import_running`.
   */
  static async take(store: Store, zone: Fqdn, zoneCreated: Revision | undefined): Promise<ImportLock> {
    const lease = await store.grantLease(leaseSeconds);
    const key = importKey(zone);
    const ofZone: Compare =
      zoneCreated === undefined
        ? { kind: 'absent', key: zoneKey(zone) }
        : { kind: 'created', key: zoneKey(zone), revision: zoneCreated };
    const { committed, revision } = await store.commit({
      compares: [{ kind: 'absent', key }, ofZone],
      operations: [{ kind: 'put', key, value: '', lease }],
    });
    if (committed) return new ImportLock(store, lease, key, revision);
    await store.revokeLease(lease);
    const created = (await store.get(zoneKey(zone)))?.created;
    if (zoneCreated === undefined && created !== undefined)
      refuse('contended', `zone ${zone} was created meanwhile; nothing was changed: try again`, { zone });
    if (created !== zoneCreated) {
      refuse('import_interrupted', `zone ${zone} was deleted meanwhile; nothing was changed`, { zone });
    }
    refuse('import_running', `another import of zone ${zone} is running: try again when it has ended`, { zone });
  }

  /** The pending generation. Only the import that holds this lock writes it. */
  get generation(): number {
    return this.#created;
  }

  /** The compare that holds while the lock is held. Deleting the zone deletes the lock. */
  get compare(): Compare {
    return { kind: 'created', key: this.#key, revision: this.#created };
  }

  async isHeld(): Promise<boolean> {
    return (await this.#store.get(this.#key))?.created === this.#created;
  }

  /** Releases the lock. If the store cannot be reached, the lock ends with its lease. */
  async release(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#store.revokeLease(this.#lease).catch(() => undefined);
  }
}
