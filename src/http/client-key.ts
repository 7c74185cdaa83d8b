// The client of a connection, for limits and events: one host may use a whole IPv6 /64.

import type { Socket } from 'node:net';
import { addressNumber, addressRdata, familyOf, formatAddress, parseAddress } from '../model/address.ts';

/** Returns an IPv4 address, or the first 64 bits of an IPv6 address. Undefined if the connection is already closed. */
export function clientKey({ remoteAddress }: Pick<Socket, 'remoteAddress'>): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const rdata = addressRdata(parseAddress(remoteAddress.replace(/%.*/, '')));
  return rdata.subarray(0, 8).join('.');
}

const low64 = (1n << 64n) - 1n;

/** Returns how to name the client in events: an IPv4 address, or an IPv6 prefix. Two clients have different names. */
export function clientName({ remoteAddress }: Pick<Socket, 'remoteAddress'>): string {
  if (remoteAddress === undefined) return 'unknown';
  const address = parseAddress(remoteAddress.replace(/%.*/, ''));
  if (familyOf(address) === 'ipv4') return address;
  return `${formatAddress(addressNumber(address) & ~low64)}/64`;
}
