// Finds the reverse zones of a zone, so that a resolver that forwards the zone can forward these too: the reverse zones
// with PTRs of the zone's hosts, and the automatic ones of the pools that have the addresses of these hosts. Only hosts
// and pools that the token may see count. Reads in slices, since a zone may have a million hosts.

import { accessOf } from '../control/access/access.ts';
import type { Asking } from '../control/access/actor.ts';
import { type Address, type AddressNumber, ipv4Base, reverseName } from '../model/address.ts';
import { type Interval, parseRange } from '../model/address-range.ts';
import { type Host, ptrPlace } from '../model/host.ts';
import { listInSlices } from '../model/in-slices.ts';
import { ancestry, compareNames, type Fqdn, labelsOf } from '../model/name.ts';
import { hasReverseNames } from '../model/pool.ts';
import { isReverse, isReverseOfIpv4 } from '../model/reverse-tree.ts';
import type { Zone } from '../model/zone.ts';
import type { Versioned } from '../views/versioned.ts';

/** Returns a function that finds the reverse zones of a zone, in canonical order. Finds none for a reverse zone. */
export function reverseZoneFinder(asking: Asking): (zone: Fqdn) => Promise<Fqdn[]> {
  const all = new Map<Fqdn, Zone>();
  for (const { value } of asking.views.zones.list()) if (isReverse(value.name)) all.set(value.name, value);
  return (zone) => reverseZonesOf(asking, zone, all);
}

async function reverseZonesOf(asking: Asking, zone: Fqdn, all: ReadonlyMap<Fqdn, Zone>): Promise<Fqdn[]> {
  if (isReverse(zone)) return [];
  const found = new Set<Fqdn>();
  const pools = new Set<string>();
  const seen = new SeenNetworks(all.keys());
  for await (const { value: host } of hostsOf(asking, zone)) {
    // Often, the first hosts already lead to all reverse zones.
    if (found.size === all.size) break;
    for (const one of host.addresses) {
      const { address, space } = one;
      const pool = asking.views.pools.poolIdAt(space, address);
      if (pool !== null) pools.add(pool);
      const place = ptrPlace(host, one);
      if (place.kind === 'none') continue;
      // A classless reverse zone (RFC 2317) has the PTR; the zone of the reverse name has the CNAME that leads there.
      const reverse = reverseName(address);
      if (place.kind === 'at' && place.owner !== reverse) {
        const classless = ancestry(place.owner).find((name) => all.has(name));
        if (classless !== undefined) found.add(classless);
      }
      if (!seen.add(address)) continue;
      const holder = ancestry(reverse).find((name) => all.has(name));
      if (holder !== undefined) found.add(holder);
    }
  }
  const ranges = rangesOf(asking, pools);
  for (const [name, { automatic }] of all) {
    const span = automatic && !found.has(name) ? addressesOf(name) : undefined;
    if (span !== undefined && ranges.some(({ first, last }) => first <= span.last && last >= span.first))
      found.add(name);
  }
  return [...found].sort(compareNames);
}

/** The /24 networks of IPv4 with an address that was seen. Mostly, all PTRs of a /24 are in the same reverse zone. */
class SeenNetworks {
  readonly #seen = new Set<string>();
  /** True: a reverse zone may be smaller than a /24 (RFC 2317 and others), so every address is looked at. */
  readonly #isDivided: boolean;

  constructor(reverseZones: Iterable<Fqdn>) {
    const labelsOfNetwork = 5;
    this.#isDivided = [...reverseZones].some(
      (zone) => isReverseOfIpv4(zone) && labelsOf(zone).length > labelsOfNetwork,
    );
  }

  /** Notes the address. Returns false if an address of the same network was seen before. */
  add(address: Address): boolean {
    if (this.#isDivided || address.includes(':')) return true;
    const network = address.slice(0, address.lastIndexOf('.'));
    if (this.#seen.has(network)) return false;
    this.#seen.add(network);
    return true;
  }
}

/** Yields the hosts of a zone that the token may see. */
function hostsOf(asking: Asking, zone: Fqdn): AsyncGenerator<Versioned<Host>> {
  const access = accessOf(asking);
  return listInSlices({
    items: (after: Fqdn | undefined) => access.listHosts(after, zone),
    keyOf: ({ value }) => value.name,
    matches: ({ value }) => value.zone === zone && access.hasHost(value),
  });
}

/** Returns the ranges of those of these pools that the token may see and that have reverse names. */
function rangesOf(asking: Asking, ids: Iterable<string>): Interval[] {
  const access = accessOf(asking);
  return [...ids].flatMap((id) => {
    const pool = access.hasPool(id) ? asking.views.pools.byId(id)?.value : undefined;
    return pool !== undefined && hasReverseNames(pool) ? pool.ranges.map(parseRange) : [];
  });
}

/** Returns the addresses whose PTRs an automatic reverse zone has. Undefined if the name is no such zone. */
function addressesOf(zone: Fqdn): Interval | undefined {
  const labels = labelsOf(zone).slice(0, -2).reverse();
  const isIpv4 = isReverseOfIpv4(zone);
  const [count, bits] = isIpv4 ? [4, 8n] : [32, 4n];
  if (!labels.every((label) => (isIpv4 ? /^\d{1,3}$/ : /^[0-9a-f]$/).test(label)) || labels.length > count)
    return undefined;
  const value = labels.reduce((sum, label) => (sum << bits) | BigInt(isIpv4 ? Number(label) : `0x${label}`), 0n);
  const free = bits * BigInt(count - labels.length);
  const first: AddressNumber = (isIpv4 ? ipv4Base : 0n) + (value << free);
  return { first, last: first + (1n << free) - 1n };
}
