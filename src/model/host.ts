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
  /** False: the PTR of this address was deleted with its reverse zone. {@link ptrPlace} reads these marks. */
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

/**
 * Where the PTR of an address of a host is. `at`: at this name, which is the reverse name, or where a CNAME there leads
 * (RFC 2317). `outside`: that CNAME leads out of the reverse zones here, so others have to write the PTR. `none`:
 * nowhere, because the host wants no PTRs (`unwanted`), because the pool of the address has no reverse names
 * (`no-reverse`), or because the PTR was deleted with its zone (`deleted`).
 */
type PtrPlace =
  | { kind: 'at'; owner: Fqdn }
  | { kind: 'outside' }
  | { kind: 'none'; why: 'unwanted' | 'no-reverse' | 'deleted' };

/** Returns where the PTR of an address of the host is. Which place that shall be: control/hosts/ptr-place.ts. */
export function ptrPlace(host: Pick<Host, 'ptr'>, one: Omit<HostAddress, 'givenBy'>): PtrPlace {
  if (!host.ptr) return { kind: 'none', why: 'unwanted' };
  if (one.noReverse === true) return { kind: 'none', why: 'no-reverse' };
  if (one.ptr === false) return { kind: 'none', why: 'deleted' };
  return one.ptrName === null ? { kind: 'outside' } : { kind: 'at', owner: one.ptrName ?? reverseName(one.address) };
}

/** Returns the name of the PTR of an address of the host; undefined if it has none here. */
export function ptrOwner(host: Pick<Host, 'ptr'>, one: Omit<HostAddress, 'givenBy'>): Fqdn | undefined {
  const place = ptrPlace(host, one);
  return place.kind === 'at' ? place.owner : undefined;
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
  for (const one of host.addresses) {
    const owner = ptrOwner(host, one);
    if (owner !== undefined) records.push(managed(owner, 'PTR', ttl, [target]));
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
  return own !== undefined && ptrPlace(host, own).kind !== 'none';
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
