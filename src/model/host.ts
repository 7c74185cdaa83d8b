// Hosts: a name with its addresses and aliases, and the records that a host has.

import { type Address, type Family, familyOf, reverseName } from './address.ts';
import { type AddressRecord, type Holder, type HostSharing, traitsOf } from './allocation.ts';
import { InvalidValue } from './invalid-value.ts';
import { type Fqdn, labelsOf, parseName } from './name.ts';
import type { Tags } from './pool.ts';
import type { RecordType } from './rdata/record-types.ts';
import type { OwnedRrset } from './rrset.ts';
import { orUnknown } from './unknown.ts';

export interface HostAddress extends HostSharing {
  address: Address;
  /**
   * The id of the pool that gave the address; null if a request named the address outside every pool. The address may
   * be in another pool now: pools are split, merged and deleted without a change here.
   */
  givenBy: string | null;
  space: string;
  /** False: the PTR of this address was deleted with its reverse zone. */
  ptr?: false;
  /** True: the pool of this address has no reverse names (`reverse` of the pool). */
  noReverse?: true;
  /**
   * The name of the PTR, if a CNAME at the reverse name leads there (RFC 2317); null: it leads out of the zones here,
   * so there is no PTR.
   */
  ptrName?: Fqdn | null;
}

/** The limit for addresses of a host. Hosts that an older version has stored may have more. */
export const maxHostAddresses = 16;

export interface Host {
  name: Fqdn;
  zone: Fqdn;
  addresses: HostAddress[];
  aliases: Fqdn[];
  /** Seconds; null: the zone's default. */
  ttl: number | null;
  ptr: boolean;
  owner: string;
  tags: Tags;
  createdAt: string;
}

/**
 * Parses the name of a host by RFC 1123 §2.1. Also accepts `_`, and `*` as the whole first label: a host may be a
 * wildcard. Throws InvalidValue.
 */
export function parseHostName(text: string): Fqdn {
  const name = parseName(text);
  const labels = labelsOf(name);
  if (labels.length === 0) throw new InvalidValue('the root is not a host name');
  for (const [index, label] of labels.entries()) {
    if (index === 0 && label === '*' && labels.length > 1) continue;
    if (!/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label))
      throw new InvalidValue(`'${label}' is not a label of a host name`);
  }
  return name;
}

/** Returns the name of the address's PTR, if the host wants PTRs; undefined if the address has none. */
export function ptrOwner({ address, ptr, noReverse, ptrName }: Omit<HostAddress, 'givenBy'>): Fqdn | undefined {
  return ptr === false || noReverse === true || ptrName === null ? undefined : (ptrName ?? reverseName(address));
}

/** Returns whether a PTR may point to this name: to any name except a wildcard. */
export function isPtrTarget(name: Fqdn): boolean {
  return labelsOf(name)[0] !== '*';
}

/**
 * Returns all records of a host: A and AAAA, then PTR, then its aliases. All have the TTL `ttl`, in seconds. Of the
 * hosts that share an address, each has a PTR here, but only one of them is written: that of {@link ptrHost}.
 */
export function recordsOf(host: Host, ttl: number): OwnedRrset[] {
  const records: OwnedRrset[] = [];
  const target = orUnknown(() => `${host.name}.`);
  for (const [family, type] of [
    ['ipv4', 'A'],
    ['ipv6', 'AAAA'],
  ] as const satisfies [Family, string][]) {
    const addresses = host.addresses.map(({ address }) => address).filter((address) => familyOf(address) === family);
    if (addresses.length > 0) records.push(managed(host.name, type, ttl, addresses.sort()));
  }
  if (host.ptr) {
    for (const one of host.addresses) {
      const owner = ptrOwner(one);
      if (owner !== undefined) records.push(managed(owner, 'PTR', ttl, [target]));
    }
  }
  for (const alias of host.aliases) records.push(managed(alias, 'CNAME', ttl, [target]));
  return records;
}

function managed(owner: Fqdn, type: string, ttl: number, records: string[]): OwnedRrset {
  return { owner, rrset: { type: type as RecordType, ttl, records, manager: 'host' } };
}

/** As people write it: a flag may be false. */
interface HostSharingFlags extends Pick<HostSharing, 'sharingKey' | 'ports'> {
  shared?: boolean;
  ptrFor?: boolean;
}

type Place = Pick<HostAddress, 'address' | 'space'>;

export function isSameAddress(one: Place, other: Place): boolean {
  return one.address === other.address && one.space === other.space;
}

/** Returns how a host has an address, without fields that are not set. */
export function sharingOf({ shared, sharingKey, ports, ptrFor }: HostSharingFlags): HostSharing {
  return {
    ...(shared === true && { shared }),
    ...(sharingKey !== undefined && { sharingKey }),
    ...(ports !== undefined && { ports }),
    ...(ptrFor === true && { ptrFor }),
  };
}

/** Returns an address without the fields of {@link sharingOf}. */
export function withoutSharing(address: HostAddress): HostAddress {
  const { shared: _, sharingKey: __, ports: ___, ptrFor: ____, ...others } = address;
  return others;
}

/** Returns whether a host wants the PTR of one of its addresses. */
function wantsPtr(host: Host, space: string, address: Address): boolean {
  const own = host.addresses.find((one) => isSameAddress(one, { address, space }));
  return host.ptr && own !== undefined && own.ptr !== false && own.noReverse !== true;
}

/**
 * Returns the host that has the PTR of a shared address: the one with `ptrFor`, else the one that has held the address
 * longest; only a host that wants a PTR. Calls `hostOf` for these holders in that order, until it has found the host.
 */
export function ptrHost(
  { space, address, holders }: AddressRecord,
  hostOf: (name: Fqdn) => Host | undefined,
): Host | undefined {
  const isFirst = (holder: Holder) => 'ptrFor' in holder && holder.ptrFor === true;
  const inOrder = [...holders.filter(isFirst), ...holders.filter((holder) => !isFirst(holder))];
  for (const holder of inOrder) {
    const name = traitsOf(holder).ptrHostOf(holder);
    const host = name && hostOf(name);
    if (host !== undefined && wantsPtr(host, space, address)) return host;
  }
  return undefined;
}
