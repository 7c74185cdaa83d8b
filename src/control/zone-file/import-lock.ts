// The lock of an import: a key on a lease, so that a zone has one import at a time and a dead process does not keep it.
// The revision that created the key is the number of the pending generation: no two imports ever write the same one,
// and a later import has a higher number (test/control/races.test.ts). The lock is no change that users see,
// so it is not built by the builder.

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
   * Takes the lock. Refuses with `import_running`. `zoneCreated`: the revision that created the zone which the caller
   * has read; there may be another zone of that name now.
   */
  static async take(store: Store, zone: Fqdn, zoneCreated: Revision): Promise<ImportLock> {
    const lease = await store.grantLease(leaseSeconds);
    const key = importKey(zone);
    const { committed, revision } = await store.commit({
      compares: [
        { kind: 'absent', key },
        { kind: 'created', key: zoneKey(zone), revision: zoneCreated },
      ],
      operations: [{ kind: 'put', key, value: '', lease }],
    });
    if (committed) return new ImportLock(store, lease, key, revision);
    await store.revokeLease(lease);
    refuse('import_running', `another import of zone ${zone} is running: try again when it has ended`, { zone });
  }

  /** The pending generation, which only the holder of this lock may write. */
  get generation(): number {
    return this.#created;
  }

  /** The compare that proves that the lock is held and the zone was not deleted. */
  get compare(): Compare {
    return { kind: 'created', key: this.#key, revision: this.#created };
  }

  async isHeld(): Promise<boolean> {
    return (await this.#store.get(this.#key))?.created === this.#created;
  }

  /** Releases the lock. If the store is away, its lease ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#store.revokeLease(this.#lease).catch(() => undefined);
  }
}
