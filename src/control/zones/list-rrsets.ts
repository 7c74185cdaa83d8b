// Lists the RRsets of a zone by owner name and type, also RRsets that the zone's settings imply. Reads the names from
// the store, page by page, because the views do not have the names in order.

import type { Fqdn } from '../../model/name.ts';
import type { OwnedRrset, Rrset } from '../../model/rrset.ts';
import { nextTurn } from '../../model/turn.ts';
import type { Zone } from '../../model/zone.ts';
import { nameKey, namesPrefix, nameValue } from '../../store/kinds/name.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { Turns } from '../reading/turns.ts';

/**
 * The position after which a listing continues: this type of this owner. `owner` is the last part of the name's key, so
 * a position is valid in every generation of the zone.
 */
export interface RrsetPosition {
  owner: string;
  type: string;
}

interface RrsetPage {
  rrsets: OwnedRrset[];
  next: RrsetPosition | undefined;
}

type Matches = (owned: OwnedRrset) => boolean;

/** All RRsets of one owner name, in the order of {@link isBefore}. `place`: the last part of the name's key. */
interface NameInOrder {
  place: string;
  rrsets: OwnedRrset[];
}

/**
 * The limit for names that one listing reads. If only few RRsets match, the caller gets a short page and asks again.
 */
const maxNames = 20_000;
/** The limit for the characters of one page: writing a longer page as JSON would block the event loop too long. */
const maxPageCharacters = 500_000;
/** The limit for names that are read in one slice (test/http/list-slices.test.ts). */
const maxSlice = 1000;

/** Returns one page of the RRsets that match and come after the position `from`. */
export async function listRrsets(
  store: Store,
  views: Views,
  zone: Zone,
  { from, limit, matches }: { from: RrsetPosition | undefined; limit: number; matches: Matches | undefined },
): Promise<RrsetPage> {
  const rrsets: OwnedRrset[] = [];
  let next: RrsetPosition | undefined;
  let names = 0;
  let characters = 0;
  // With a filter, only a few of many names may match, so a slice is as long as possible.
  const slice = matches === undefined ? Math.min(limit + 1, maxSlice) : maxSlice;
  for await (const name of namesInOrder(store, views, zone, from?.owner, slice)) {
    for (const one of name.rrsets) {
      if (name.place === from?.owner && !isBefore(from.type, one.rrset.type)) continue;
      if (matches?.(one) === false) continue;
      if (rrsets.length >= limit || characters >= maxPageCharacters) return { rrsets, next };
      rrsets.push(one);
      characters += one.rrset.records.reduce((sum, record) => sum + record.length, 0);
      next = { owner: name.place, type: one.rrset.type };
    }
    if (++names === maxNames) {
      return { rrsets, next: { owner: name.place, type: name.rrsets.at(-1)?.rrset.type ?? '' } };
    }
  }
  return { rrsets, next: undefined };
}

/** Returns the number of the zone's RRsets that match. */
export async function countRrsets(store: Store, views: Views, zone: Zone, matches?: Matches): Promise<number> {
  let count = 0;
  await nextTurn();
  for await (const { rrsets } of namesInOrder(store, views, zone, undefined, maxSlice)) {
    count += matches === undefined ? rrsets.length : rrsets.filter(matches).length;
  }
  return count;
}

/** Yields the zone's names in the order of their keys, from `place` on. Reads up to `slice` names at a time. */
async function* namesInOrder(
  store: Store,
  views: Views,
  zone: Zone,
  place: string | undefined,
  slice: number,
): AsyncGenerator<NameInOrder> {
  const prefix = namesPrefix(zone.name, zone.generation);
  const implied = impliedInOrder(views, zone, prefix).filter((one) => place === undefined || one.place >= place);
  let key = place === undefined ? undefined : prefix + place;
  const turns = new Turns();
  do {
    const page = await store.list(prefix, { ...(key !== undefined && { from: key }), limit: slice });
    for (const entry of page.entries) {
      const at = entry.key.slice(prefix.length);
      while (implied[0] !== undefined && implied[0].place < at) yield implied.shift() as NameInOrder;
      const more = implied[0]?.place === at ? (implied.shift()?.rrsets ?? []) : [];
      yield { place: at, rrsets: joined(rrsetsIn(views, zone, entry.value), more) };
      await turns.note(entry.value.length);
    }
    key = page.next;
    if (key !== undefined) await nextTurn();
  } while (key !== undefined);
  yield* implied;
}

function impliedInOrder(views: Views, zone: Zone, prefix: string): NameInOrder[] {
  const byOwner = Map.groupBy(views.zones.implied(zone.name), ({ owner }) => owner);
  return [...byOwner]
    .map(([owner, rrsets]) => ({
      place: nameKey(zone.name, zone.generation, owner).slice(prefix.length),
      rrsets: joined([], rrsets),
    }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
}

/** Returns the RRsets of one name in order. A stored RRset replaces the implied one of its type. */
function joined(stored: OwnedRrset[], implied: OwnedRrset[]): OwnedRrset[] {
  const more = implied.filter(({ rrset }) => !stored.some((one) => one.rrset.type === rrset.type));
  return [...stored, ...more].sort((a, b) => (isBefore(a.rrset.type, b.rrset.type) ? -1 : 1));
}

/** Returns whether a type comes before another in a list: first the SOA, then the others by name. */
function isBefore(a: string, b: string): boolean {
  const rank = (type: string) => (type === 'SOA' ? ' ' : type);
  return rank(a) < rank(b);
}

function rrsetsIn(views: Views, zone: Zone, value: string): OwnedRrset[] {
  const stored = nameValue.decodeIfReadable(value);
  return stored === undefined ? [] : views.zones.withTtls(zone, stored).map((rrset) => ({ owner: stored.name, rrset }));
}

/** Returns the stored RRsets of one name, and the RRsets that the zone's settings imply there. */
export function servedRrsetsAt(views: Views, zone: Zone, owner: Fqdn): Rrset[] {
  const stored = views.zones.name(zone.name, owner).rrsets;
  const implied = views.zones.implied(zone.name).filter((one) => one.owner === owner);
  return [...stored, ...implied.map(({ rrset }) => rrset)];
}
