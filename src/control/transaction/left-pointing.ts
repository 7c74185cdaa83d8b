// Finds CNAME records, in all zones, that a change leaves pointing at names without addresses: at names that lose their
// records, and at names that a wildcard answered for.

import { type NameFinding, namesAbove, wildcardOf } from '../../model/check-name.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import type { ZoneView } from '../../views/zone-view.ts';

type SomeRrset = Pick<Rrset, 'type' | 'records'>;
/** Returns the RRsets of a name, without RRsets that the zone's settings imply. */
type RrsetsAt = (zone: Zone, owner: Fqdn) => readonly SomeRrset[];

/** The names of the zones, either before or after the change. */
export interface Names {
  rrsetsAt: RrsetsAt;
  /** Returns whether the name exists in DNS, with records or with names below it. */
  exists(zone: Zone, owner: Fqdn): boolean;
}

/**
 * Yields a warning for each CNAME that points to one of `targets`, if that target loses its last address by the change.
 * `zones`: the zones before the change.
 */
export function* leftPointing(zones: ZoneView, targets: Iterable<Fqdn>, after: Names): Generator<NameFinding> {
  const before = namesIn(zones);
  const losesAddress = (target: Fqdn) => {
    const zone = zones.enclosing(target)?.value;
    if (zone === undefined || !isAnswered(zone, target, before) || isAnswered(zone, target, after)) return false;
    return !zones.holdsAddress(target);
  };
  for (const target of targets) {
    let loses: boolean | undefined;
    // Few names have aliases, so this is asked first.
    for (const alias of zones.aliasesOf(target)) {
      loses ??= losesAddress(target);
      if (!loses) break;
      const cname = after.rrsetsAt(alias.zone, alias.owner).find(({ type }) => type === 'CNAME');
      if (cname === undefined || cname.records[0] !== `${target}.`) continue;
      const message = `the CNAME of ${alias.owner} points to ${target}, which has no addresses any more`;
      yield { owner: alias.owner, types: [cname.type], message };
    }
  }
}

/** Returns the names as they are served now. */
export function namesIn(zones: ZoneView): Names {
  return {
    rrsetsAt: (zone, owner) => zones.name(zone.name, owner).rrsets,
    exists: (zone, owner) => zones.childrenOf(zone.name, owner) !== undefined,
  };
}

/**
 * Returns the names after a transaction that gives them these RRsets. Good enough for warnings: if a name has no
 * records, looks below it only for the wildcard directly below. If the transaction also deletes all other names below,
 * the name still counts as existing, and there may be a warning too many.
 */
export function namesAfter(zones: ZoneView, rrsetsAt: RrsetsAt): Names {
  return {
    rrsetsAt,
    exists: (zone, owner) => {
      if (rrsetsAt(zone, owner).length > 0) return true;
      const children = zones.childrenOf(zone.name, owner) ?? 0;
      const wildcard = wildcardOf(owner);
      const goes = zones.name(zone.name, wildcard).rrsets.length > 0 && rrsetsAt(zone, wildcard).length === 0;
      return children > Number(goes);
    },
  };
}

/** Returns whether a client that follows a CNAME to this name gets an address, or another CNAME (RFC 4592 §3.3.1). */
function isAnswered(zone: Zone, target: Fqdn, { rrsetsAt, exists }: Names): boolean {
  const own = rrsetsAt(zone, target);
  if (own.length > 0) return own.some(isAnswer);
  if (exists(zone, target)) return false;
  for (const above of namesAbove(zone.name, target)) {
    const rrsets = rrsetsAt(zone, wildcardOf(above));
    if (rrsets.length > 0) return rrsets.some(isAnswer);
    if (exists(zone, above)) return false;
  }
  return false;
}

/** Returns whether this RRset is of use to a client that follows a CNAME to get an address. */
export function isAnswer({ type }: Pick<Rrset, 'type'>): boolean {
  return type === 'A' || type === 'AAAA' || type === 'CNAME';
}
