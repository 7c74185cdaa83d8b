// Fills the additional section with records of hosts that other records name, if these hosts are in the same zone.
// additional-types.ts lists the types.

import { typeCode } from '../../model/rdata/record-types.ts';
import { dataFlags, none, type Reference } from '../../table/layout.ts';
import type { NameKey } from '../../table/name-key.ts';
import type { TableReader } from '../../table/reader.ts';
import { additionalTypes } from './additional-types.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { finding, type Lookup } from './lookup.ts';
import { ownName, type Targets } from './targets.ts';
import { writeRrset } from './write-rrset.ts';

/**
 * Adds records of the targets. In a referral, the addresses of name servers below the delegation are needed: sets TC if
 * any of them does not fit (RFC 9471 §3). All other additional records are optional: after the first RRset that does
 * not fit, no more are added.
 */
export function addGlue(exchange: Exchange): Verdict {
  if (exchange.targets.count === 0) return verdict.next;
  if (exchange.lookup.finding === finding.referral && !addTargets(exchange, true)) return exchange.truncate();
  addTargets(exchange, false);
  return verdict.next;
}

/**
 * Adds records of the targets. Returns false when an RRset does not fit. In a referral, `required` selects the targets
 * below the delegation; without it, all other targets are selected.
 */
function addTargets(exchange: Exchange, required: boolean): boolean {
  const { reader, lookup, targets } = exchange;
  const { key, count } = targets;
  const isReferral = lookup.finding === finding.referral;
  // Added records may name more targets, which are ignored: `count` was read before.
  for (let i = 0; i < count; i += 1) {
    readTarget(reader, lookup, targets, i);
    if (!isInZone(reader, lookup, key) || (isReferral && required !== isBelowDelegation(lookup, key))) continue;
    const exact = reader.findNode(lookup.zone, key, 0);
    const node = exact === none ? findWildcard(reader, lookup, key) : exact;
    if (node === none) continue;
    // A referral needs neither check: it names no server twice, and glue is not hidden.
    if (!isReferral && (isHidden(reader, lookup, node) || isIncluded(exchange, i, exact))) continue;
    if (!addRrsets(exchange, i, reader.data(node))) return false;
  }
  return true;
}

function readTarget(reader: TableReader, { name }: Lookup, { key, names }: Targets, target: number): void {
  const offset = names[target] as number;
  if (offset === ownName) key.copyFrom(name);
  else key.read(reader.bytes, offset, offset + 256);
}

/** Returns the wildcard that stands in for a target that does not exist (RFC 4592 §3.3.1). */
function findWildcard(reader: TableReader, { zone }: Lookup, key: NameKey): Reference {
  for (let suffix = 1; ; suffix += 1) {
    const encloser = reader.findNode(zone, key, suffix);
    if (encloser !== none) return reader.findWildcard(zone, encloser, key, suffix);
  }
}

/**
 * Returns whether the target's records were included before, and marks them as included. `exact` is the target's own
 * node, or `none`.
 */
function isIncluded(exchange: Exchange, target: number, exact: Reference): boolean {
  return exact === none ? isRepeated(exchange, target) : !exchange.included.mark(exact);
}

/**
 * Returns whether an earlier target has the same name. Call this only for names that come from a wildcard, since they
 * have no node to mark.
 */
function isRepeated({ reader, query, lookup, targets }: Exchange, target: number): boolean {
  const { key, names } = targets;
  // An answer to ANY has the records of the name that was looked up in its answer section.
  if (query.type === typeCode.ANY && isLookedUp(lookup, key)) return true;
  for (let i = 0; i < target; i += 1) {
    const offset = names[i] as number;
    if (offset === ownName ? isLookedUp(lookup, key) : key.suffixIs(0, reader.bytes, offset, key.length)) return true;
  }
  return false;
}

/**
 * Adds the target's RRsets of the types that the naming record calls for (additional-types.ts). Returns false when an
 * RRset does not fit.
 */
function addRrsets(exchange: Exchange, target: number, data: Reference): boolean {
  const { reader, lookup, targets } = exchange;
  const namedBy = targets.types[target] as number;
  const types = additionalTypes(namedBy);
  for (let i = 0; i < types.length; i += 1) {
    const type = types[i] as number;
    const rrset = reader.findRrset(data, type);
    // An SVCB or HTTPS record may name its own owner, whose RRset of that type is in the answer already.
    if (rrset === 0 || (type === namedBy && isLookedUp(lookup, targets.key))) continue;
    const records = writeRrset(exchange, rrset, targets.places[target] as number);
    exchange.response.additionals += records;
    if (records === 0) return false;
  }
  return true;
}

/** Returns whether the key is the name that was looked up. */
function isLookedUp({ name }: Lookup, key: NameKey): boolean {
  return key.suffixIs(0, name.bytes, 0, name.length);
}

function isInZone(reader: TableReader, { name, zone, zoneSuffix }: Lookup, key: NameKey): boolean {
  const suffix = key.labelCount - (name.labelCount - zoneSuffix);
  return suffix >= 0 && reader.isZoneName(zone, key, suffix);
}

/** Returns whether the key is at or below the delegation of the referral. */
function isBelowDelegation({ name, foundSuffix }: Lookup, key: NameKey): boolean {
  const suffix = key.labelCount - (name.labelCount - foundSuffix);
  const start = name.starts[foundSuffix] as number;
  return suffix >= 0 && key.suffixIs(suffix, name.bytes, start, name.length - start);
}

/** Returns whether a DNAME above the node hides the node (RFC 6672 §2.4). */
function isHidden(reader: TableReader, { zone }: Lookup, node: Reference): boolean {
  if (!reader.hasCuts(zone)) return false;
  for (let above = reader.parent(node); above !== none; above = reader.parent(above)) {
    if ((reader.dataFlags(reader.data(above)) & dataFlags.dname) !== 0) return true;
  }
  return false;
}
