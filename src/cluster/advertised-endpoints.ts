// The endpoints that others are told to ask: those of the setting, or those on which DNS listens. The machine's
// addresses replace a wildcard.

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
