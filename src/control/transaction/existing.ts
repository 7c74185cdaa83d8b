// The pool, zone or host of a name that a request gives, as it stands. Each refuses with `not_found`.

import { refuse } from '../../errors.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Pool } from '../../model/pool.ts';
import type { Zone } from '../../model/zone.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';

interface Known {
  views: Pick<Views, 'pools' | 'zones' | 'hosts'>;
}

export function existingPool({ views }: Known, name: string): Versioned<Pool> {
  return views.pools.get(name) ?? refuse('not_found', `there is no pool '${name}'`, { pool: name });
}

export function existingZone({ views }: Known, name: Fqdn): Versioned<Zone> {
  return views.zones.get(name) ?? refuse('not_found', `there is no zone ${name}`, { zone: name });
}

export function existingHost({ views }: Known, name: Fqdn): Versioned<Host> {
  return views.hosts.get(name) ?? refuse('not_found', `there is no host ${name}`, { name });
}
