// Keeps the values of a zone's nameservers in the SkyDNS layout. CoreDNS answers NS at the apex from these values. The
// values depend on the replicas, on the zone's settings, and on the addresses of the zone's nameservers. So the leader
// brings the values up to date by a timer.

import { setImmediate as nextPass } from 'node:timers/promises';
import { isWantedKey, nameserverValues } from '../../control/skydns/wanted-keys.ts';
import { writtenKey } from '../../control/transaction/transaction-keys.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { layoutName, skydnsPrefixBelow } from '../../model/skydns/key.ts';
import { isOwnValue } from '../../model/skydns/service.ts';
import type { Zone } from '../../model/zone.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Compare, Entry, Operation } from '../../store/store.ts';
import type { SkydnsParts } from './parts.ts';

const maxKeys = 60;
const fullMilliseconds = 30_000;

export class NameserverKeys {
  readonly #parts: SkydnsParts;
  /** By zone: the values that were written last, and the revision of the zone's last change at that time. */
  readonly #written = new Map<Fqdn, { text: string; changed: Revision }>();
  /** The time of the last comparison of all zones; `#members` are the replicas at that time. */
  #full = Number.NEGATIVE_INFINITY;
  #members = '';
  #revision: Revision | undefined;

  constructor(parts: SkydnsParts) {
    this.#parts = parts;
  }

  /** Writes the values of each zone whose nameservers have changed, or have other addresses now. */
  async refresh(): Promise<void> {
    const { views } = this.#parts;
    const members = JSON.stringify([...views.members.values()]);
    const isFull = members !== this.#members || performance.now() - this.#full > fullMilliseconds;
    if (!isFull && views.revision === this.#revision) return;
    const revision = views.revision;
    for (const { value: zone, modified } of [...views.zones.list()]) {
      if (!zone.skydns) continue;
      const changed = views.zones.changedAt(zone.name);
      const written = this.#written.get(zone.name);
      // If an address in another zone changes, only a full round finds it.
      if (!isFull && written?.changed === changed) continue;
      await this.#refreshZone(zone, modified, changed);
    }
    this.#revision = revision;
    this.#members = members;
    if (isFull) this.#full = performance.now();
  }

  async #refreshZone(zone: Zone, modified: Revision, changed: Revision): Promise<void> {
    const { views, prefix } = this.#parts;
    const wanted = nameserverValues(views, prefix, zone);
    const text = JSON.stringify([modified, ...wanted]);
    const isWritten = this.#written.get(zone.name)?.text === text || (await this.#write(zone.name, modified, wanted));
    if (isWritten) this.#written.set(zone.name, { text, changed });
    else this.#written.delete(zone.name);
    await nextPass();
  }

  /**
   * Writes the values, except at keys of others. Returns false if it must be called again: the zone or a key was
   * changed meanwhile, or one transaction could not hold all keys.
   */
  async #write(zone: Fqdn, modified: Entry['modified'], wanted: ReadonlyMap<string, string>): Promise<boolean> {
    const { store, views, prefix } = this.#parts;
    const { entries } = await store.list(skydnsPrefixBelow(prefix, layoutName(zone, 'ns')));
    const standing = new Map(entries.map((entry) => [entry.key, entry]));
    const gone = entries.filter(({ key, value }) => isOwnValue(value) && !isWantedKey(views, prefix, key));
    const put = [...wanted].filter(([key, value]) => {
      const before = standing.get(key)?.value;
      return before === undefined || (before !== value && isOwnValue(before));
    });
    const operations: Operation[] = [
      ...gone.slice(0, maxKeys).map(({ key }): Operation => ({ kind: 'delete', key })),
      ...put.slice(0, maxKeys).map(([key, value]): Operation => ({ kind: 'put', key, value })),
    ];
    if (operations.length === 0) return true;
    const unchanged = (key: string): Compare => {
      const entry = standing.get(key);
      return entry ? { kind: 'modified', key, revision: entry.modified } : { kind: 'absent', key };
    };
    const compares: Compare[] = [
      { kind: 'modified', key: zoneKey(zone), revision: modified },
      ...operations.map((operation) => unchanged(writtenKey(operation))),
    ];
    const { committed } = await store.commit({ compares, operations });
    return committed && gone.length <= maxKeys && put.length <= maxKeys;
  }
}
