// The endpoints that this replica tells others: the setting `advertise` or, without it, the endpoints on which DNS
// listens. If such an endpoint has a wildcard address, the addresses of this machine replace it.

import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { type Address, familyOf, isLinkLocal, parseAddress } from '../model/address.ts';
import { type Endpoint, isLoopback, isWildcard } from '../model/endpoint.ts';

type MachineAddress = Pick<NetworkInterfaceInfo, 'address' | 'internal'>;

/**
 * Returns the endpoints to tell. `advertise`: the setting. `listening`: the endpoints on which DNS listens.
 * `addressesOf` returns the addresses of this machine.
 */
export function advertisedEndpoints(
  advertise: readonly Endpoint[],
  listening: readonly Endpoint[],
  addressesOf: () => readonly MachineAddress[] = machineAddresses,
): Endpoint[] {
  if (advertise.length > 0) return [...advertise];
  return listening.flatMap((endpoint) => replaceWildcard(endpoint, addressesOf));
}

/**
 * Returns whether a packet that this machine sends to `endpoint` reaches an endpoint on which DNS listens here.
 * `listening` and `addressesOf`: as for {@link advertisedEndpoints}.
 */
export function isListener(
  endpoint: Endpoint,
  listening: readonly Endpoint[],
  addressesOf: () => readonly MachineAddress[] = machineAddresses,
): boolean {
  return listening.some((one) => {
    if (one.port !== endpoint.port) return false;
    if (!isWildcard(one)) return one.address === endpoint.address;
    if (familyOf(one.address) !== familyOf(endpoint.address)) return false;
    return isLoopback(endpoint) || addressesOf().some(({ address }) => parseAddress(address) === endpoint.address);
  });
}

function machineAddresses(): MachineAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}

/**
 * Returns the endpoint if its address is not a wildcard. For a wildcard, returns an endpoint for each address of its
 * family on this machine, except loopback and link-local ones. Our sockets on `::` receive no IPv4.
 */
function replaceWildcard(endpoint: Endpoint, addressesOf: () => readonly MachineAddress[]): Endpoint[] {
  if (!isWildcard(endpoint)) return [endpoint];
  const others: Address[] = [];
  for (const { address: text, internal } of addressesOf()) {
    if (!internal) others.push(parseAddress(text));
  }
  return others
    .filter((address) => familyOf(address) === familyOf(endpoint.address) && !isLinkLocal(address))
    .map((address) => ({ address, port: endpoint.port }));
}
