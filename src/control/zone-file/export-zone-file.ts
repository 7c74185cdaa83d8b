// Writes a zone as a zone file, piece by piece, as of one revision: the apex with the SOA first, then the other names
// in canonical order. The file also has the NS records and the addresses of replicas that the zone's settings imply, so
// that other servers can use it unchanged. An import of the file into the same zone changes nothing
// (test/http/zone-file.test.ts), unless users wrote DNSSEC records, which an import leaves out. The file lacks names
// whose stored values cannot be read.

import { compareNames, type Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { NamedRrsets, Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { formatRrset } from '../../model/zone-file/writer.ts';
import { namesPrefix, nameValue } from '../../store/kinds/name.ts';
import type { Entry, Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { atOneRevision } from '../reading/at-one-revision.ts';
import { existingZone } from '../reading/existing.ts';
import { Turns } from '../reading/turns.ts';
import { namesInOrder } from './names-in-order.ts';

/** A zone file. Each piece is made when the client reads it. */
export interface ZoneFile {
  changedAt: Revision;
  implied: Implied;
  revision: Revision;
  /** Throws Compacted if the client reads so slowly that the store no longer keeps the revision. */
  pieces: AsyncIterable<string>;
}

type Implied = ReturnType<Views['zones']['implied']>;

/**
 * Exports a zone. Refuses with `forbidden` a token that may not see the whole zone. Resolves when the first piece is
 * made: so this rejects, before any part of the answer is sent, if the store cannot be reached.
 */
export async function exportZoneFile(places: Asking & { store: Store }, name: Fqdn): Promise<ZoneFile> {
  const { store, views } = places;
  const access = accessOf(places);
  access.needZone(name);
  access.needAllOwners('a zone file');
  const { stored, ...rest } = await atOneRevision(places, name, (revision) => {
    const zone = existingZone(places, name).value;
    const entries = namesInOrder(store, namesPrefix(name, zone.generation), revision);
    const stored = storedNames(views, zone, entries);
    return { changedAt: views.zones.changedAt(name), implied: views.zones.implied(name), revision, stored };
  });
  const written = writePieces(name, rest.implied, stored);
  const { value: first } = await written.next();
  return { ...rest, pieces: prepend(first ?? '', written) };
}

async function* prepend(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

/** Yields the names that can be read. Records of hosts have their current TTLs. */
async function* storedNames({ zones }: Views, zone: Zone, entries: AsyncIterable<Entry>): AsyncGenerator<NamedRrsets> {
  const turns = new Turns();
  for await (const { value } of entries) {
    const stored = nameValue.decodeIfReadable(value);
    await turns.note(value.length);
    if (stored !== undefined) yield { name: stored.name, rrsets: zones.withTtls(zone, stored) };
  }
}

async function* writePieces(zone: Fqdn, implied: Implied, names: AsyncIterable<NamedRrsets>): AsyncGenerator<string> {
  let piece = '';
  for await (const { name, rrsets } of merged(implied, names)) {
    // The SOA comes first, then the NS records of the apex.
    const place = ({ type }: Rrset) => (type === 'SOA' ? 0 : type === 'NS' && name === zone ? 1 : 2);
    rrsets.sort((a, b) => place(a) - place(b) || (a.type < b.type ? -1 : 1));
    for (const rrset of rrsets) piece += formatRrset(name, rrset, rrsets);
    if (piece.length < 32_768) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** Yields each name once, in the order of `names`, with its stored and its implied RRsets. */
async function* merged(implied: Implied, names: AsyncIterable<NamedRrsets>): AsyncGenerator<NamedRrsets> {
  const left = [...Map.groupBy(implied, ({ owner }) => owner)]
    .map(([name, records]) => ({ name, rrsets: records.map(({ rrset }) => rrset) }))
    .sort((a, b) => compareNames(b.name, a.name));
  for await (const stored of names) {
    for (let next = left.at(-1); next !== undefined; next = left.at(-1)) {
      const order = compareNames(next.name, stored.name);
      if (order > 0) break;
      left.pop();
      if (order < 0) yield next;
      else stored.rrsets.push(...next.rrsets);
    }
    yield stored;
  }
  yield* left.reverse();
}
