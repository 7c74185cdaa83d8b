// Fills in the pool whose ranges have an address. The store keeps the pool that gave the address, or none if no pool
// gave it. If a pool around such an address is created later, answers show that pool, and
// nothing is rewritten.

import type { AddressRecord } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import type { Views } from '../../views/views.ts';

interface Seen {
  views: Pick<Views, 'pools'>;
}

/** Returns the host with the pool of each address. */
export function withPools({ views }: Seen, host: Host): Host {
  const addresses = host.addresses.map((one) => ({ ...one, pool: views.pools.poolNameAt(one.space, one.address) }));
  return { ...host, addresses };
}

/** Returns the record of an address with its pool. */
export function withPool({ views }: Seen, record: AddressRecord): AddressRecord {
  return { ...record, pool: views.pools.poolNameAt(record.space, record.address) };
}
