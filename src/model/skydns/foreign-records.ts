// Makes records from the values of others in the SkyDNS layout, by the RFCs. A value has records at one name only. If
// the key is at or below the zone's `apex.dns`, this is the apex. Otherwise it is the key's name without its first
// labels: `targetstrip` is their number. CoreDNS answers some values differently: docs/skydns.md.

import { isIP } from 'node:net';
import { parseAddress } from '../address.ts';
import { InvalidValue } from '../invalid-value.ts';
import { type Fqdn, isWithin, labelsOf, parentOf, parseName } from '../name.ts';
import { formatRdata } from '../rdata/rdata.ts';
import type { RecordType } from '../rdata/record-types.ts';
import { isReverse } from '../reverse-tree.ts';
import { readRecord } from '../rrset.ts';
import { layoutName, skydnsName } from './key.ts';
import { defaultPriority, defaultServiceTtl, defaultWeight, parseService, type SkydnsService } from './service.ts';
import { rdataOfText } from './service-text.ts';

/** One record of a value. */
export interface ForeignRecord {
  type: RecordType;
  ttl: number;
  record: string;
}

/** One value with its records. */
export interface ForeignValue {
  key: string;
  owner: Fqdn;
  records: ForeignRecord[];
}

/**
 * Returns a value with its records; `zone` is the zone of its key's name. Returns undefined for a value at or below the
 * zone's `stub.dns`: it belongs to a stub zone, which CoreDNS ignores. Throws InvalidValue for a bad value.
 */
export function readForeignValue(prefix: string, zone: Fqdn, key: string, json: string): ForeignValue | undefined {
  const name = skydnsName(prefix, key);
  const service = parseService(json);
  if (isWithin(name, layoutName(zone, 'stub'))) return undefined;
  const owner = ownerOf(zone, name, service);
  const ttl = service.ttl || defaultServiceTtl;
  const records = recordsOf(owner, service).map(([type, record]): ForeignRecord => {
    return { type: type as RecordType, ttl, record: readRecord(type as RecordType, record).text };
  });
  if (records.length === 0) throw new InvalidValue("the value has neither 'host' nor 'text'");
  return { key, owner, records };
}

function ownerOf(zone: Fqdn, name: Fqdn, { host = '', targetstrip = 0 }: SkydnsService): Fqdn {
  if (isWithin(name, layoutName(zone, 'apex'))) {
    if (isIP(host) === 0) throw new InvalidValue(`at ${layoutName(zone, 'apex')}, 'host' must be an address`);
    return zone;
  }
  // As in CoreDNS: if the name has too few labels, `targetstrip` is ignored.
  if (targetstrip >= labelsOf(name).length) return name;
  let owner = name;
  for (let stripped = 0; stripped < targetstrip; stripped += 1) owner = parentOf(owner) ?? owner;
  if (!isWithin(owner, zone)) throw new InvalidValue(`'targetstrip' leads out of the zone ${zone}`);
  return owner;
}

function recordsOf(owner: Fqdn, service: SkydnsService): [type: string, record: string][] {
  const { host = '', text = '', port = 0, mail = false } = service;
  const priority = service.priority || defaultPriority;
  const weight = Math.min(65_535, service.weight || defaultWeight);
  const address = addressIn(host);
  const target = address !== undefined ? `${owner}.` : host === '' ? '' : `${parseName(host)}.`;
  const records: [string, string][] = [];
  if (address !== undefined) records.push([isIP(address) === 4 ? 'A' : 'AAAA', address]);
  if (mail && target !== '') records.push(['MX', `${priority} ${target}`]);
  if (port > 0 && target !== '') records.push(['SRV', `${priority} ${weight} ${port} ${target}`]);
  if (text !== '' && address === undefined) records.push(['TXT', formatRdata('TXT' as RecordType, rdataOfText(text))]);
  if (records.length === 0 && target !== '') records.push([isReverse(owner) ? 'PTR' : 'CNAME', target]);
  return records;
}

function addressIn(host: string): string | undefined {
  if (isIP(host) === 0) return undefined;
  // As Go does, takes an IPv4 address in IPv6 form for an IPv4 address.
  return parseAddress(/^::ffff:[\d.]+$/i.test(host) ? host.slice('::ffff:'.length) : host);
}
