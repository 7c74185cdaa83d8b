// Keeps the values of a zone's nameservers in the SkyDNS layout, from which CoreDNS answers NS at the apex. They follow
// from the replicas, the zone's settings and the hosts that it names, so the leader compares them by a timer.

import { isWantedKey, nameserverValues } from '../../control/skydns/wanted-keys.ts';
import type { Fqdn } from '../../model/name.ts';
import { layoutName, skydnsPrefixBelow } from '../../model/skydns/key.ts';
import { isOwnValue } from '../../model/skydns/service.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Compare, Entry, Operation } from '../../store/store.ts';
import type { SkydnsParts } from './parts.ts';

const maxKeys = 60;

export class NameserverKeys {
  readonly #parts: SkydnsParts;
  /** What was written last, by zone. */
  readonly #written = new Map<Fqdn, string>();

  constructor(parts: SkydnsParts) {
    this.#parts = parts;
  }

  /** Writes the values of the zones that have other nameservers or addresses than when they were written last. */
  async refresh(): Promise<void> {
    const { views, prefix } = this.#parts;
    for (const { value: zone, modified } of views.zones.list()) {
      if (!zone.skydns) continue;
      const wanted = nameserverValues(views, prefix, zone);
      const text = JSON.stringify([modified, ...wanted]);
      if (this.#written.get(zone.name) === text) continue;
      if (await this.#write(zone.name, modified, wanted)) this.#written.set(zone.name, text);
    }
  }

  /** Returns false if the zone, or one of the keys, was changed meanwhile. */
  async #write(zone: Fqdn, modified: Entry['modified'], wanted: ReadonlyMap<string, string>): Promise<boolean> {
    const { store, views, prefix } = this.#parts;
    const { entries } = await store.list(skydnsPrefixBelow(prefix, layoutName(zone, 'ns')));
    const standing = new Map(entries.map((entry) => [entry.key, entry]));
    const gone = entries.filter(({ key, value }) => isOwnValue(value) && !isWantedKey(views, prefix, key));
    const put = [...wanted].filter(([key, value]) => standing.get(key)?.value !== value);
    const unchanged = ({ key, modified: revision }: Entry): Compare => ({ kind: 'modified', key, revision });
    const some = gone.slice(0, maxKeys);
    const operations: Operation[] = [
      ...some.map(({ key }): Operation => ({ kind: 'delete', key })),
      ...put.slice(0, maxKeys).map(([key, value]): Operation => ({ kind: 'put', key, value })),
    ];
    if (operations.length === 0) return true;
    const compares: Compare[] = [{ kind: 'modified', key: zoneKey(zone), revision: modified }, ...some.map(unchanged)];
    const { committed } = await store.commit({ compares, operations });
    return committed && gone.length <= maxKeys && put.length <= maxKeys;
  }
}
