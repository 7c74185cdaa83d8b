// The records of a zone file by name, as a zone would hold them: RRsets whole, in canonical order, and what may not stand together found.

import { ancestry, type Fqdn, isWithin, parentOf } from '../name.ts';
import { isSingleton, type RecordType } from '../rdata/record-types.ts';
import { greatestRrset, managingHost, type Rrset, recordOverhead } from '../rrset.ts';
import type { Findings } from './findings.ts';
import type { ZoneFileRecord } from './reader.ts';

export interface FileRrset {
  type: RecordType;
  ttl: number;
  records: string[];
  /** Of its first record. */
  line: number;
  /** In a message. */
  octets: number;
  /** Whether the zone has an RRset of this type at this name now. */
  known: boolean;
}

export interface FileSoa {
  line: number;
  ttl: number;
  record: string;
}

/** As many as the table has room to count. */
const greatestTypes = 255;

/** The zone as the file wants it. */
export class ZoneFileContents {
  readonly zone: Fqdn;
  readonly names = new Map<Fqdn, FileRrset[]>();
  soa: FileSoa | undefined;
  records = 0;
  readonly #findings: Findings;
  /** Names that end what the zone answers for: delegations below the apex, and DNAMEs. */
  readonly #cuts = new Set<Fqdn>();
  readonly #redirections = new Set<Fqdn>();

  constructor(zone: Fqdn, findings: Findings) {
    this.zone = zone;
    this.#findings = findings;
  }

  add(record: ZoneFileRecord): void {
    const { owner, type, line } = record;
    this.records += 1;
    if (!isWithin(owner, this.zone)) {
      this.#findings.fault(line, `${owner} is not in zone ${this.zone}`, 'outside_zone');
      return;
    }
    if (type === 'SOA') {
      this.#addSoa(record);
      return;
    }
    if (type === 'NS' && owner !== this.zone) this.#cuts.add(owner);
    if (type === 'DNAME') this.#redirections.add(owner);
    let rrsets = this.names.get(owner);
    if (rrsets === undefined) {
      rrsets = [];
      this.names.set(owner, rrsets);
    }
    const rrset = rrsets.find((one) => one.type === type);
    if (rrset === undefined) {
      const octets = recordOverhead + record.length;
      rrsets.push({ type, ttl: record.ttl, records: [record.record], line, octets, known: false });
      if (rrsets.length === greatestTypes + 1)
        this.#findings.fault(line, `${owner} has more than ${greatestTypes} record types`);
    } else this.#addTo(rrset, record);
  }

  #addTo(rrset: FileRrset, { owner, type, line, ttl, record, length }: ZoneFileRecord): void {
    if (ttl !== rrset.ttl) {
      const smallest = Math.min(ttl, rrset.ttl);
      this.#findings.warn(line, `the TTLs of ${owner} ${type} differ: ${smallest} is taken for all (RFC 2181 §5.2)`);
      rrset.ttl = smallest;
    }
    if (rrset.octets > greatestRrset || rrset.records.includes(record)) return;
    if (isSingleton(type)) this.#findings.fault(line, `${owner} has two ${type} records; one is allowed`);
    rrset.records.push(record);
    rrset.octets += recordOverhead + length;
    if (rrset.octets > greatestRrset)
      this.#findings.fault(line, `the ${type} records of ${owner} are more than a DNS message takes`);
  }

  /** A transfer's text repeats the SOA at its end. */
  #addSoa({ owner, line, ttl, record }: ZoneFileRecord): void {
    if (owner !== this.zone) this.#findings.fault(line, `a SOA stands at the zone's apex, not at ${owner}`);
    else if (this.soa === undefined) this.soa = { line, ttl, record };
    else if (this.soa.record !== record) {
      this.#findings.fault(line, `a zone has one SOA: another one is in line ${this.soa.line}`);
    }
  }

  /** Takes out an RRset that the zone's settings imply anyway; false when the file does not have exactly that. */
  dropImplied(owner: Fqdn, rrset: Rrset): boolean {
    const rrsets = this.names.get(owner) ?? [];
    const same = rrsets.findIndex((one) => one.type === rrset.type && isSameRrset(one, rrset));
    if (same < 0) return false;
    rrsets.splice(same, 1);
    if (rrsets.length === 0) this.names.delete(owner);
    return true;
  }

  /** All that the name shall hold: the file's records, and those that hosts manage there. Finds what cannot stand together. */
  rrsetsAt(owner: Fqdn, managed: readonly Rrset[], findings = this.#findings): Rrset[] {
    const own = this.names.get(owner) ?? [];
    const rrsets: Rrset[] = [...managed];
    for (const { type, ttl, records, line } of own) {
      const stands = managed.find((one) => one.type === type);
      if (stands === undefined) rrsets.push({ type, ttl, records: records.length > 1 ? records.sort() : records });
      else if (!isSameRrset({ ttl, records }, stands)) {
        const host = `host:${managingHost(owner, stands)}`;
        findings.fault(line, `the ${type} records of ${owner} belong to ${host}, and are others`, 'managed_record');
      }
    }
    this.#checkName(owner, own, rrsets, findings);
    if (this.#cuts.size + this.#redirections.size > 0) this.#checkPlace(owner, own, rrsets, findings);
    return rrsets.length > 1 ? rrsets.sort((a, b) => (a.type < b.type ? -1 : 1)) : rrsets;
  }

  #checkName(owner: Fqdn, own: readonly FileRrset[], rrsets: readonly Rrset[], findings: Findings): void {
    const alias = rrsets.find(({ type }) => type === 'CNAME');
    if (alias === undefined) return;
    const line = own.find(({ type }) => type === 'CNAME')?.line ?? own[0]?.line ?? 0;
    if (owner === this.zone) {
      findings.fault(line, 'the apex has SOA and NS records: no CNAME can stand there', 'cname_conflict');
    }
    const other = rrsets.find(({ type }) => type !== 'CNAME');
    if (other === undefined) return;
    const managed = [alias, other].find(({ manager }) => manager === 'host');
    if (managed === undefined)
      findings.fault(line, `${owner} has a CNAME and ${other.type} records: a CNAME stands alone`, 'cname_conflict');
    else {
      const host = `host:${managingHost(owner, managed)}`;
      const own = managed === alias ? other.type : 'CNAME';
      findings.fault(
        line,
        `${owner} has a ${managed.type} of ${host}: no ${own} can stand beside it`,
        'managed_record',
      );
    }
  }

  #checkPlace(owner: Fqdn, own: readonly FileRrset[], rrsets: readonly Rrset[], findings: Findings): void {
    const line = own[0]?.line ?? 0;
    if (owner !== this.zone && this.#redirections.has(owner) && this.#cuts.has(owner)) {
      findings.fault(line, `${owner} has a DNAME and NS records: only an apex has both (RFC 6672 §2.3)`);
    }
    const isAddress = ({ type }: Pick<Rrset, 'type'>) => type === 'A' || type === 'AAAA';
    if (this.#cuts.has(owner) && rrsets.some((one) => !isAddress(one) && !atCut.has(one.type))) {
      findings.warn(line, `${owner} is delegated: of its records only NS, DS and glue are served`);
    }
    const parent = owner === this.zone ? undefined : parentOf(owner);
    if (parent === undefined) return;
    for (const above of ancestry(parent)) {
      if (this.#redirections.has(above))
        findings.fault(line, `${owner} is below the DNAME of ${above}, where nothing can be (RFC 6672 §2.4)`);
      if (this.#cuts.has(above) && !rrsets.every(isAddress))
        findings.warn(line, `${owner} is below the delegation of ${above}: it is not served, unless as glue`);
      if (above === this.zone) return;
    }
  }
}

/** What belongs to a delegation on the parent's side. */
const atCut: ReadonlySet<string> = new Set(['NS', 'DS', 'NSEC', 'RRSIG', 'DNAME']);

export function isSameRrset(a: Pick<Rrset, 'ttl' | 'records'>, b: Pick<Rrset, 'ttl' | 'records'>): boolean {
  if (a.ttl !== b.ttl || a.records.length !== b.records.length) return false;
  if (a.records.length === 1) return a.records[0] === b.records[0];
  const sorted = a.records.toSorted();
  return b.records.toSorted().every((record, index) => record === sorted[index]);
}
