// RRsets in the form of the API and the store: a type, a TTL, and records in canonical presentation form.

import { InvalidValue, parseEach } from './invalid-value.ts';
import { type Fqdn, parseName } from './name.ts';
import { formatPlainText } from './rdata/plain-text.ts';
import { formatRdata, parseRdata } from './rdata/rdata.ts';
import { isSingleton, type RecordType } from './rdata/record-types.ts';

/**
 * The writer of an RRset, if it is not the zone's users: a host, the zone's settings (SOA, NS and addresses of
 * replicas, which are never stored), or others through the SkyDNS layout (skydns/).
 */
export type Manager = 'host' | 'zone' | 'skydns';

export interface Rrset {
  type: RecordType;
  /** Seconds, 0 to 2^31 − 1 (RFC 2181 §8). */
  ttl: number;
  records: string[];
  /** Absent if the zone's users write the RRset themselves. */
  manager?: Manager;
}

export interface OwnedRrset {
  owner: Fqdn;
  rrset: Rrset;
}

/** One owner name with all its RRsets, in the order of their types. */
export interface NamedRrsets {
  name: Fqdn;
  rrsets: Rrset[];
}

/** A record as people write it: in presentation form (RFC 1035 §5.1), or as the plain text of a TXT or SPF record. */
export type RecordInput = string | { text: string };

export const maxTtl = 2 ** 31 - 1;

/** The maximum number of RRsets of one name: the table counts them in one octet. */
export const maxTypes = 255;

/**
 * The maximum size of an RRset, in octets. It must fit into one message of 65535 octets, with the header, a question,
 * and the owner name once.
 */
export const maxRrset = 65_535 - 12 - 2 * 259;
/** The octets of a record without its rdata: a compressed owner name, type, class, TTL, length. */
export const recordOverhead = 12;

/**
 * Returns the records canonical, sorted, and without repetitions. Throws InvalidValue with the faults of the records,
 * as {@link parseEach} does.
 */
export function parseRecords(type: RecordType, records: readonly RecordInput[]): string[] {
  return recordsOfOne(
    type,
    parseEach(records, (record) => readRecord(type, record)),
  );
}

/** A record in canonical form, and its size in a message, in octets. */
interface ReadRecord {
  text: string;
  octets: number;
}

/** Reads one record of an RRset. Throws InvalidValue. */
export function readRecord(type: RecordType, record: RecordInput): ReadRecord {
  const wire = parseRecord(type, record);
  return { text: formatRdata(type, wire), octets: recordOverhead + wire.length };
}

/**
 * Returns the records of an RRset, sorted and without repetitions. Throws InvalidValue if they are too large together,
 * or if the type allows only one.
 */
export function recordsOfOne(type: RecordType, records: readonly ReadRecord[]): string[] {
  const octets = new Map(records.map((one) => [one.text, one.octets]));
  const distinct = [...octets.keys()].sort();
  const length = octets.values().reduce((sum, one) => sum + one, 0);
  if (length > maxRrset) {
    throw new InvalidValue(`the records have ${length} octets; a DNS message has room for ${maxRrset}`);
  }
  if (isSingleton(type) && distinct.length > 1) throw new InvalidValue(`a name has one ${type} record at most`);
  return distinct;
}

function parseRecord(type: RecordType, record: RecordInput): Uint8Array {
  return parseRdata(type, typeof record === 'string' ? record : formatPlainText(type, record.text));
}

/** The types that may share a name with a CNAME, for DNSSEC and keys (RFC 4035 §2.5, RFC 2181 §10.1). */
const besideCname: ReadonlySet<string> = new Set(['CNAME', 'RRSIG', 'NSEC', 'KEY', 'SIG', 'NXT']);

/**
 * Returns an RRset that may not share a name with a CNAME (RFC 1034 §3.6.2); undefined if there is none, or no CNAME.
 */
export function conflictWithCname<T extends Pick<Rrset, 'type'>>(rrsets: readonly T[]): T | undefined {
  if (!rrsets.some(({ type }) => type === 'CNAME')) return undefined;
  return rrsets.find(({ type }) => !besideCname.has(type));
}

/** Returns the host that manages an RRset: the owner of an A or AAAA, or the target of a CNAME or PTR. */
export function managingHost(owner: Fqdn, rrset: Rrset): Fqdn {
  if (rrset.type === 'A' || rrset.type === 'AAAA') return owner;
  return parseName(rrset.records[0] ?? owner);
}

/** Returns the manager of an RRset as text; undefined if users write the RRset themselves. */
export function managerOf(owner: Fqdn, rrset: Rrset): string | undefined {
  return rrset.manager === 'host' ? `host:${managingHost(owner, rrset)}` : rrset.manager;
}
