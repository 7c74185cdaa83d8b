// The records of a zone file as RRsets, by name. Finds records that may not be together.

import {
  checkName,
  checkTargets,
  cutsAt,
  describeTwice,
  type NameFinding,
  namesAbove,
  type ZoneBelow,
  type ZoneCut,
} from '../check-name.ts';
import { type Fqdn, isWithin } from '../name.ts';
import { partedTextWarning } from '../rdata/parted-text.ts';
import { isSingleton, type RecordType } from '../rdata/record-types.ts';
import { managerOf, maxRrset, maxTypes, type Rrset, recordOverhead } from '../rrset.ts';
import type { Findings } from './findings.ts';
import type { ZoneFileRecord } from './reader.ts';
import { ZoneSigning } from './signing.ts';

export interface FileRrset {
  type: RecordType;
  ttl: number;
  records: string[];
  /** The line of the RRset's first record. */
  line: number;
  /** The size of the RRset in a DNS message, in octets. */
  octets: number;
  /** True if the zone already has an RRset of this type at this name. */
  known: boolean;
}

interface FileSoa {
  line: number;
  ttl: number;
  record: string;
}

interface ContentsOptions {
  /** Returns the served zone inside this one that answers for a name. */
  zoneBelow?: (owner: Fqdn) => Fqdn | undefined;
  /** If true, a record outside the zone is a fault, not a warning. */
  strict?: boolean;
  /** If true, the records of a signer are a fault. Otherwise they are left out with a warning. */
  refuseSigned?: boolean;
}

/** The octets of memory for a name, an RRset and a record, without their text. Upper limits, measured on V8. */
const heldByName = 200;
const heldByRrset = 200;
const heldByRecord = 40;

/** The contents of a zone as the file defines them. */
export class ZoneFileContents {
  readonly zone: Fqdn;
  readonly names = new Map<Fqdn, FileRrset[]>();
  soa: FileSoa | undefined;
  /** The value of the file's `$TTL`; undefined if there is none, or if there are several values. */
  defaultTtl: number | undefined;
  records = 0;
  /** The number of left-out records outside the zone. */
  outside = 0;
  /** The approximate size in memory, in octets. */
  held = 0;
  /** The NS records of the apex that the file marks as implied, if {@link dropMarked} removed them. */
  impliedNameservers: readonly string[] = [];
  readonly #findings: Findings;
  /** The RRsets whose records are all marked as implied, with their owners. */
  readonly #marked = new Map<FileRrset, Fqdn>();
  readonly #zoneBelow: (owner: Fqdn) => Fqdn | undefined;
  readonly #strict: boolean;
  readonly #refuseSigned: boolean;
  readonly #signing: ZoneSigning;
  /** Names with a delegation or a DNAME. */
  readonly #cuts = new Set<Fqdn>();

  constructor(zone: Fqdn, findings: Findings, options: ContentsOptions = {}) {
    this.zone = zone;
    this.#findings = findings;
    this.#zoneBelow = options.zoneBelow ?? (() => undefined);
    this.#strict = options.strict ?? false;
    this.#refuseSigned = options.refuseSigned ?? false;
    this.#signing = new ZoneSigning(zone);
  }

  add(record: ZoneFileRecord): void {
    const { owner, type, line } = record;
    this.records += 1;
    if (!isWithin(owner, this.zone)) {
      this.#leaveOut(record);
      return;
    }
    if (type === 'SOA') {
      this.#addSoa(record);
      return;
    }
    if (this.#signing.takes(record)) return;
    if (record.parted === true) this.#findings.warn(line, partedTextWarning(owner, type, record.record));
    if (cutsAt(this.zone, owner, [record]).length > 0) this.#cuts.add(owner);
    const rrsets = this.names.get(owner) ?? [];
    const rrset = rrsets.find((one) => one.type === type);
    if (rrset !== undefined) {
      if (record.implied !== true) this.#marked.delete(rrset);
      this.#addTo(rrset, record);
    } else if (rrsets.length <= maxTypes) this.#addRrset(rrsets, record);
  }

  /**
   * Leaves out a record outside the zone, with a warning or, if `strict`, a fault. The SOA of another zone is always a
   * fault: it shows that the file is for that other zone.
   */
  #leaveOut({ owner, type, line }: ZoneFileRecord): void {
    const { zone } = this;
    this.outside += 1;
    if (type === 'SOA')
      this.#findings.fault(line, `the SOA is that of ${owner}: this is not a file of zone ${zone}`, 'outside_zone');
    else if (this.#strict) this.#findings.fault(line, `${owner} is not in zone ${zone}`, 'outside_zone');
    else this.#findings.warn(line, `${owner} is not in zone ${zone}: its ${type} is left out`, 'outside');
  }

  /** Adds the findings about the whole file: the zone is signed, or the file has no records, or none in the zone. */
  checkWhole(): void {
    this.#signing.check(this.#findings, this.#refuseSigned);
    if (this.#findings.faults > 0) return;
    if (this.records === 0) this.#findings.fault(1, 'the file has no records');
    else if (this.outside === this.records)
      this.#findings.fault(1, `none of the ${this.records} records is in zone ${this.zone}`, 'outside_zone');
  }

  #addRrset(rrsets: FileRrset[], record: ZoneFileRecord): void {
    const { owner, type, ttl, line } = record;
    const rrset: FileRrset = { type, ttl, records: [ownText(record.record)], line, octets: 0, known: false };
    this.held += heldByRrset;
    this.#weigh(rrset, record);
    if (rrsets.length === 0) {
      this.names.set(ownText(owner), [rrset]);
      this.held += heldByName + owner.length;
    } else rrsets.push(rrset);
    if (record.implied === true) this.#marked.set(rrset, owner);
    if (rrsets.length === maxTypes + 1) this.#findings.fault(line, `${owner} has more than ${maxTypes} record types`);
  }

  #addTo(rrset: FileRrset, one: ZoneFileRecord): void {
    const { owner, type, line, ttl, record } = one;
    if (ttl !== rrset.ttl) {
      const smallest = Math.min(ttl, rrset.ttl);
      this.#findings.warn(line, `the TTLs of ${owner} ${type} differ: ${smallest} is taken for all (RFC 2181 §5.2)`);
      rrset.ttl = smallest;
    }
    if (rrset.octets > maxRrset || rrset.records.includes(record)) return;
    if (isSingleton(type)) this.#findings.fault(line, `${owner} has two ${type} records; one is allowed`);
    rrset.records.push(ownText(record));
    this.#weigh(rrset, one);
  }

  #weigh(rrset: FileRrset, { owner, type, line, record, length }: ZoneFileRecord): void {
    this.held += heldByRecord + record.length;
    rrset.octets += recordOverhead + length;
    if (rrset.octets > maxRrset)
      this.#findings.fault(line, `the ${type} records of ${owner} do not fit into a DNS message`);
  }

  /** Takes the SOA. The same SOA may come twice: the text of a zone transfer repeats it at the end. */
  #addSoa({ owner, line, ttl, record }: ZoneFileRecord): void {
    if (owner !== this.zone) this.#findings.fault(line, `a SOA stands at the zone's apex, not at ${owner}`);
    else if (this.soa === undefined) {
      this.soa = { line, ttl, record };
      const twice = describeTwice(this.zone, owner, 'SOA' as RecordType, record);
      if (twice !== undefined) this.#findings.warn(line, `the SOA of ${owner} ${twice}`);
    } else if (this.soa.record !== record) {
      this.#findings.fault(line, `a zone has one SOA: another one is in line ${this.soa.line}`);
    }
  }

  /** Removes an RRset that the zone's settings imply. Returns false if the file does not have exactly this RRset. */
  dropImplied(owner: Fqdn, rrset: Rrset): boolean {
    const rrsets = this.names.get(owner) ?? [];
    const same = rrsets.findIndex((one) => one.type === rrset.type && isSameRrset(one, rrset));
    if (same < 0) return false;
    rrsets.splice(same, 1);
    if (rrsets.length === 0) this.names.delete(owner);
    return true;
  }

  /** Removes the RRsets whose records are all marked as implied. Returns the line of each. */
  dropMarked(): number[] {
    const lines: number[] = [];
    for (const [rrset, owner] of this.#marked) {
      const rrsets = this.names.get(owner) ?? [];
      const at = rrsets.indexOf(rrset);
      if (at < 0) continue;
      rrsets.splice(at, 1);
      if (rrsets.length === 0) this.names.delete(owner);
      if (owner === this.zone && rrset.type === 'NS') this.impliedNameservers = rrset.records;
      lines.push(rrset.line);
    }
    return lines;
  }

  /** Returns all RRsets of a name: the file's and `managed`. Reports RRsets that may not be together. */
  rrsetsAt(owner: Fqdn, managed: readonly Rrset[], findings = this.#findings): Rrset[] {
    const own = this.names.get(owner) ?? [];
    const rrsets: Rrset[] = [...managed];
    for (const { type, ttl, records, line } of own) {
      const stands = managed.find((one) => one.type === type);
      if (stands === undefined) rrsets.push({ type, ttl, records: records.length > 1 ? records.sort() : records });
      else if (!isSameRrset({ ttl, records }, stands)) {
        findings.fault(
          line,
          `the ${type} records of ${owner} belong to ${managerOf(owner, stands)}, which has other records there`,
          'managed_record',
        );
      }
    }
    for (const finding of checkName(this.zone, owner, rrsets, this.#cutsAbove(owner), this.#below(owner)))
      this.#note(finding, own, findings);
    return rrsets.length > 1 ? rrsets.sort((a, b) => (a.type < b.type ? -1 : 1)) : rrsets;
  }

  /** Reports warnings about the targets of this name's records. `managed`: the RRsets that have a manager, by name. */
  checkTargets(owner: Fqdn, managed: ReadonlyMap<Fqdn, readonly Rrset[]>, findings = this.#findings): void {
    if (this.#zoneBelow(owner) !== undefined) return;
    const own = this.names.get(owner) ?? [];
    const standing = (name: Fqdn) =>
      this.#zoneBelow(name) === undefined ? [...(this.names.get(name) ?? []), ...(managed.get(name) ?? [])] : undefined;
    for (const finding of checkTargets(this.zone, owner, own, standing)) this.#note(finding, own, findings);
  }

  #below(owner: Fqdn): ZoneBelow | undefined {
    const name = this.#zoneBelow(owner);
    if (name === undefined) return undefined;
    return { name, nameservers: this.names.get(name)?.find(({ type }) => type === 'NS')?.records ?? [] };
  }

  *#cutsAbove(owner: Fqdn): Generator<ZoneCut> {
    if (this.#cuts.size === 0) return;
    for (const above of namesAbove(this.zone, owner)) {
      if (this.#cuts.has(above)) yield* cutsAt(this.zone, above, this.names.get(above) ?? []);
    }
  }

  /** Reports a finding, with the line of the record or of the cut that hides it. */
  #note({ types, message, code, managedBy, cut }: NameFinding, own: readonly FileRrset[], findings: Findings) {
    const hiding = cut && this.names.get(cut.owner)?.find(({ type }) => type === cut.type);
    const line = (own.find(({ type }) => types.includes(type)) ?? hiding ?? own[0])?.line ?? 0;
    // Warnings about records of hosts were given when the hosts were written.
    if (code === undefined && managedBy !== undefined) return;
    if (code === undefined) findings.warn(line, message);
    else findings.fault(line, message, managedBy !== undefined && code === 'cname_conflict' ? 'managed_record' : code);
  }
}

/** Returns a copy of the text. A slice or a concatenation keeps in memory the strings from which it was made. */
function ownText<T extends string>(text: T): T {
  return Buffer.from(text, 'latin1').toString('latin1') as T;
}

export function isSameRrset(a: Pick<Rrset, 'ttl' | 'records'>, b: Pick<Rrset, 'ttl' | 'records'>): boolean {
  if (a.ttl !== b.ttl || a.records.length !== b.records.length) return false;
  if (a.records.length === 1) return a.records[0] === b.records[0];
  const sorted = a.records.toSorted();
  return b.records.toSorted().every((record, index) => record === sorted[index]);
}
