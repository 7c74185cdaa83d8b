// The additional section: addresses of the names that NS, MX and SRV records name, as far as they are in the same zone.

import { typeCode } from '../../model/rdata/record-types.ts';
import {
  dataFlags,
  none,
  type Reference,
  unitBytes,
  unitWords,
  zone as zoneField,
  zoneNameByte,
} from '../../table/layout.ts';
import { type Exchange, finding, type Verdict, verdict } from './exchange.ts';
import { writeRrset } from './write-rrset.ts';

/**
 * A referral needs the addresses of name servers below the delegation: what of them does not fit means TC (RFC 9471 §3). All others are a courtesy, and
 * are left out without a word.
 */
export function addGlue(exchange: Exchange): Verdict {
  if (exchange.targets === 0) return verdict.next;
  if (exchange.finding !== finding.referral) {
    addAddresses(exchange, false);
    return verdict.next;
  }
  if (!addAddresses(exchange, true)) {
    exchange.truncated = true;
    return verdict.end;
  }
  addAddresses(exchange, false);
  return verdict.next;
}

/** False when some do not fit. `required`: only those of names below the delegation. */
function addAddresses(exchange: Exchange, required: boolean): boolean {
  const { reader, targetKey } = exchange;
  for (let i = 0; i < exchange.targets; i += 1) {
    const offset = exchange.targetNames[i] as number;
    targetKey.read(reader.bytes, offset, offset + 256);
    if (!isInZone(exchange) || (required && !isBelowCut(exchange))) continue;
    const exact = reader.findNode(exchange.zone, targetKey, 0);
    const node = exact === none ? findWildcard(exchange) : exact;
    if (node === none || (exchange.finding !== finding.referral && isDelegated(exchange, node))) continue;
    if (exact === none ? wasMet(exchange, i, required) : !exchange.speakOf(node)) continue;
    const data = reader.data(node);
    const ownerAt = exchange.targetsAt[i] as number;
    const complete = addRrset(exchange, data, typeCode.A, ownerAt) && addRrset(exchange, data, typeCode.AAAA, ownerAt);
    if (!complete) return false;
  }
  return true;
}

/** The wildcard that stands in for the target, which does not exist (RFC 4592 §3.3.1). */
function findWildcard({ reader, zone, targetKey }: Exchange): Reference {
  for (let suffix = 1; ; suffix += 1) {
    const encloser = reader.findNode(zone, targetKey, suffix);
    if (encloser !== none) return reader.findWildcard(zone, encloser, targetKey, suffix);
  }
}

/** `speakOf` for a name that a wildcard stands in for, which has no node of its own: whether a target before had the name, or it was required. */
function wasMet(exchange: Exchange, target: number, required: boolean): boolean {
  const { reader, targetKey, targetNames, name } = exchange;
  if (exchange.finding === finding.referral) {
    if (!required && isBelowCut(exchange)) return true;
    // What ANY was asked for is in the answer.
  } else if (exchange.type === typeCode.ANY && targetKey.suffixIs(0, name.bytes, 0, name.length)) return true;
  for (let i = 0; i < target; i += 1) {
    if (targetKey.suffixIs(0, reader.bytes, targetNames[i] as number, targetKey.length)) return true;
  }
  return false;
}

function addRrset(exchange: Exchange, data: Reference, type: number, ownerAt: number): boolean {
  const rrset = exchange.reader.findRrset(data, type);
  if (rrset === 0) return true;
  const records = writeRrset(exchange, rrset, ownerAt);
  exchange.additionals += records;
  return records > 0;
}

function isInZone({ reader, zone, targetKey, name, zoneSuffix }: Exchange): boolean {
  const suffix = targetKey.labelCount - (name.labelCount - zoneSuffix);
  if (suffix < 0) return false;
  const length = reader.words[zone * unitWords + zoneField.nameLength] as number;
  return targetKey.suffixIs(suffix, reader.bytes, zone * unitBytes + zoneNameByte, length);
}

/** Whether the target is at or below the delegation that we refer to. */
function isBelowCut({ targetKey, name, foundSuffix }: Exchange): boolean {
  const suffix = targetKey.labelCount - (name.labelCount - foundSuffix);
  const start = name.starts[foundSuffix] as number;
  return suffix >= 0 && targetKey.suffixIs(suffix, name.bytes, start, name.length - start);
}

/** Whether the node is at or below any delegation or DNAME: what we hold of it is not ours to tell. */
function isDelegated({ reader, zone }: Exchange, node: Reference): boolean {
  if (!reader.hasRedirections(zone)) return false;
  if ((reader.dataFlags(reader.data(node)) & dataFlags.cut) !== 0) return true;
  for (let at = reader.parent(node); at !== none; at = reader.parent(at)) {
    if ((reader.dataFlags(reader.data(at)) & (dataFlags.cut | dataFlags.dname)) !== 0) return true;
  }
  return false;
}
