// Returns the pool, zone or host that a request names in its path, from the views. Refuses with `not_found` if there is
// none.

import { refuse } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Pool } from '../../model/pool.ts';
import type { Zone } from '../../model/zone.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';

interface Seen {
  views: Pick<Views, 'pools' | 'zones' | 'hosts'>;
}

export function existingPool({ views }: Seen, name: string): Versioned<Pool> {
  return views.pools.get(name) ?? refuse('not_found', noPool(name), { pool: name }, ':pool');
}

export function existingZone({ views }: Seen, name: Fqdn): Versioned<Zone> {
  const message = `there is no zone ${name}: create it (POST /v1/zones), or list the zones (GET /v1/zones)`;
  return views.zones.get(name) ?? refuse('not_found', message, { zone: name }, ':zone');
}

export function existingHost({ views }: Seen, name: Fqdn): Versioned<Host> {
  return views.hosts.get(name) ?? refuse('not_found', `there is no host ${name}`, { name }, ':name');
}

/** Returns what to tell about a pool that does not exist. */
export function noPool(name: string): string {
  return `there is no pool '${name}': create it (POST /v1/pools), or list the pools (GET /v1/pools)`;
}
