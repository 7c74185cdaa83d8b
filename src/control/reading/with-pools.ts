// Fills in what answers show of an address, and the store does not keep. The pool whose ranges have the address: the
// store keeps the id of the pool that gave it, or none. If a pool around such an address is created later, answers show
// that pool, and nothing is rewritten. And which of several hosts at an address has its PTR.

import type { Address } from '../../model/address.ts';
import type { AddressRecord } from '../../model/allocation.ts';
import { type Host, type HostAddress, ptrHost } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Scope } from '../../model/rights.ts';
import type { Views } from '../../views/views.ts';

/** An address, as answers show it: not with the pool that gave it, but with the pool that has it now. */
type Seen<T extends { givenBy: string | null }> = Omit<T, 'givenBy'> & {
  /** The name of the pool whose ranges have the address; null if no pool has it. */
  pool: string | null;
};
export type SeenHost = Omit<Host, 'addresses'> & { addresses: Seen<HostAddress>[] };
export type SeenRecord = Seen<AddressRecord>;

interface SeesPools {
  views: Pick<Views, 'pools'>;
}

interface SeesHosts {
  views: Pick<Views, 'pools' | 'hosts'>;
}

/**
 * Returns the host with the pool of each address, and without the PTRs that other hosts at its addresses have.
 * `recordOf` returns the record of an address; default: as the views have it. `created`: hosts that the views do not
 * have yet.
 */
export function withPools(
  { views }: SeesHosts,
  host: Host,
  recordOf = (space: string, address: Address) => views.pools.address(space, address)?.value,
  created: readonly Host[] = [],
): SeenHost {
  const hostOf = (name: Fqdn) => [host, ...created].find((one) => one.name === name) ?? views.hosts.get(name)?.value;
  const addresses = host.addresses.map(({ givenBy: _, ...one }) => {
    const pool = views.pools.poolNameAt(one.space, one.address);
    const record = recordOf(one.space, one.address);
    const hasPtr = record === undefined || record.holders.length < 2 || ptrHost(record, hostOf) === host;
    return { ...one, pool, ...(!hasPtr && { ptr: false as const }) };
  });
  return { ...host, addresses };
}

/** Returns the record of an address with its pool. */
export function withPool({ views }: SeesPools, { givenBy: _, ...record }: AddressRecord): SeenRecord {
  return { ...record, pool: views.pools.poolNameAt(record.space, record.address) };
}

/** Returns the name of the pool with this id. Returns the id if there is no such pool, and null for null. */
export function poolName<Id extends string | null>({ views }: SeesPools, id: Id): string | Id {
  return id === null ? id : (views.pools.byId(id)?.value.name ?? id);
}

/** Returns a token with the names of the pools in its scope. The store has their ids. */
export function withPoolNames<T extends Scope>(seen: SeesPools, token: T): T {
  const { pools } = token;
  return pools === undefined ? token : { ...token, pools: pools.map((id) => poolName(seen, id)) };
}
