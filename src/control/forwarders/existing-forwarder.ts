// Returns a forwarder that a request names. Every token may see forwarders. Only an admin without a scope may change
// them, because this service sends questions to their targets.

import { refuse } from '../../errors.ts';
import type { Forwarder } from '../../model/forwarder.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';

/** Returns the forwarder. Refuses with `not_found`. */
export function existingForwarder({ views }: Asking, zone: Fqdn): Versioned<Forwarder> {
  const message = `there is no forwarder for ${zone}: an admin can add it (PUT /v1/forwarders/${zone})`;
  return views.forwarders.get(zone) ?? refuse('not_found', message, { zone }, ':zone');
}

/** Refuses with `forbidden` a token that may not change forwarders. */
export function needForwarders(asking: Asking): void {
  accessOf(asking).needAdmin('managing forwarders');
}
