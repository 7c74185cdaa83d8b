// Checks that a store is whole at one revision: hosts, addresses and names agree. It reads stored entries and uses no
// code of the use cases.

import assert from 'node:assert/strict';
import { type Address, addressNumber, familyOf, reverseName } from '../../src/model/address.ts';
import { rangesWithout } from '../../src/model/address-range.ts';
import type { AddressRecord, Holder } from '../../src/model/allocation.ts';
import type { Host } from '../../src/model/host.ts';
import { ancestry, type Fqdn, isWithin } from '../../src/model/name.ts';
import { type Pool, poolShape, shapeHolds } from '../../src/model/pool.ts';
import type { NamedRrsets, Rrset } from '../../src/model/rrset.ts';
import type { Zone } from '../../src/model/zone.ts';
import { addressKind, addressValue } from '../../src/store/kinds/address.ts';
import { hostKind, hostValue } from '../../src/store/kinds/host.ts';
import { nameKind, nameValue } from '../../src/store/kinds/name.ts';
import { poolKind, poolValue } from '../../src/store/kinds/pool.ts';
import { serialKind } from '../../src/store/kinds/serial.ts';
import { zoneKind, zoneValue } from '../../src/store/kinds/zone.ts';

/** The entries of a store by kind. */
export interface Contents {
  pools: Map<string, Pool>;
  /** `space/address` → the record of the address. */
  addresses: Map<string, AddressRecord>;
  hosts: Map<Fqdn, Host>;
  zones: Map<Fqdn, Zone>;
  serials: Set<Fqdn>;
  names: (NamedRrsets & { zone: Fqdn })[];
}

export function contentsOf(entries: Iterable<{ key: string; value: string }>): Contents {
  const contents: Contents = {
    pools: new Map(),
    addresses: new Map(),
    hosts: new Map(),
    zones: new Map(),
    serials: new Set(),
    names: [],
  };
  for (const { key, value } of entries) {
    const pool = poolKind.parse(key);
    const address = addressKind.parse(key);
    const host = hostKind.parse(key);
    const zone = zoneKind.parse(key);
    const serial = serialKind.parse(key);
    const name = nameKind.parse(key);
    if (pool) contents.pools.set(pool.pool, poolValue.decode(value));
    if (address) contents.addresses.set(`${address.space}/${address.address}`, addressValue.decode(value));
    if (host) contents.hosts.set(host.host, hostValue.decode(value));
    if (zone) contents.zones.set(zone.zone, zoneValue.decode(value));
    if (serial) contents.serials.add(serial.zone);
    if (name) contents.names.push({ ...nameValue.decode(value), zone: name.zone });
  }
  return contents;
}

/**
 * Asserts that the store is whole. `emptyZones` allows automatic zones without names: two hosts that are deleted at
 * once may leave such a zone, which housekeeping deletes later.
 */
export function assertWhole(contents: Contents, { emptyZones = false } = {}): void {
  assertAddresses(contents);
  assertPools(contents);
  assertNames(contents);
  const { zones, serials, names } = contents;
  assert.deepEqual([...serials].sort(), [...zones.keys()].sort(), 'the serials are not those of the zones');
  for (const { name, automatic } of zones.values()) {
    if (automatic && !emptyZones)
      assert.ok(
        names.some(({ zone }) => zone === name),
        `${name} is empty`,
      );
  }
}

/**
 * Asserts that each address of a host is held by this host, that a host holds no other addresses, and that all holders
 * of an address with several of them share it.
 */
function assertAddresses({ hosts, addresses }: Contents): void {
  const wanted = new Map<string, Holder[]>();
  for (const host of hosts.values()) {
    assert.ok(host.addresses.length > 0, `${host.name} has no address`);
    for (const { space, address, givenBy, ptr: _, noReverse: __, ptrName: ___, ...sharing } of host.addresses) {
      const place = `${space}/${address}`;
      const holder: Holder = { kind: 'host', host: host.name, owner: host.owner, ...sharing };
      wanted.set(place, [...(wanted.get(place) ?? []), holder]);
      assert.equal(addresses.get(place)?.givenBy, givenBy, place);
    }
  }
  const inOrder = (holders: readonly Holder[] = []) => holders.map((one) => JSON.stringify(one, sortFields)).sort();
  for (const place of new Set([...wanted.keys(), ...addresses.keys()])) {
    const { holders = [], state } = addresses.get(place) ?? {};
    assert.equal(state === 'held', holders.length > 0, place);
    const ofHosts = holders.filter(({ kind }) => kind === 'host');
    assert.deepEqual(inOrder(ofHosts), inOrder(wanted.get(place)), place);
    assertShared(place, holders);
  }
}

function sortFields(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Asserts that several holders say that they share the address, all in one way, and that one at most has `ptrFor`. */
function assertShared(place: string, holders: readonly Holder[]): void {
  if (holders.length < 2) return;
  const keys = new Set(holders.map(({ sharingKey }) => sharingKey));
  const areShared = holders.every(({ shared }) => shared === true);
  assert.ok(areShared || (keys.size === 1 && !keys.has(undefined)), `${place} has holders that do not share it`);
  const ports = areShared ? [] : holders.flatMap((holder) => holder.ports ?? []).map((port) => JSON.stringify(port));
  assert.equal(new Set(ports).size, ports.length, `${place} has a port with two holders`);
  assert.ok(holders.filter((holder) => 'ptrFor' in holder).length < 2, `two holders of ${place} have ptrFor`);
}

/**
 * Asserts that each held address that a pool gave is in a pool, perhaps in another one since a split or a merge, and
 * that pools of one space do not overlap.
 */
function assertPools({ pools, addresses }: Contents): void {
  for (const [place, { givenBy, state, address, space }] of addresses) {
    if (state !== 'held' || givenBy === null) continue;
    const isIn = (one: Pool) => one.space === space && shapeHolds(poolShape(one), addressNumber(address));
    assert.ok([...pools.values()].some(isIn), `${place} is held, but its space has no pool around it`);
  }
  // A pool has the ranges that no pool was carved out of.
  const ranges = [...pools.values()].flatMap((pool) => {
    const children = [...pools.values()].filter(({ parent }) => parent === pool.id);
    const carved = children.flatMap((child) => poolShape(child).ranges);
    for (const { text, ...range } of carved) {
      assert.equal(
        rangesWithout([range], poolShape(pool).ranges).length,
        0,
        `${text} is not in the parent ${pool.name}`,
      );
    }
    return rangesWithout(poolShape(pool).ranges, carved).map((part) => ({
      ...part,
      text: `${pool.name} ${part.first}`,
      space: pool.space,
    }));
  });
  const sorted = ranges.sort((a, b) => a.space.localeCompare(b.space) || (a.first < b.first ? -1 : 1));
  for (const [index, range] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next?.space === range.space) assert.ok(range.last < next.first, `${range.text} overlaps ${next.text}`);
  }
}

/** Asserts that the managed records are exactly those of the hosts, each in the most specific zone around it. */
function assertNames({ hosts, zones, names, addresses }: Contents): void {
  const zoneOf = (name: Fqdn) => [...ancestry(name)].find((one) => zones.has(one));
  const wanted = [...hosts.values()]
    .flatMap((host) => recordsWanted(host, { hosts, addresses }))
    .map(([owner, type, records]) => {
      return `${owner} in ${zoneOf(owner)}: ${type} ${records}`;
    });
  const found: string[] = [];
  const hiding = names.filter(({ rrsets }) => rrsets.some(({ type }) => type === 'NS' || type === 'DNAME'));
  for (const { name, zone, rrsets } of names) {
    assert.ok(zones.has(zone), `the zone of ${name} does not exist: ${zone}`);
    assert.ok(isWithin(name, zone) && rrsets.length > 0, `${name} has no records, or is outside its zone ${zone}`);
    const hidden = hiding.find((cut) => cut.zone === zone && isWithin(name, cut.name) && hides(cut, { name, rrsets }));
    assert.equal(hidden, undefined, `a delegation or DNAME hides ${name}`);
    if (rrsets.some(({ type }) => type === 'CNAME'))
      assert.equal(rrsets.length, 1, `${name} has a CNAME and other records`);
    for (const { type, records, manager } of rrsets) {
      if (manager === 'host') found.push(`${name} in ${zone}: ${type} ${records}`);
    }
  }
  assert.deepEqual(found.sort(), wanted.sort());
  for (const { name, zone } of hosts.values())
    assert.equal(zone, zoneOf(name), `${name} is not in the most specific zone around it`);
}

/**
 * Returns whether a cut at or above the name hides it: a delegation hides the records of hosts, a DNAME all records
 * below its owner.
 */
function hides(cut: NamedRrsets & { zone: Fqdn }, { name, rrsets }: NamedRrsets): boolean {
  const has = (wanted: string) => cut.rrsets.some(({ type }) => type === wanted);
  if (has('DNAME') && name !== cut.name) return true;
  return has('NS') && cut.name !== cut.zone && rrsets.some(({ manager }) => manager === 'host');
}

/** Returns the records that a host must have. Does not call `recordsOf`, because the test must not trust it. */
function recordsWanted(
  host: Host,
  { hosts, addresses }: Pick<Contents, 'hosts' | 'addresses'>,
): [owner: Fqdn, type: string, records: string][] {
  const of = (family: 'ipv4' | 'ipv6') =>
    host.addresses
      .map(({ address }): Address => address)
      .filter((address) => familyOf(address) === family)
      .sort();
  const records: [Fqdn, string, string][] = [];
  if (of('ipv4').length > 0) records.push([host.name, 'A', of('ipv4').join()]);
  if (of('ipv6').length > 0) records.push([host.name, 'AAAA', of('ipv6').join()]);
  /** Whether a host that comes first wants the PTR of the address. */
  const isWanted = (space: string, address: Address, name: Fqdn) => {
    const other = hosts.get(name);
    const one = other?.addresses.find((own) => own.address === address && own.space === space);
    return (
      other?.ptr === true && one !== undefined && one.ptr !== false && one.noReverse !== true && one.ptrName !== null
    );
  };
  for (const { space, address, ptrName } of host.addresses) {
    const holders = (addresses.get(`${space}/${address}`)?.holders ?? []).filter((holder) => holder.kind === 'host');
    const wanting = holders.filter((holder) => isWanted(space, address, holder.host));
    const first = wanting.find(({ ptrFor }) => ptrFor === true) ?? wanting[0];
    if (first?.host === host.name) records.push([ptrName ?? reverseName(address), 'PTR', `${host.name}.`]);
  }
  for (const alias of host.aliases) records.push([alias, 'CNAME', `${host.name}.`]);
  return records;
}

/** Returns the RRsets without a manager, by `owner type`. */
export function ownRecords({ names }: Contents): Map<string, Rrset> {
  return new Map(
    names.flatMap(({ name, rrsets }) =>
      rrsets.filter(({ manager }) => manager === undefined).map((rrset) => [`${name} ${rrset.type}`, rrset] as const),
    ),
  );
}

/** Returns the holders that are not hosts, by address. */
export function allocationsIn({ addresses }: Contents): Map<string, Holder[]> {
  const held = [...addresses].map(([place, { holders }]) => {
    return [place, holders.filter(({ kind }) => kind === 'allocation')] as const;
  });
  return new Map(held.filter(([, holders]) => holders.length > 0));
}
