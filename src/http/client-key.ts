// The client of a connection, for limits and events. An IPv6 client is a whole /64, because one host may use all of it.

import type { Socket } from 'node:net';
import { addressFromRdata, addressRdata, formatAddress, parseAddress } from '../model/address.ts';

/** The keys of open connections. */
const keys = new WeakMap<object, string>();

/** Returns the first 8 octets of the address, with dots: all of IPv4. Undefined if the connection is already closed. */
export function clientKey(socket: Pick<Socket, 'remoteAddress'>): string | undefined {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined) return undefined;
  const known = keys.get(socket);
  if (known !== undefined) return known;
  const rdata = addressRdata(parseAddress(remoteAddress.replace(/%.*/, '')));
  const key = rdata.subarray(0, 8).join('.');
  keys.set(socket, key);
  return key;
}

/** Returns the name of a client for events: an IPv4 address, or an IPv6 prefix. The key '' belongs to no client. */
export function clientName(key: string): string {
  if (key === '') return 'unknown';
  const octets = key.split('.').map(Number);
  if (octets.length === 4) return key;
  const prefix = new Uint8Array(16);
  prefix.set(octets);
  return `${formatAddress(addressFromRdata(prefix))}/64`;
}
