// Reads the values of others in the SkyDNS layout of a zone from the store, with the revisions of their keys. Reads the
// key of the apex first, then all keys below it at one revision.

import { unlessInvalid } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { skydnsKey, skydnsPrefixBelow } from '../../model/skydns/key.ts';
import { readStubZone, type StubZone } from '../../model/skydns/stub-zone.ts';
import type { Entry, Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { ForeignValues } from './foreign-values.ts';

/** The values of others in a zone. `modified`: the revision that last wrote each key. */
export interface ForeignZone {
  zone: Fqdn;
  values: ForeignValues;
  modified: Map<string, Revision>;
  stubZones: StubZone[];
}

/** Returns the values of others; none if the store has no layout, or the zone has no `skydns`. */
export async function readForeign(store: Store, views: Views, zone: Fqdn): Promise<ForeignZone> {
  const { prefix } = views.skydns;
  const read: ForeignZone = {
    zone,
    values: new ForeignValues({ views, prefix: prefix ?? '' }),
    modified: new Map(),
    stubZones: [],
  };
  if (prefix === undefined || views.zones.get(zone)?.value.skydns !== true) return read;
  const note = (entry: Entry) => {
    read.values.note(entry.key, entry.value);
    read.modified.set(entry.key, entry.modified);
    const stubZone = unlessInvalid(() => readStubZone(prefix, zone, entry.key, entry.value));
    if (stubZone !== undefined) read.stubZones.push(stubZone);
  };
  const exact = await store.get(skydnsKey(prefix, zone));
  if (exact !== undefined) note(exact);
  let from: string | undefined;
  let at: Revision | undefined;
  do {
    const options = { ...(from !== undefined && { from }), ...(at !== undefined && { at }) };
    const page = await store.list(skydnsPrefixBelow(prefix, zone), options);
    at ??= page.revision;
    for (const entry of page.entries) note(entry);
    from = page.next;
  } while (from !== undefined);
  return read;
}
