// Finds the name within its zone (RFC 1034 §4.3.2, step 3): the name itself, a delegation or DNAME above it, a
// wildcard, or nothing.

import { typeCode } from '../../model/rdata/record-types.ts';
import { held } from '../../table/held-addresses.ts';
import { dataFlags, none, type Reference } from '../../table/layout.ts';
import type { TableReader } from '../../table/reader.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { findHeldAddresses } from './find-held-addresses.ts';
import { finding, type Lookup } from './lookup.ts';

export function findNode(exchange: Exchange): Verdict {
  const { reader, query, lookup } = exchange;
  const { zone, name } = lookup;
  const node = reader.findNode(zone, name, 0);
  if (node !== none) {
    lookup.node = node;
    lookup.data = reader.data(node);
    lookup.finding = finding.name;
    findCut(reader, lookup, node, 0, query.type);
    return verdict.next;
  }
  const encloser = findEncloser(reader, lookup);
  const suffix = lookup.foundSuffix;
  lookup.data = reader.data(encloser);
  lookup.finding = finding.noName;
  findCut(reader, lookup, encloser, suffix, query.type);
  if (lookup.finding !== finding.noName) return verdict.next;
  if (lookup.isChildZone) {
    // The name is the apex of a child zone of ours, so it exists, even if the parent has no delegation.
    lookup.finding = finding.noData;
    return verdict.next;
  }
  // An address name exists, so no wildcard stands in for it.
  if (findHeldAddresses(exchange) !== held.nothing) {
    lookup.finding = finding.address;
    return verdict.next;
  }
  const wildcard = reader.findWildcard(zone, encloser, name, suffix);
  if (wildcard === none) return verdict.next;
  lookup.node = wildcard;
  lookup.usedWildcard = true;
  lookup.data = reader.data(wildcard);
  lookup.finding = finding.name;
  return verdict.next;
}

/**
 * Returns the node of the closest encloser (RFC 4592 §3.3.1) of a name that does not exist. Sets `foundSuffix` to the
 * number of the encloser's suffix.
 * All names above an existing name exist, so a binary search finds the encloser: seven lookups for 127 labels.
 */
function findEncloser(reader: TableReader, lookup: Lookup): Reference {
  const { zone, name } = lookup;
  let encloser = reader.apex(zone);
  let low = 1;
  let high = lookup.zoneSuffix;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const node = reader.findNode(zone, name, middle);
    if (node === none) low = middle + 1;
    else {
      encloser = node;
      high = middle;
    }
  }
  lookup.foundSuffix = high;
  return encloser;
}

/**
 * Looks for cuts from `node` up to the apex: delegations at or above the name, and DNAMEs above it (RFC 6672 §3.2). The
 * highest cut wins. `node` is the node of the name's suffix number `suffix`, and `lookup.data` is the data of `node`.
 */
function findCut(reader: TableReader, lookup: Lookup, node: Reference, suffix: number, type: number): void {
  const { zoneSuffix } = lookup;
  const hasCuts = reader.hasCuts(lookup.zone);
  let above = node;
  let data = lookup.data;
  for (let i = suffix; ; i += 1) {
    const flags = reader.dataFlags(data);
    if ((flags & dataFlags.delegation) !== 0 && (i > 0 || type !== typeCode.DS)) {
      lookup.finding = finding.referral;
      lookup.foundSuffix = i;
      lookup.data = data;
    } else if ((flags & dataFlags.dname) !== 0 && i > 0) {
      lookup.finding = finding.dname;
      lookup.foundSuffix = i;
      lookup.data = data;
    }
    if (!hasCuts || i >= zoneSuffix) return;
    above = reader.parent(above);
    data = reader.data(above);
  }
}
