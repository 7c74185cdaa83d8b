// Returns the pool, zone or host that the path of a request names, from the views. First refuses with `forbidden` a
// name beyond the scope of the token. Then refuses with `not_found` if there is no such pool, zone or host.

import { refuse } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Pool } from '../../model/pool.ts';
import type { Zone } from '../../model/zone.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';

/** `name`: the name of the pool, or its id. */
export function existingPool(asking: Asking, name: string): Versioned<Pool> {
  accessOf(asking).needPool(name);
  return asking.views.pools.find(name) ?? refuse('not_found', noPool(name), { pool: name }, ':pool');
}

export function existingZone(asking: Asking, name: Fqdn): Versioned<Zone> {
  accessOf(asking).needZone(name);
  const message = `there is no zone ${name}: create it (POST /v1/zones), or list the zones (GET /v1/zones)`;
  return asking.views.zones.get(name) ?? refuse('not_found', message, { zone: name }, ':zone');
}

export function existingHost(asking: Asking, name: Fqdn): Versioned<Host> {
  const host = asking.views.hosts.get(name);
  accessOf(asking).needHost(name, host?.value);
  return host ?? refuse('not_found', `there is no host ${name}`, { name }, ':name');
}

/** Returns the message about a pool that does not exist. */
export function noPool(name: string): string {
  return `there is no pool '${name}': create it (POST /v1/pools), or list the pools (GET /v1/pools)`;
}
