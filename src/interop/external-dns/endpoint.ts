// Endpoints of external-dns' webhook protocol: reads one into the RRset that it asks for, and writes one from an RRset.
// external-dns compares what it wants with what it read before, so what is written must be read in the same form.

import { InvalidValue } from '../../model/invalid-value.ts';
import { type Fqdn, isAbsolute, parseEscape, parseName } from '../../model/name.ts';
import { formatPlainText } from '../../model/rdata/plain-text.ts';
import { parseRdata } from '../../model/rdata/rdata.ts';
import { isSingleton, parseRecordType, type RecordType } from '../../model/rdata/record-types.ts';
import { quote, TokenReader } from '../../model/rdata/tokens.ts';
import { maxTtl, parseRecords, type Rrset } from '../../model/rrset.ts';
import { fieldsOf } from '../kubernetes/read-fields.ts';

/** An endpoint as external-dns writes it in JSON. It leaves out what is empty. */
export interface ExternalDnsEndpoint {
  /** Without a trailing dot. */
  dnsName?: string;
  targets?: string[];
  recordType?: string;
  /** Tells records of one name and type apart, for routing policies. */
  setIdentifier?: string;
  /** Seconds; 0 or absent: not set. */
  recordTTL?: number;
  labels?: Record<string, string>;
}

/** The RRset that an endpoint asks for. Without `ttl`, it has the TTL of its zone. */
export interface EndpointRrset {
  owner: Fqdn;
  type: RecordType;
  ttl?: number;
  records: string[];
}

/** The types of the records that external-dns knows, and how the name in a target is written. */
const nameForms: Readonly<Record<string, 'none' | 'relative' | 'absolute'>> = {
  A: 'none',
  AAAA: 'none',
  CNAME: 'relative',
  DNAME: 'relative',
  MX: 'relative',
  NAPTR: 'absolute',
  NS: 'relative',
  PTR: 'relative',
  SRV: 'absolute',
  TXT: 'none',
};

/** In octets. */
const maxString = 255;
/** A text that is split between characters of UTF-8 has strings of at least this length, except for the last one. */
const minSplitString = maxString - 3;

/** Returns the RRset that an endpoint asks for. Throws InvalidValue if no zone could have it, whatever the value is. */
export function readEndpoint(endpoint: ExternalDnsEndpoint): EndpointRrset {
  const { dnsName, targets, recordType, setIdentifier = '', recordTTL = 0 } = fieldsOf(endpoint) as ExternalDnsEndpoint;
  if (typeof dnsName !== 'string' || dnsName === '') throw new InvalidValue('it has no name');
  if (typeof recordType !== 'string' || !Object.hasOwn(nameForms, recordType))
    throw new InvalidValue(`external-dns may not write records of the type ${recordType}`);
  if (setIdentifier !== '')
    throw new InvalidValue('set identifiers (routing policies) are not supported: leave it out');
  if (!Array.isArray(targets) || targets.length === 0 || !targets.every((one) => typeof one === 'string'))
    throw new InvalidValue('it has no targets');
  if (!Number.isInteger(recordTTL) || recordTTL > maxTtl)
    throw new InvalidValue(`the TTL is not within 0 and ${maxTtl}`);
  const type = parseRecordType(recordType);
  if (isSingleton(type) && new Set(targets).size > 1) throw new InvalidValue(`a name has one ${type} record at most`);
  const records = parseRecords(
    type,
    targets.map((target) => recordOf(type, target)),
  );
  return { owner: parseName(dnsName), type, ...(recordTTL > 0 && { ttl: recordTTL }), records };
}

/** Returns the endpoint of an RRset; undefined if external-dns does not know the type. */
export function endpointOf(owner: Fqdn, { type, ttl, records }: Rrset): ExternalDnsEndpoint | undefined {
  if (!Object.hasOwn(nameForms, type)) return undefined;
  return { dnsName: owner, targets: records.map((record) => targetOf(type, record)), recordType: type, recordTTL: ttl };
}

/** Returns the record of a target in presentation form: its names get the dot that external-dns leaves out. */
function recordOf(type: RecordType, target: string): string {
  if (type === 'TXT') return textRecordOf(target);
  const record = target.trim();
  return nameForms[type] === 'none' || isAbsolute(record) ? record : `${record}.`;
}

function targetOf(type: RecordType, record: string): string {
  if (type === 'TXT') return textTargetOf(record);
  return nameForms[type] === 'relative' ? record.replace(/(?<=[^ .])\.$/, '') : record;
}

/**
 * Returns the TXT record of a target: a plain text, or one or more strings in quotes. The strings in quotes may be
 * longer than one of DNS: the text that says who owns a record is one string, of any length.
 */
function textRecordOf(target: string): string {
  if (!target.startsWith('"')) return formatPlainText('TXT' as RecordType, target);
  const tokens = new TokenReader(target);
  const strings: string[] = [];
  while (!tokens.done) {
    const octets = octetsOf(tokens.takeQuoted('the text'));
    for (let at = 0; at === 0 || at < octets.length; at += maxString)
      strings.push(quote(octets.subarray(at, at + maxString)));
  }
  return strings.join(' ');
}

/** Returns a TXT record in quotes. Joins the strings of a text that was too long for one string. */
function textTargetOf(record: string): string {
  const wire = parseRdata('TXT' as RecordType, record);
  const strings: Uint8Array[] = [];
  for (let at = 0; at < wire.length; at += 1 + (wire[at] as number))
    strings.push(wire.subarray(at + 1, at + 1 + (wire[at] as number)));
  const isSplit = strings.slice(0, -1).every(({ length }) => length >= minSplitString);
  return isSplit ? quote(Buffer.concat(strings)) : strings.map((one) => quote(one)).join(' ');
}

/** Returns the octets of a string in presentation form, without its quotes. */
function octetsOf(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] === '\\') {
      const { octet, length } = parseEscape(text, at);
      parts.push(Uint8Array.of(octet));
      at += length;
      continue;
    }
    const end = text.indexOf('\\', at);
    parts.push(Buffer.from(text.slice(at, end < 0 ? undefined : end)));
    at = end < 0 ? text.length : end;
  }
  return Buffer.concat(parts);
}
