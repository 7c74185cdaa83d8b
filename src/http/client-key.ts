// The client of a connection, for limits: one host may use a whole IPv6 /64.

import type { Socket } from 'node:net';
import { addressRdata, parseAddress } from '../model/address.ts';

/** Returns an IPv4 address, or the first 64 bits of an IPv6 address. Undefined if the connection is already closed. */
export function clientKey({ remoteAddress }: Pick<Socket, 'remoteAddress'>): string | undefined {
  if (remoteAddress === undefined) return undefined;
  const rdata = addressRdata(parseAddress(remoteAddress.replace(/%.*/, '')));
  return rdata.subarray(0, 8).join('.');
}
