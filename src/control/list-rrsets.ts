// Reading a zone's RRsets in name order: from the store, page by page, since memory keeps names by hash. With what the settings imply.

import type { Fqdn } from '../model/name.ts';
import type { Rrset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { namesPrefix } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { nameValue } from '../store/values.ts';
import type { Views } from '../views/views.ts';
import type { ChangedRrset } from './change-rrsets.ts';

/** Where a listing goes on: the name's key, and how many of its matching RRsets were listed already. */
export interface RrsetPosition {
  key: string;
  skip: number;
}

export interface RrsetPage {
  rrsets: ChangedRrset[];
  next: RrsetPosition | undefined;
}

/** A listing that finds little stops here and lets the caller ask again. */
const greatestPages = 20;

export async function listRrsets(
  store: Store,
  views: Views,
  zone: Zone,
  { from, limit, type }: { from: RrsetPosition | undefined; limit: number; type: string | undefined },
): Promise<RrsetPage> {
  const prefix = namesPrefix(zone.name, zone.generation);
  const matches = (rrset: Rrset) => type === undefined || rrset.type === type;
  const rrsets = from === undefined ? views.zones.implied(zone.name).filter(({ rrset }) => matches(rrset)) : [];
  let key: string | undefined = from?.key;
  let skip = from?.skip ?? 0;
  for (let pages = 0; pages < greatestPages; pages += 1) {
    const page = await store.list(prefix, {
      ...(key !== undefined && { from: key }),
      limit: Math.min(limit + 1, 1000),
    });
    for (const entry of page.entries) {
      const named = nameValue.decode(entry.value);
      const found = named.rrsets.filter(matches);
      for (const [index, rrset] of found.entries()) {
        if (index < skip) continue;
        if (rrsets.length >= limit) return { rrsets, next: { key: entry.key, skip: index } };
        rrsets.push({ owner: named.name, rrset });
      }
      skip = 0;
    }
    if (page.next === undefined) return { rrsets, next: undefined };
    key = page.next;
  }
  return { rrsets, next: key === undefined ? undefined : { key, skip: 0 } };
}

/** The RRsets of one name, as they are served. */
export function rrsetsAt(views: Views, zone: Zone, owner: Fqdn): Rrset[] {
  const stored = views.zones.name(zone.name, owner).rrsets;
  const implied = views.zones.implied(zone.name).filter((one) => one.owner === owner);
  return [...stored, ...implied.map(({ rrset }) => rrset)];
}
