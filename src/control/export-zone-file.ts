// A zone as a zone file, piece by piece: SOA and apex first, then the names in the order of their keys, as of one revision. With what the settings
// imply (NS, glue), so that other servers take the file as it is; importing it again changes nothing.

import type { Fqdn } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import type { Rrset } from '../model/rrset.ts';
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
  const text = (owner: Fqdn, rrsets: readonly Rrset[]) => rrsets.map((rrset) => formatRrset(owner, rrset)).join('');
  const isHead = ({ type }: Rrset) => type === 'SOA' || type === 'NS';
  const { head = [], rest = [] } = Object.groupBy(implied, ({ owner, rrset }) =>
    owner === zone.name && isHead(rrset) ? 'head' : 'rest',
  );
  const soaFirst = head.map(({ rrset }) => rrset).sort((a, b) => (a.type > b.type ? -1 : 1));
  yield text(zone.name, soaFirst);
  /** Until it is written: behind the NS records of the apex, which is the first name if it is there. */
  let left = rest.map(({ owner, rrset }) => formatRrset(owner, rrset)).join('');
  let piece = '';
  const prefix = namesPrefix(zone.name, zone.generation);
  for await (const { value } of namesInOrder(store, prefix, revision)) {
    const stored = nameValue.read(value);
    if (stored === undefined) continue;
    const { name, rrsets } = stored;
    const isApex = name === zone.name;
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
