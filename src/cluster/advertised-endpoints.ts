// The endpoints that this replica advertises to others: those of the setting. Without them, those on which DNS listens,
// with the addresses of this machine in place of a wildcard address.

import { networkInterfaces } from 'node:os';
import { parseAddress } from '../model/address.ts';
import { type Endpoint, isWildcard } from '../model/endpoint.ts';

/** Returns the endpoints to advertise. `advertise`: the setting. `listening`: the endpoints on which DNS listens. */
export function advertisedEndpoints(advertise: readonly Endpoint[], listening: readonly Endpoint[]): Endpoint[] {
  return advertise.length > 0 ? [...advertise] : listening.flatMap(replaceWildcard);
}

/**
 * Returns the endpoint itself or, in place of a wildcard address, one endpoint for each address of this machine, except
 * loopback addresses and link-local IPv6 addresses. `0.0.0.0` stands for the IPv4 addresses, `::` for all addresses.
 */
function replaceWildcard(endpoint: Endpoint): Endpoint[] {
  if (!isWildcard(endpoint)) return [endpoint];
  const wanted = endpoint.address === '::' ? ['IPv4', 'IPv6'] : ['IPv4'];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => !internal && wanted.includes(family) && !address.startsWith('fe80:'))
    .map(({ address }) => ({ address: parseAddress(address), port: endpoint.port }));
}
