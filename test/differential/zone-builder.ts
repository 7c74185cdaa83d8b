// Builds one zone of a family from random records. Keeps the rules without which servers refuse a zone: a CNAME has no
// other records beside it (RFC 1034 §3.6.2), an RRset has one TTL (RFC 2181 §5.2), and a name has at most one DNAME,
// without NS beside it and without names below it (RFC 6672 §2.3, §2.4).

import type { Random } from '../support/random.ts';
import { fits, isAtOrBelow, isBelow, toWire } from './names.ts';

export interface ZoneRecord {
  owner: string;
  ttl: number;
  type: string;
  rdata: string;
}

export interface Zone {
  apex: string;
  /** The records. The SOA is the first. */
  records: ZoneRecord[];
}

/** Zones that are served together. */
export interface Family {
  number: number;
  zones: Zone[];
}

const ttls = [0, 60, 300, 3600, 86_400];

/** Types with a name in the rdata that dns-packet decodes, so that the case of its letters does not matter. */
const inAnyCase = /^(NS|CNAME|DNAME|PTR|MX|SRV)$/;

export class ZoneBuilder {
  readonly apex: string;
  readonly #random: Random;
  /** Owner → type → the RRset. Owners are in lower case. */
  readonly #names = new Map<string, Map<string, { ttl: number; rdata: Set<string> }>>();

  constructor(random: Random, apex: string) {
    this.#random = random;
    this.apex = apex;
  }

  /**
   * Adds a record. `target` is the name in the rdata of types that have one. Returns false if the record may not stand
   * there.
   */
  add(owner: string, type: string, target: string): boolean {
    const random = this.#random;
    if (!fits(owner) || (target !== '' && !fits(target))) return false;
    const types = this.#names.get(owner) ?? new Map<string, { ttl: number; rdata: Set<string> }>();
    const isApex = owner === this.apex;
    if (types.has('CNAME') || (type === 'CNAME' && (types.size > 0 || isApex))) return false;
    if (type === 'DNAME' && (types.has('DNAME') || (!isApex && types.has('NS')))) return false;
    if (type === 'NS' && !isApex && types.has('DNAME')) return false;
    if (type === 'DS' && (isApex || !types.has('NS'))) return false;
    // RFC 4592 §4.2 and §4.4 leave open what a wildcard of these types means.
    if ((type === 'DNAME' || type === 'NS') && owner.startsWith('*.')) return false;
    const rrset = types.get(type) ?? { ttl: random.pick(ttls), rdata: new Set<string>() };
    rrset.rdata.add(this.#rdata(type, target));
    types.set(type, rrset);
    this.#names.set(owner, types);
    return true;
  }

  #rdata(type: string, target: string): string {
    const random = this.#random;
    switch (type) {
      case 'A':
        return `192.0.2.${random.below(256)}`;
      case 'AAAA':
        return `2001:db8::${(1 + random.below(0xffff)).toString(16)}`;
      case 'TXT':
        return random.chance(0.1) ? '"one" "Two"' : `"Text ${random.below(100)}"`;
      case 'DS':
        return `${random.below(0x10000)} 8 2 ${random.below(10)}${'0a'.repeat(31)}f`;
      case 'MX':
        return `${random.below(3) * 10} ${target}`;
      case 'SRV':
        return `0 ${random.below(3)} 443 ${target}`;
      // dns-packet returns these names as octets, so the case of letters matters.
      case 'AFSDB':
      case 'RT':
      case 'KX':
      case 'LP':
        return `${random.below(3)} ${target.toLowerCase()}`;
      case 'SVCB':
      case 'HTTPS':
        return this.#service(target.toLowerCase());
      case 'L32':
        return `${random.below(3)} 10.1.${random.below(3)}.0`;
      default:
        return target;
    }
  }

  /** Returns rdata of SVCB in AliasMode (priority 0) or ServiceMode, the latter perhaps with a port (RFC 9460 §2.4). */
  #service(target: string): string {
    const random = this.#random;
    const priority = random.below(3);
    const name = random.chance(0.3) ? '.' : target;
    return `${priority} ${name}${priority > 0 && random.chance(0.3) ? ' port=8443' : ''}`;
  }

  /** Removes either a DNAME or the names below it: neither NSD nor Knot loads both. */
  clearBelowDnames(): void {
    const owners = [...this.#names].filter(([, types]) => types.has('DNAME')).map(([owner]) => owner);
    for (const owner of owners) {
      const below = [...this.#names.keys()].filter((name) => isBelow(name, owner));
      if (this.#random.chance(0.4)) for (const name of below) this.#names.delete(name);
      else if (below.length > 0) {
        this.#names.get(owner)?.delete('DNAME');
        if (this.#names.get(owner)?.size === 0) this.#names.delete(owner);
      }
    }
  }

  build(): Zone {
    const random = this.#random;
    const { apex } = this;
    const inZone = (label: string): string => (fits(`${label}.${apex}`) ? `${label}.${apex}` : apex);
    const soa = `${inZone('ns1')} ${inZone('hostmaster')} ${random.below(1000)} 7200 600 1209600 ${random.pick(ttls)}`;
    const records: ZoneRecord[] = [{ owner: apex, ttl: random.pick(ttls), type: 'SOA', rdata: soa }];
    for (const [owner, types] of this.#names) {
      for (const [type, { ttl, rdata }] of types) {
        for (const one of rdata)
          records.push({ owner: this.#inAnyCase(owner), ttl, type, rdata: this.#rdataInAnyCase(type, one) });
      }
    }
    return { apex, records };
  }

  #inAnyCase(name: string): string {
    return this.#random.chance(0.1) ? this.#random.mixCase(name) : name;
  }

  #rdataInAnyCase(type: string, rdata: string): string {
    return inAnyCase.test(type) ? this.#inAnyCase(rdata) : rdata;
  }
}

/** Returns the zone file (RFC 1035 §5). */
export function zoneFile({ records }: Zone): string {
  return `${records.map(({ owner, ttl, type, rdata }) => `${owner} ${ttl} IN ${type} ${rdata}`).join('\n')}\n`;
}

/**
 * Returns type and rdata of a DNAME or DS in the form of RFC 3597 for unknown types, with the name in lower case.
 * Returns other types unchanged.
 */
export function genericRdata({ type, rdata }: ZoneRecord): { type: string; rdata: string } {
  const octets = type === 'DNAME' ? toWire(rdata.toLowerCase()) : type === 'DS' ? dsOctets(rdata) : undefined;
  if (octets === undefined) return { type, rdata };
  return { type: type === 'DNAME' ? 'TYPE39' : 'TYPE43', rdata: `\\# ${octets.length} ${octets.toString('hex')}` };
}

function dsOctets(rdata: string): Buffer {
  const [keyTag, algorithm, digestType, digest = ''] = rdata.split(' ');
  const fixed = Buffer.from([Number(keyTag) >> 8, Number(keyTag) & 255, Number(algorithm), Number(digestType)]);
  return Buffer.concat([fixed, Buffer.from(digest, 'hex')]);
}

export function zoneOf(zones: readonly Zone[], name: string): Zone | undefined {
  return zones.filter(({ apex }) => isAtOrBelow(name, apex)).sort((a, b) => b.apex.length - a.apex.length)[0];
}
