// An address with a port, as settings and replicas write it: `192.0.2.1:53`, `[2001:db8::1]:53`.

import { type Address, addressNumber, familyOf, parseAddress } from './address.ts';
import { InvalidValue, unlessInvalid } from './invalid-value.ts';

export interface Endpoint {
  readonly address: Address;
  readonly port: number;
}

/** Parses an endpoint. Throws InvalidValue. */
export function parseEndpoint(text: string): Endpoint {
  const [, ipv6, ipv4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = ipv6 ?? ipv4;
  if (address === undefined || Number(port) > 65535) {
    throw new InvalidValue('must be an address and a port, such as 127.0.0.1:1053 or [::1]:1053');
  }
  return { address: parseAddress(address), port: Number(port) };
}

/** Returns whether {@link parseEndpoint} accepts the text. */
export function isEndpoint(text: string): boolean {
  return unlessInvalid(() => parseEndpoint(text)) !== undefined;
}

export function formatEndpoint({ address, port }: Endpoint): string {
  return familyOf(address) === 'ipv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Compares endpoints by their addresses, then by their ports. */
export function compareEndpoints(a: Endpoint, b: Endpoint): number {
  const [one, other] = [addressNumber(a.address), addressNumber(b.address)];
  if (one !== other) return one < other ? -1 : 1;
  return a.port - b.port;
}

/** Returns whether only this machine can reach the endpoint. */
export function isLoopback({ address }: Endpoint): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** Returns whether the endpoint stands for all addresses of the machine. */
export function isWildcard({ address }: Endpoint): boolean {
  return address === '0.0.0.0' || address === '::';
}
