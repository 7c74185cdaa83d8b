// Makes the keys and values that this service writes for the RRsets of a name, so that CoreDNS gives the same answers.
// The suffix of a key follows from the record, so an unchanged record keeps its key. docs/skydns.md lists the answers
// of CoreDNS that still differ.

import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { InvalidValue } from '../invalid-value.ts';
import { type Fqdn, isWithin } from '../name.ts';
import { parseRdata } from '../rdata/rdata.ts';
import type { Rrset } from '../rrset.ts';
import { layoutName, skydnsKey } from './key.ts';
import { formatService, ownOwner, type SkydnsService } from './service.ts';
import { serviceText } from './service-text.ts';

/**
 * The types whose values are made here. control/skydns/wanted-keys.ts makes the values of the NS records of an apex.
 */
const skydnsTypes: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME', 'PTR', 'TXT', 'MX', 'SRV']);

/** The types whose value is at the key of the name itself, because CoreDNS reads only that key for them. */
const exactTypes: ReadonlySet<string> = new Set(['CNAME', 'PTR']);

const maxPriority = 65_535;
const suffixLength = 10;

/** A name in a zone, and the prefix of the keys. */
interface SkydnsPlace {
  prefix: string;
  zone: Fqdn;
  owner: Fqdn;
}

/**
 * Returns the values of one RRset by their keys; none if the layout does not have the type. Throws InvalidValue if the
 * layout cannot have one of the records (test/model/skydns/own-values.test.ts).
 */
export function ownValues({ prefix, zone, owner }: SkydnsPlace, rrset: Rrset): Map<string, string> {
  const { type, records } = rrset;
  if (!skydnsTypes.has(type)) return new Map();
  const at = nameOf(zone, owner, type);
  const key = skydnsKey(prefix, at);
  // In a value, 0 stands for the default of CoreDNS.
  const ttl = Math.max(1, rrset.ttl);
  if (exactTypes.has(type)) {
    if (records.length > 1) throw new InvalidValue(`the SkyDNS layout has room for one ${type} record at a name`);
    const host = hostName(records[0] ?? '', type);
    return new Map([[key, formatService({ host, ttl, owner: ownOwner })]]);
  }
  const services = new Map<string, string>();
  for (const [record, service] of servicesOf(type, records)) {
    const suffix = createHash('sha256').update(`${type} ${record}`).digest('hex').slice(0, suffixLength);
    services.set(`${key}/${suffix}`, formatService({ ...service, ttl, owner: ownOwner }));
  }
  if (services.size < records.length)
    throw new InvalidValue(`two ${type} records of ${owner} have the same key in the SkyDNS layout`);
  return services;
}

/**
 * Returns the name whose key has the values: `owner` or, for the addresses of an apex, a name below it. Throws
 * InvalidValue for a name that the layout uses for something else.
 */
function nameOf(zone: Fqdn, owner: Fqdn, type: string): Fqdn {
  const isAddress = type === 'A' || type === 'AAAA';
  if (isWithin(owner, layoutName(zone, 'apex')) || isWithin(owner, layoutName(zone, 'stub')))
    throw new InvalidValue(`the SkyDNS layout uses ${owner} for itself`);
  if (!isAddress && type !== 'TXT' && isWithin(owner, layoutName(zone, 'ns')))
    throw new InvalidValue(`the SkyDNS layout has only addresses at ${owner}: CoreDNS takes them as nameservers`);
  return owner === zone && isAddress ? layoutName(zone, 'apex') : owner;
}

function servicesOf(type: string, records: readonly string[]): [record: string, service: SkydnsService][] {
  switch (type) {
    case 'TXT':
      return records.map((record) => [
        record,
        { text: serviceText(parseRdata('TXT' as Rrset['type'], record)), targetstrip: 1 },
      ]);
    case 'MX': {
      const fields = records.map((record) => splitRecord(record));
      const raise = raiseOf(fields.map(([preference]) => Number(preference)));
      return fields.map(([preference, target = ''], index) => [
        records[index] ?? '',
        { host: hostName(target, type), priority: Number(preference) + raise, mail: true },
      ]);
    }
    case 'SRV': {
      const fields = records.map((record) => splitRecord(record));
      const raise = raiseOf(fields.map(([priority]) => Number(priority)));
      const isWeighed = fields.some(([, weight]) => Number(weight) > 0);
      return fields.map(([priority, weight, port, target = ''], index) => {
        const service: SkydnsService = { host: hostName(target, type), priority: Number(priority) + raise };
        if (Number(port) > 0) service.port = Number(port);
        // For a missing weight or 0, CoreDNS uses 100. So weight 0 beside other weights becomes the lowest one, 1.
        if (isWeighed) service.weight = Math.max(1, Number(weight));
        return [records[index] ?? '', service];
      });
    }
    default:
      return records.map((record) => [record, { host: record, targetstrip: 1 }]);
  }
}

/** Returns the number to add to all priorities. It is 1 if one of them is 0, because in a value, 0 means 10. */
function raiseOf(priorities: readonly number[]): number {
  if (!priorities.includes(0)) return 0;
  if (priorities.includes(maxPriority))
    throw new InvalidValue(`the SkyDNS layout cannot have the priorities 0 and ${maxPriority} at one name`);
  return 1;
}

function hostName(target: string, type: string): string {
  const host = target.replace(/\.$/, '');
  if (host === '') throw new InvalidValue(`the SkyDNS layout cannot have a ${type} record of the root`);
  if (isIP(host) !== 0) throw new InvalidValue(`CoreDNS takes the name ${host} for an address`);
  return host;
}

function splitRecord(record: string): string[] {
  return record.split(' ');
}
