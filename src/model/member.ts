// A replica of this service, as the other replicas and the zones know it.

import { parseEndpoint } from './endpoint.ts';
import type { Nameserver } from './zone.ts';

export interface Member {
  replica: string;
  /** The endpoints at which clients reach the replica's DNS: `address:port`, IPv6 in brackets. */
  dns: string[];
  /** Identifies the process: a new value at each start. */
  instance?: string;
}

/**
 * Returns the replica as a nameserver, for zones whose settings have no nameservers: a label made from the replica's
 * name, and the addresses of its DNS.
 */
export function nameserverOf(member: Member): Nameserver {
  const label = member.replica
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60);
  return {
    label: label || 'replica',
    addresses: [...new Set(member.dns.map((endpoint) => parseEndpoint(endpoint).address))].sort(),
  };
}
