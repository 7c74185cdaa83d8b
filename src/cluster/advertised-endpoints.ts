// The endpoints that this replica advertises to others: the endpoints of the setting or, without one, the endpoints on
// which DNS listens. The machine's own addresses replace a wildcard address.

import { networkInterfaces } from 'node:os';
import { parseAddress } from '../model/address.ts';
import { type Endpoint, isWildcard } from '../model/endpoint.ts';

export function advertisedEndpoints(advertise: readonly Endpoint[], listening: readonly Endpoint[]): Endpoint[] {
  return advertise.length > 0 ? [...advertise] : listening.flatMap(concrete);
}

function concrete(endpoint: Endpoint): Endpoint[] {
  if (!isWildcard(endpoint)) return [endpoint];
  const wanted = endpoint.address === '::' ? ['IPv4', 'IPv6'] : ['IPv4'];
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => !internal && wanted.includes(family) && !address.startsWith('fe80:'))
    .map(({ address }) => ({ address: parseAddress(address), port: endpoint.port }));
}
