// One import of a zone at a time: a key on a lease, gone soon after its holder is. The revision that created it names the generation being
// written, so no two imports ever write the same one, and a later one has the greater number
// (test/control/import-zone-file.test.ts).

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { importKey, zoneKey } from '../../store/keys.ts';
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

  /** Refuses with `import_running`. `zoneCreated`: which zone of that name it was that the caller looked at. */
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
    refuse('import_running', `another import of zone ${zone} is under way: try again when it has ended`, { zone });
  }

  /** The generation that its holder, and nobody else, may write. */
  get generation(): number {
    return this.#created;
  }

  /** Holds as long as the lock is held, and the zone was not deleted. */
  get compare(): Compare {
    return { kind: 'created', key: this.#key, revision: this.#created };
  }

  async isHeld(): Promise<boolean> {
    return (await this.#store.get(this.#key))?.created === this.#created;
  }

  /** If the store is away, the lease ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.#renewal);
    await this.#store.revokeLease(this.#lease).catch(() => undefined);
  }
}
