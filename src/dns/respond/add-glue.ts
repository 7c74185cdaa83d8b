// The additional section: what is known of the names that records name (additional-types.ts), as far as they are in the same zone.

import { typeCode } from '../../model/rdata/record-types.ts';
import { dataFlags, none, type Reference } from '../../table/layout.ts';
import { additionalTypes } from './additional-types.ts';
import { type Exchange, finding, ownName, type Verdict, verdict } from './exchange.ts';
import { writeRrset } from './write-rrset.ts';

/**
 * A referral needs the addresses of name servers below the delegation: what of them does not fit means TC (RFC 9471 §3). All others are a courtesy, and
 * are left out without a word.
 */
export function addGlue(exchange: Exchange): Verdict {
  if (exchange.targets === 0) return verdict.next;
  if (exchange.finding !== finding.referral) {
    addTargets(exchange, false);
    return verdict.next;
  }
  if (!addTargets(exchange, true)) {
    exchange.truncated = true;
    return verdict.end;
  }
  addTargets(exchange, false);
  return verdict.next;
}

/** False when some do not fit. Of a referral those that are `required`, which are below the delegation, or the others. */
function addTargets(exchange: Exchange, required: boolean): boolean {
  const { reader, targetKey, targets } = exchange;
  const isReferral = exchange.finding === finding.referral;
  // What is added here names others, which are not looked after.
  for (let i = 0; i < targets; i += 1) {
    readTarget(exchange, i);
    if (!isInZone(exchange) || (isReferral && required !== isBelowDelegation(exchange))) continue;
    const exact = reader.findNode(exchange.zone, targetKey, 0);
    const node = exact === none ? findWildcard(exchange) : exact;
    if (node === none) continue;
    // A referral names no server twice.
    if (!isReferral && (isHidden(exchange, node) || (exact === none ? wasMet(exchange, i) : !exchange.speakOf(node)))) {
      continue;
    }
    if (!addRrsets(exchange, i, reader.data(node))) return false;
  }
  return true;
}

function readTarget({ reader, targetKey, targetNames, name }: Exchange, target: number): void {
  const offset = targetNames[target] as number;
  if (offset === ownName) targetKey.copyFrom(name);
  else targetKey.read(reader.bytes, offset, offset + 256);
}

/** The wildcard that stands in for the target, which does not exist (RFC 4592 §3.3.1). */
function findWildcard({ reader, zone, targetKey }: Exchange): Reference {
  for (let suffix = 1; ; suffix += 1) {
    const encloser = reader.findNode(zone, targetKey, suffix);
    if (encloser !== none) return reader.findWildcard(zone, encloser, targetKey, suffix);
  }
}

/** `speakOf` for a name that a wildcard stands in for, which has no node of its own: whether a target before had the name. */
function wasMet(exchange: Exchange, target: number): boolean {
  const { reader, targetKey, targetNames } = exchange;
  // What ANY was asked for is in the answer.
  if (exchange.type === typeCode.ANY && isAnswered(exchange)) return true;
  for (let i = 0; i < target; i += 1) {
    const offset = targetNames[i] as number;
    if (offset === ownName ? isAnswered(exchange) : targetKey.suffixIs(0, reader.bytes, offset, targetKey.length)) {
      return true;
    }
  }
  return false;
}

/** Whether all that the target's type asks for did fit. */
function addRrsets(exchange: Exchange, target: number, data: Reference): boolean {
  const { reader } = exchange;
  const asking = exchange.targetTypes[target] as number;
  const types = additionalTypes(asking);
  for (let i = 0; i < types.length; i += 1) {
    const type = types[i] as number;
    const rrset = reader.findRrset(data, type);
    // Of the type that names the target, the answer may be the target's own.
    if (rrset === 0 || (type === asking && isAnswered(exchange))) continue;
    const records = writeRrset(exchange, rrset, exchange.targetsAt[target] as number);
    exchange.additionals += records;
    if (records === 0) return false;
  }
  return true;
}

/** Whether the target is the name that the answer is about. */
function isAnswered({ targetKey, name }: Exchange): boolean {
  return targetKey.suffixIs(0, name.bytes, 0, name.length);
}

function isInZone({ reader, zone, targetKey, name, zoneSuffix }: Exchange): boolean {
  const suffix = targetKey.labelCount - (name.labelCount - zoneSuffix);
  return suffix >= 0 && reader.isZoneName(zone, targetKey, suffix);
}

/** Whether the target is at or below the delegation that we refer to. */
function isBelowDelegation({ targetKey, name, foundSuffix }: Exchange): boolean {
  const suffix = targetKey.labelCount - (name.labelCount - foundSuffix);
  const start = name.starts[foundSuffix] as number;
  return suffix >= 0 && targetKey.suffixIs(suffix, name.bytes, start, name.length - start);
}

/** Whether the node is at or below any delegation or DNAME: what we hold of it is not ours to tell. */
function isHidden({ reader, zone }: Exchange, node: Reference): boolean {
  if (!reader.hasCuts(zone)) return false;
  if ((reader.dataFlags(reader.data(node)) & dataFlags.delegation) !== 0) return true;
  for (let at = reader.parent(node); at !== none; at = reader.parent(at)) {
    if ((reader.dataFlags(reader.data(at)) & (dataFlags.delegation | dataFlags.dname)) !== 0) return true;
  }
  return false;
}
