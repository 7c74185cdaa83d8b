// A replica of this service, as the others and the zones know it.

import { parseEndpoint } from './endpoint.ts';
import type { Nameserver } from './zone.ts';

export interface Member {
  replica: string;
  /** Where its DNS is reached from outside: `address:port`, IPv6 in brackets. */
  dns: string[];
  /** The process: another one for each start. */
  instance?: string;
}

/** How zones without nameservers of their own name the replica: a label made from its name, and its addresses. */
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
