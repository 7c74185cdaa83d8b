// The paths of resources, encoded as a client must send them, for messages and for the header `Location`.

import type { Address } from '../../model/address.ts';
import { type Fqdn, formatRelativeName, root } from '../../model/name.ts';
import { defaultSpace } from '../../model/pool.ts';

/** Returns the path of a zone, `@` for the root zone: clients remove a segment `.` (RFC 3986 §5.2.4). */
export function zonePath(zone: Fqdn): string {
  return `/v1/zones/${zone === root ? '@' : encodeURIComponent(zone)}`;
}

export function rrsetPath(zone: Fqdn, owner: Fqdn, type: string): string {
  const name = owner === zone ? '@' : encodeURIComponent(formatRelativeName(owner, zone));
  return `${zonePath(zone)}/rrsets/${name}/${type}`;
}

export function hostPath(host: Fqdn): string {
  return `/v1/hosts/${encodeURIComponent(host)}`;
}

export function poolPath(pool: string): string {
  return `/v1/pools/${pool}`;
}

export function forwarderPath(zone: Fqdn): string {
  return `/v1/forwarders/${encodeURIComponent(zone)}`;
}

/** `more`: further parameters of the request. */
export function addressPath(space: string, address: Address, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ ...(space !== defaultSpace && { space }), ...more });
  return `/v1/addresses/${address}${query.size === 0 ? '' : `?${query}`}`;
}
