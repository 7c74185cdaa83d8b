// Lists the RRsets of a zone by name, after those that its settings imply. Reads the names from the store, page by
// page, since the views have them in no order.

import type { Fqdn } from '../../model/name.ts';
import type { OwnedRrset, Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { namesPrefix, nameValue } from '../../store/kinds/name.ts';
import type { Entry, Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';

/**
 * The position at which a listing continues: the key of a name, and the number of its matching RRsets that were listed
 * already. An empty key means the RRsets that the zone's settings imply, which come first.
 */
export interface RrsetPosition {
  key: string;
  skip: number;
}

interface RrsetPage {
  rrsets: OwnedRrset[];
  next: RrsetPosition | undefined;
}

/**
 * The limit for pages of the store that one listing reads. If few RRsets match, the caller gets a short page and asks
 * again.
 */
const maxPages = 20;
const maxPageSize = 1000;

/** Returns one page of RRsets, from the position `from` on. */
export async function listRrsets(
  store: Store,
  views: Views,
  zone: Zone,
  { from, limit, type }: { from: RrsetPosition | undefined; limit: number; type: string | undefined },
): Promise<RrsetPage> {
  const prefix = namesPrefix(zone.name, zone.generation);
  const matches = (rrset: Rrset) => type === undefined || rrset.type === type;
  const rrsets: OwnedRrset[] = [];
  if (from === undefined || from.key === '') {
    const implied = views.zones.implied(zone.name).filter(({ rrset }) => matches(rrset));
    const skipped = from?.skip ?? 0;
    rrsets.push(...implied.slice(skipped, skipped + limit));
    if (skipped + limit < implied.length) return { rrsets, next: { key: '', skip: skipped + limit } };
  }
  let key = from?.key || undefined;
  let skip = key === undefined ? 0 : (from?.skip ?? 0);
  for (let pages = 0; pages < maxPages; pages += 1) {
    // RRsets of one type may be few among many names.
    const wanted = type === undefined ? Math.min(limit + 1, maxPageSize) : maxPageSize;
    const page = await store.list(prefix, { ...(key !== undefined && { from: key }), limit: wanted });
    for (const entry of page.entries) {
      const found = rrsetsIn(entry).filter(({ rrset }) => matches(rrset));
      for (const [index, one] of found.entries()) {
        if (index < skip && entry.key === key) continue;
        if (rrsets.length >= limit) return { rrsets, next: { key: entry.key, skip: index } };
        rrsets.push(one);
      }
    }
    if (page.next === undefined) return { rrsets, next: undefined };
    key = page.next;
    skip = 0;
  }
  return { rrsets, next: key === undefined ? undefined : { key, skip: 0 } };
}

function rrsetsIn({ value }: Entry): OwnedRrset[] {
  const stored = nameValue.decodeIfReadable(value);
  return stored?.rrsets.map((rrset) => ({ owner: stored.name, rrset })) ?? [];
}

/** Returns the stored RRsets of one name, and those that the zone's settings imply there. */
export function servedRrsetsAt(views: Views, zone: Zone, owner: Fqdn): Rrset[] {
  const stored = views.zones.name(zone.name, owner).rrsets;
  const implied = views.zones.implied(zone.name).filter((one) => one.owner === owner);
  return [...stored, ...implied.map(({ rrset }) => rrset)];
}
