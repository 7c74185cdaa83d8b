// A zone as a zone file, piece by piece: SOA and apex first, then the names in the order of their keys, as of one revision. With what the settings
// imply (NS, glue), so that other servers take the file as it is; importing it again changes nothing.

import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { Rrset } from '../model/rrset.ts';
import { formatRrset } from '../model/zone-file/writer.ts';
import { namesPrefix } from '../store/keys.ts';
import type { Entry, Store } from '../store/store.ts';
import { nameValue } from '../store/values.ts';
import type { Views } from '../views/views.ts';
import { atOneRevision } from './at-one-revision.ts';
import { existingZone } from './existing.ts';
import { namesInOrder } from './names-in-order.ts';

export interface ZoneFile {
  serial: Revision;
  implied: Implied;
  revision: Revision;
  /** Throws Compacted when its reader is so slow that the store has forgotten the revision. */
  pieces: AsyncIterable<string>;
}

type Implied = ReturnType<Views['zones']['implied']>;

/** Resolves when the first names are read: a store that is away is then known before anything is sent. */
export async function exportZoneFile(places: { store: Store; views: Views }, name: Fqdn): Promise<ZoneFile> {
  const { store, views } = places;
  const { stored, ...rest } = await atOneRevision(places, name, (revision) => {
    const { generation } = existingZone(places, name).value;
    const stored = namesInOrder(store, namesPrefix(name, generation), revision);
    return { serial: views.zones.serial(name), implied: views.zones.implied(name), revision, stored };
  });
  const written = writePieces(name, rest.implied, stored);
  const { value: first } = await written.next();
  return { ...rest, pieces: behind(first ?? '', written) };
}

async function* behind(first: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield first;
  yield* rest;
}

async function* writePieces(zone: Fqdn, implied: Implied, entries: AsyncIterable<Entry>): AsyncGenerator<string> {
  const text = (owner: Fqdn, rrsets: readonly Rrset[]) => rrsets.map((rrset) => formatRrset(owner, rrset)).join('');
  const isHead = ({ type }: Rrset) => type === 'SOA' || type === 'NS';
  const { head = [], rest = [] } = Object.groupBy(implied, ({ owner, rrset }) =>
    owner === zone && isHead(rrset) ? 'head' : 'rest',
  );
  const soaFirst = head.map(({ rrset }) => rrset).sort((a, b) => (a.type > b.type ? -1 : 1));
  /** Until it is written: behind the NS records of the apex, which is the first name if it is there. */
  let left = rest.map(({ owner, rrset }) => formatRrset(owner, rrset)).join('');
  let piece = text(zone, soaFirst);
  for await (const { value } of entries) {
    const stored = nameValue.read(value);
    if (stored === undefined) continue;
    const { name, rrsets } = stored;
    const isApex = name === zone;
    piece += text(name, isApex ? rrsets.filter(isHead) : []) + left;
    left = '';
    piece += text(name, isApex ? rrsets.filter((rrset) => !isHead(rrset)) : rrsets);
    if (piece.length < 32_768) continue;
    yield piece;
    piece = '';
  }
  piece += left;
  if (piece !== '') yield piece;
}
