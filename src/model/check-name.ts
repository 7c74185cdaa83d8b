// The rules for records at one name, and at or below a delegation or a DNAME: which of them are allowed together.
// RRsets, hosts and zone files follow the same rules.

import { type Address, isMulticast } from './address.ts';
import { checkKeys } from './check-keys.ts';
import { ancestry, type Fqdn, isWildcardName, isWithin, parentOf, root } from './name.ts';
import type { RecordType } from './rdata/record-types.ts';
import { conflictWithCname, managingHost, type Rrset } from './rrset.ts';
import type { Zone } from './zone.ts';
import { namesIn } from './zone-file/rdata-names.ts';

/** A name with a DNAME, or with NS below the apex. The zone does not answer from its own records below a cut. */
export interface ZoneCut {
  owner: Fqdn;
  type: 'NS' | 'DNAME';
}

/** The rules that a name can break. */
export type NameRule = 'cname_conflict' | 'name_hidden' | 'record_invalid';

export interface NameFinding {
  owner: Fqdn;
  /** The types of the RRsets concerned. The first is the type of the RRset that the finding is about. */
  types: RecordType[];
  message: string;
  /** The rule that is broken. Absent for a warning. */
  code?: NameRule;
  /** The host that manages one of the RRsets, as `host:<name>`. */
  managedBy?: string;
  /** The cut that hides the name. */
  cut?: ZoneCut;
}

/** A served zone inside another one. It answers for its name and all names below. */
export interface ZoneBelow {
  name: Fqdn;
  /** The records of the NS RRset that the enclosing zone has at this name. */
  nameservers: readonly string[];
}

/**
 * The types that give no warning at a delegation. DNAME is one of them, because {@link checkTypes} refuses it there.
 */
const typesAtDelegation: ReadonlySet<string> = new Set(['NS', 'DS', 'NSEC', 'RRSIG', 'DNAME', 'A', 'AAAA']);
const addressTypes: ReadonlySet<string> = new Set(['A', 'AAAA']);
/** The types for which only {@link checkWriting} has rules, unless other types are at their name. */
const plainTypes: ReadonlySet<string> = new Set(['A', 'AAAA', 'PTR']);
/** The types that give no warning in the enclosing zone, at the name of a served zone inside it. */
const typesAboveZone: ReadonlySet<string> = new Set(['NS', 'DS', 'NSEC', 'RRSIG']);

/**
 * Yields faults and warnings about the RRsets of a name. `rrsets`: all RRsets after the change, with those of hosts.
 * `above`: the cuts at the names above. `below`: the served zone inside `zone` that contains the name.
 */
export function* checkName(
  zone: Fqdn,
  owner: Fqdn,
  rrsets: readonly Rrset[],
  above: Iterable<ZoneCut>,
  below?: ZoneBelow,
): Generator<NameFinding> {
  const isPlain = rrsets.every(({ type }) => plainTypes.has(type));
  if (!isPlain) {
    yield* checkCname(zone, owner, rrsets);
    yield* checkTypes(zone, owner, rrsets);
  }
  yield* checkWriting(zone, owner, rrsets);
  if (!isPlain) yield* checkKeys(owner, rrsets);
  if (below !== undefined) yield* checkBelow(owner, rrsets, below);
  const atCut = cutsAt(zone, owner, rrsets).find(({ type }) => type === 'NS');
  if (atCut !== undefined && below === undefined) yield* checkHidden(owner, rrsets, atCut, typesAtDelegation);
  for (const cut of above) {
    if (cut.type === 'DNAME' || below === undefined) yield* checkHidden(owner, rrsets, cut, addressTypes);
  }
}

/** Yields warnings of common mistakes in how names and addresses are written. */
function* checkWriting(zone: Fqdn, owner: Fqdn, rrsets: readonly Rrset[]): Generator<NameFinding> {
  const own = rrsets.filter(({ manager }) => manager !== 'host');
  if (own.length > 0 && zone.includes('.') && isWithin(owner, `${zone}.${zone}` as Fqdn)) {
    const message = `${owner} has the name of its zone twice: names are relative to the zone unless they end in a dot`;
    yield { owner, types: own.map(({ type }) => type), message };
  }
  for (const rrset of rrsets) {
    const { type, records, manager } = rrset;
    for (const record of records) {
      const what = describeTwice(zone, owner, type, record) ?? notOfHost(type, record);
      if (what === undefined) continue;
      const managedBy = manager === 'host' && { managedBy: `host:${managingHost(owner, rrset)}` };
      yield { owner, types: [type], message: `the ${type} of ${owner} ${what}`, ...managedBy };
    }
  }
}

/**
 * Returns the warning about a name in a record that was probably written without its last dot, and so became relative
 * to the zone; undefined if there is none.
 */
export function describeTwice(zone: Fqdn, owner: Fqdn, type: RecordType, record: string): string | undefined {
  const end = `.${zone}.`;
  if (!record.includes(end)) return undefined;
  // A PTR of DNS-SD (RFC 6763 §11) may point to any domain.
  const isReverse = type === 'PTR' && /(?:^|\.)(?:in-addr|ip6)\.arpa$/.test(zone) && !/(?:^|\.)_/.test(owner);
  if (!isReverse && !record.includes(`${zone}${end}`)) return undefined;
  const why = 'in a zone file, a name without a dot at its end is relative to the zone';
  for (const text of namesIn(type, record)) {
    const name = text.slice(0, -1) as Fqdn;
    if (zone.includes('.') && isWithin(name, `${zone}.${zone}` as Fqdn))
      return `names ${name}, which has the zone's name twice: ${why}`;
    if (isReverse && isWithin(name, zone)) return `names ${name}, which is in the reverse zone itself: ${why}`;
  }
  return undefined;
}

/** Returns the reason why no host can have this address; undefined if a host can, or if the type has no address. */
function notOfHost(type: RecordType, record: string): string | undefined {
  if (!addressTypes.has(type)) return undefined;
  if (/^0\.|^::$/.test(record)) return `is ${record}, which no host has (RFC 6890 §2.2): nobody can connect to it`;
  if (record === '255.255.255.255') return `is ${record}, the broadcast address, which no host has`;
  if (isMulticast(record as Address)) return `is ${record}, a multicast address, which no host has`;
  return undefined;
}

/**
 * Yields warnings of records that the enclosing zone has at or below the name of a served zone. DNS does not serve
 * them, except the delegation and its glue. Records of hosts give no warning.
 */
export function* checkBelow(owner: Fqdn, rrsets: readonly Rrset[], below: ZoneBelow): Generator<NameFinding> {
  const isGlue = below.nameservers.includes(`${owner}.`);
  for (const { type, manager } of rrsets) {
    if (manager === 'host' || (isGlue && addressTypes.has(type)) || (owner === below.name && typesAboveZone.has(type)))
      continue;
    const message = `${owner} is in the zone ${below.name}, which is also served here: its ${type} records in the enclosing zone are not served`;
    yield { owner, types: [type], message };
  }
}

/** A function that returns the RRsets of a zone at a name; undefined if another served zone answers for the name. */
type Standing = (name: Fqdn) => readonly Pick<Rrset, 'type'>[] | undefined;

/**
 * Yields warnings about the targets of NS and MX records, if they are names of the zone: a target that is an alias, or
 * a nameserver at or below `owner` without addresses.
 */
export function* checkTargets(
  zone: Fqdn,
  owner: Fqdn,
  rrsets: readonly Rrset[],
  standing: Standing,
): Generator<NameFinding> {
  for (const { type, records } of rrsets) {
    if (type !== 'NS' && type !== 'MX') continue;
    for (const record of records) {
      const target = targetOf(record);
      if (target === undefined || !isWithin(target, zone)) continue;
      const there = standing(target);
      if (there === undefined) continue;
      if (there.some((one) => one.type === 'CNAME')) {
        const message = `the ${type} of ${owner} names ${target}, which is an alias: it must not be one (RFC 2181 §10.3)`;
        yield { owner, types: [type], message };
      } else if (type === 'NS' && isWithin(target, owner) && !hasAddress(zone, target, standing)) {
        const what = owner === zone ? 'an address' : 'glue';
        yield {
          owner,
          types: [type],
          message: `${target}, a nameserver of ${owner}, has no A or AAAA records here: it needs ${what}`,
        };
      }
    }
  }
}

function targetOf(record: string): Fqdn | undefined {
  const name = record.slice(record.lastIndexOf(' ') + 1);
  return name === root || name.startsWith('\\#') ? undefined : (name.slice(0, -1) as Fqdn);
}

/**
 * Returns whether a name has an address, or a wildcard above it has. Takes each `ns-…` directly below the apex for the
 * name of a replica, whose addresses DNS adds.
 */
function hasAddress(zone: Fqdn, name: Fqdn, standing: Standing): boolean {
  if (name.startsWith('ns-') && parentOf(name) === zone) return true;
  return [name, ...wildcardsAbove(zone, name)].some((one) => standing(one)?.some(({ type }) => addressTypes.has(type)));
}

/**
 * Returns the fault of a DNAME at the apex, if the replicas are the zone's nameservers: the DNAME hides their names.
 * Returns undefined if there is no fault. `rrsets`: the users' RRsets at the apex.
 */
export function checkNameservers(
  { name, nameservers }: Pick<Zone, 'name' | 'nameservers'>,
  rrsets: readonly Pick<Rrset, 'type'>[],
): (NameFinding & { code: NameRule }) | undefined {
  const find = (wanted: string) => rrsets.find(({ type }) => type === wanted);
  const dname = find('DNAME');
  if (dname === undefined || nameservers.length > 0 || find('NS') !== undefined) return undefined;
  const message = `a DNAME at the apex of ${name} hides the names of its replicas, which are its nameservers (RFC 6672 §2.4): give the zone nameservers outside it first`;
  return { owner: name, types: [dname.type], message, code: 'name_hidden' };
}

/** Returns the cuts that these RRsets make at their name. */
export function cutsAt(zone: Fqdn, owner: Fqdn, rrsets: readonly Pick<Rrset, 'type'>[]): ZoneCut[] {
  const cuts: ZoneCut[] = [];
  for (const { type } of rrsets) {
    if ((type === 'NS' && owner !== zone) || type === 'DNAME') cuts.push({ owner, type: type as ZoneCut['type'] });
  }
  return cuts;
}

/** Yields the names above `owner`, from its parent up to the apex. Yields none for the apex. */
export function* namesAbove(zone: Fqdn, owner: Fqdn): Generator<Fqdn> {
  const parent = owner === zone ? undefined : parentOf(owner);
  if (parent === undefined) return;
  for (const above of ancestry(parent)) {
    yield above;
    if (above === zone) return;
  }
}

/** Yields the names of the wildcards that could answer for a name, the closest first. */
function* wildcardsAbove(zone: Fqdn, owner: Fqdn): Generator<Fqdn> {
  for (const above of namesAbove(zone, owner)) yield wildcardOf(above);
}

/** Returns the name of the wildcard directly below a name. */
export function wildcardOf(name: Fqdn): Fqdn {
  return (name === root ? '*' : `*.${name}`) as Fqdn;
}

/** Yields conflicts with a CNAME, which must be alone at its name (RFC 1034 §3.6.2). */
function* checkCname(zone: Fqdn, owner: Fqdn, rrsets: readonly Rrset[]): Generator<NameFinding> {
  const alias = rrsets.find(({ type }) => type === 'CNAME');
  if (alias === undefined) return;
  const conflict = { owner, code: 'cname_conflict' } as const;
  if (owner === zone) {
    const message = 'the apex has SOA and NS records: no CNAME can stand there (RFC 1034 §3.6.2)';
    yield { ...conflict, types: [alias.type], message };
    return;
  }
  const other = conflictWithCname(rrsets);
  if (other === undefined) return;
  const [managed, own] = alias.manager === 'host' ? [alias, other] : [other, alias];
  const types = [own.type, managed.type];
  if (managed.manager !== 'host') {
    const message = `${owner} has a CNAME and ${other.type} records: a CNAME stands alone; delete one of them first`;
    yield { ...conflict, types, message };
  } else {
    const managedBy = `host:${managingHost(owner, managed)}`;
    const message = `the ${managed.type} of ${owner} belongs to ${managedBy}: no ${own.type} can stand beside it`;
    yield { ...conflict, types, message, managedBy };
  }
}

function* checkTypes(zone: Fqdn, owner: Fqdn, rrsets: readonly Rrset[]): Generator<NameFinding> {
  const isApex = owner === zone;
  const find = (wanted: string) => rrsets.find(({ type }) => type === wanted);
  const [ns, dname, ds] = [find('NS'), find('DNAME'), find('DS')];
  if (dname !== undefined && ns !== undefined && !isApex) {
    const message = `${owner} has a DNAME and NS records: only an apex has both (RFC 6672 §2.3)`;
    yield { owner, types: [dname.type, ns.type], message, code: 'record_invalid' };
  }
  if (ns !== undefined && isWildcardName(owner)) {
    const message = `${owner} has NS records: what a wildcard delegates is not defined (RFC 4592 §4.2)`;
    yield { owner, types: [ns.type], message };
  }
  if (ds !== undefined && isApex) {
    const message = 'DS records stand in the zone above, at its delegation, not at the apex (RFC 4035 §2.4)';
    yield { owner, types: [ds.type], message, code: 'record_invalid' };
  } else if (ds !== undefined && ns === undefined) {
    yield { owner, types: [ds.type], message: `${owner} has DS but no NS records: nothing is delegated there` };
  }
  for (const { type, records } of rrsets) {
    if (type !== 'SVCB' && type !== 'HTTPS') continue;
    const aliases = records.filter((record) => record.startsWith('0 ')).length;
    if (aliases > 0 && aliases < records.length) {
      const message = `${owner} has a ${type} record in alias mode: its ${type} records in service mode are ignored (RFC 9460 §2.4.1)`;
      yield { owner, types: [type], message };
    } else if (aliases > 1) {
      const message = `${owner} has several ${type} records in alias mode: clients take one at random (RFC 9460 §2.4.2)`;
      yield { owner, types: [type], message };
    }
  }
}

/**
 * Yields a finding for each RRset that a cut hides. At or below a delegation, a type that is not in `served` gives a
 * warning. A record below a DNAME is a fault, and so is a record of a host at or below a cut, whatever its type.
 */
function* checkHidden(
  owner: Fqdn,
  rrsets: readonly Rrset[],
  cut: ZoneCut,
  served: ReadonlySet<string>,
): Generator<NameFinding> {
  const place = owner === cut.owner ? 'is at' : 'is below';
  for (const rrset of rrsets) {
    const { type } = rrset;
    const types = owner === cut.owner ? [type, cut.type as RecordType] : [type];
    const hidden = { owner, types, cut };
    if (rrset.manager === 'host') {
      const managedBy = `host:${managingHost(owner, rrset)}`;
      const what = cut.type === 'NS' ? 'delegation' : 'DNAME';
      const message = `${owner} ${place} the ${what} of ${cut.owner}: the ${type} of ${managedBy} would not be served; ${wayOut(type, cut)}`;
      yield { ...hidden, message, code: 'name_hidden', managedBy };
    } else if (cut.type === 'DNAME') {
      const message = `${owner} is below the DNAME of ${cut.owner}, where nothing can be (RFC 6672 §2.4)`;
      yield { ...hidden, message, code: 'name_hidden' };
    } else if (!served.has(type)) {
      const message = `${owner} ${place} the delegation of ${cut.owner}: its ${type} records are not served`;
      yield { ...hidden, message };
    }
  }
}

function wayOut(type: string, { owner, type: cutType }: ZoneCut): string {
  if (type === 'PTR') return `delete the ${cutType} of ${owner}, or create the host with "ptr": false`;
  return `choose another name, delete the ${cutType} of ${owner}, or create the zone ${owner} here (POST /v1/zones)`;
}
