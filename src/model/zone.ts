// Zones: their settings, and the records that the settings imply (SOA, NS, addresses of replicas).

import { type Address, familyOf } from './address.ts';
import type { AddressNames } from './address-names.ts';
import { InvalidValue } from './invalid-value.ts';
import { type Fqdn, nameToWire, root } from './name.ts';
import type { RecordType } from './rdata/record-types.ts';
import { type Serial, shownSerial } from './revision.ts';
import type { NamedRrsets, Rrset } from './rrset.ts';

/** The settings of a zone's SOA. Times are in seconds. {@link soaOf} fills in the defaults. */
export interface SoaSettings {
  ttl?: number;
  mname?: Fqdn;
  rname?: Fqdn;
  refreshSeconds?: number;
  retrySeconds?: number;
  expireSeconds?: number;
  negativeTtlSeconds?: number;
}

export interface Zone {
  name: Fqdn;
  /** The served generation, as in `names/<zone>/<generation>/`. */
  generation: number;
  defaultTtl: number;
  /** Empty: the replicas are the nameservers. */
  nameservers: Fqdn[];
  soa: SoaSettings;
  skydns: boolean;
  /**
   * When `skydns` was switched on, if it was off before. By it, the leader of the layout notices that `skydns` was off,
   * however briefly: names that were written then have no keys.
   */
  skydnsSince?: string;
  /** True: the stub zones that others have written into the SkyDNS layout of this zone are forwarded. */
  stubZones?: boolean;
  /** The clients whose questions for these stub zones are forwarded. Absent: the default of forwarders. */
  stubZonesAllowFrom?: string[];
  /** Absent: no name of the zone holds an address. */
  addressNames?: AddressNames;
  /** True for a reverse zone that was created for a host. It is deleted with its last name. */
  automatic: boolean;
}

/** The limit for the octets of a zone's name: of the 255 octets of a name, the label `ns-<replica>` takes up to 64. */
const maxZoneName = 255 - 64;

/** Throws InvalidValue for a new zone whose name is too long for {@link nameserverName}. */
export function checkZoneName(name: Fqdn): void {
  if (nameToWire(name).length > maxZoneName) {
    throw new InvalidValue(`a zone's name has at most ${maxZoneName} octets: its nameservers stand below it`);
  }
}

export const zoneDefaults: Omit<Zone, 'name'> = {
  generation: 1,
  defaultTtl: 300,
  nameservers: [],
  soa: {},
  skydns: false,
  automatic: false,
};

export const soaDefaults = {
  refreshSeconds: 3600,
  retrySeconds: 600,
  expireSeconds: 1_209_600,
  /** Short, so that a resolver that asked too early soon learns of a new host (RFC 2308 §5). */
  negativeTtlSeconds: 30,
} as const;

/** A replica of this service as a nameserver, for zones whose settings have no nameservers. */
export interface Nameserver {
  /** Without dots. */
  label: string;
  addresses: Address[];
}

/** Returns the name of a replica in a zone: `ns-<replica>.<zone>`. */
function nameserverName(nameserver: Nameserver, zone: Fqdn): Fqdn {
  return (zone === root ? `ns-${nameserver.label}` : `ns-${nameserver.label}.${zone}`) as Fqdn;
}

/** The fields of a SOA record (RFC 1035 §3.3.13) and its TTL. Times in seconds. */
export interface Soa {
  ttl: number;
  primary: Fqdn;
  responsible: Fqdn;
  serial: number;
  refresh: number;
  retry: number;
  expire: number;
  minimum: number;
}

export function soaOf(zone: Zone, primary: Fqdn, serial: Serial): Soa {
  const { ttl = zone.defaultTtl, mname, rname, ...times } = zone.soa;
  const { refreshSeconds, retrySeconds, expireSeconds, negativeTtlSeconds } = { ...soaDefaults, ...times };
  return {
    ttl,
    primary: mname ?? primary,
    responsible: rname ?? ((zone.name === root ? 'hostmaster' : `hostmaster.${zone.name}`) as Fqdn),
    serial: shownSerial(serial),
    refresh: refreshSeconds,
    retry: retrySeconds,
    expire: expireSeconds,
    minimum: negativeTtlSeconds,
  };
}

export function soaRrset({ ttl, primary, responsible, serial, refresh, retry, expire, minimum }: Soa): Rrset {
  const record = [absolute(primary), absolute(responsible), serial, refresh, retry, expire, minimum].join(' ');
  return { type: 'SOA' as RecordType, ttl, records: [record], manager: 'zone' };
}

/** Returns the NS RRset of the apex. If the replicas are the nameservers, returns the RRsets of their addresses too. */
export function nameserversOf(zone: Zone, replicas: readonly Nameserver[]): NamedRrsets[] {
  if (zone.nameservers.length > 0) return [{ name: zone.name, rrsets: [nsRrset(zone, zone.nameservers)] }];
  const names = replicas.map((replica) => nameserverName(replica, zone.name));
  const addresses = replicas.map((replica) => ({
    name: nameserverName(replica, zone.name),
    rrsets: [addressRrset(zone, replica, 'A'), addressRrset(zone, replica, 'AAAA')].filter(
      ({ records }) => records.length > 0,
    ),
  }));
  return [{ name: zone.name, rrsets: [nsRrset(zone, names)] }, ...addresses];
}

function nsRrset(zone: Zone, names: readonly Fqdn[]): Rrset {
  return { type: 'NS' as RecordType, ttl: zone.defaultTtl, records: names.map(absolute).sort(), manager: 'zone' };
}

function addressRrset(zone: Zone, replica: Nameserver, type: 'A' | 'AAAA'): Rrset {
  const family = type === 'A' ? 'ipv4' : 'ipv6';
  const records = replica.addresses.filter((address) => familyOf(address) === family).sort();
  return { type: type as RecordType, ttl: zone.defaultTtl, records, manager: 'zone' };
}

function absolute(name: string): string {
  return name === root ? name : `${name}.`;
}
