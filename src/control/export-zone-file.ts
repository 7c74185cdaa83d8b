// A zone as a zone file, piece by piece: SOA and apex first, then the names in the order of their keys, as of one revision. With what the settings
// imply (NS, glue), so that other servers take the file as it is; importing it again changes nothing.

import { InvalidValue } from '../errors.ts';
import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { NamedRrsets, Rrset } from '../model/rrset.ts';
import type { Zone } from '../model/zone.ts';
import { formatRrset } from '../model/zone-file/writer.ts';
import { namesPrefix } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { nameValue } from '../store/values.ts';
import { namesInOrder } from './names-in-order.ts';

export interface ExportedZone {
  zone: Zone;
  implied: readonly { owner: Fqdn; rrset: Rrset }[];
  revision: Revision;
}

/** Rejects with Compacted when its reader is so slow that the store has forgotten the revision. */
export async function* exportZoneFile(store: Store, { zone, implied, revision }: ExportedZone): AsyncGenerator<string> {
  const left = Map.groupBy(implied, ({ owner }) => owner);
  const text = (owner: Fqdn, rrsets: readonly Rrset[]) => rrsets.map((rrset) => formatRrset(owner, rrset)).join('');
  const ofApex = (left.get(zone.name) ?? []).map(({ rrset }) => rrset);
  left.delete(zone.name);
  const isHead = ({ type }: Rrset) => type === 'SOA' || type === 'NS';
  const head = ofApex.filter(isHead).sort((a, b) => (a.type > b.type ? -1 : 1));
  yield text(zone.name, head);
  const apexRest = ofApex.filter((rrset) => !isHead(rrset));
  let first = true;
  let piece = '';
  const prefix = namesPrefix(zone.name, zone.generation);
  for await (const { value } of namesInOrder(store, prefix, revision)) {
    const stored = readable(value);
    if (stored === undefined) continue;
    const { name, rrsets } = stored;
    if (first) {
      // The apex is the first name, if it is there: its NS records follow the SOA at once.
      if (name === zone.name) piece += text(name, rrsets.filter(isHead));
      piece += text(zone.name, apexRest);
      for (const [owner, records] of left)
        piece += text(
          owner,
          records.map(({ rrset }) => rrset),
        );
      first = false;
    }
    piece += text(name, name === zone.name ? rrsets.filter((rrset) => !isHead(rrset)) : rrsets);
    if (piece.length < 32_768) continue;
    yield piece;
    piece = '';
  }
  if (first) {
    piece += text(zone.name, apexRest);
    for (const [owner, records] of left)
      piece += text(
        owner,
        records.map(({ rrset }) => rrset),
      );
  }
  if (piece !== '') yield piece;
}

/** Undefined for a value that cannot be read: the views have reported it, and DNS does not serve it either. */
function readable(value: string): NamedRrsets | undefined {
  try {
    return nameValue.decode(value);
  } catch (error) {
    if (error instanceof InvalidValue) return undefined;
    throw error;
  }
}
