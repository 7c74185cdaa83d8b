// Reading a zone's RRsets in name order: from the store, page by page, since memory keeps names by hash. With what the settings imply.

import type { Fqdn } from '../../model/name.ts';
import type { OwnedRrset, Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { namesPrefix } from '../../store/keys.ts';
import type { Entry, Store } from '../../store/store.ts';
import { nameValue } from '../../store/values.ts';
import type { Views } from '../../views/views.ts';

/**
 * Where a listing goes on: the name's key, and how many of its matching RRsets were listed already. An empty key: within what the
 * zone's settings imply, which comes first.
 */
export interface RrsetPosition {
  key: string;
  skip: number;
}

export interface RrsetPage {
  rrsets: OwnedRrset[];
  next: RrsetPosition | undefined;
}

/** A listing that finds little stops here and lets the caller ask again. */
const greatestPages = 20;
const largestPage = 1000;

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
  for (let pages = 0; pages < greatestPages; pages += 1) {
    // Who looks for one type may have to read many names to find it.
    const wanted = type === undefined ? Math.min(limit + 1, largestPage) : largestPage;
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
  const stored = nameValue.read(value);
  return stored?.rrsets.map((rrset) => ({ owner: stored.name, rrset })) ?? [];
}

/** The RRsets of one name, as they are served. */
export function servedRrsetsAt(views: Views, zone: Zone, owner: Fqdn): Rrset[] {
  const stored = views.zones.name(zone.name, owner).rrsets;
  const implied = views.zones.implied(zone.name).filter((one) => one.owner === owner);
  return [...stored, ...implied.map(({ rrset }) => rrset)];
}
