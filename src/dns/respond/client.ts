// The sender of a query, as the sockets know it.

import { addressRdata, parseAddress } from '../../model/address.ts';
import type { Transport } from './counters.ts';
import type { HandOn } from './hand-on.ts';

/**
 * The sender of a query. Each socket has one object, which it fills for each query, so that queries make no garbage.
 */
export interface Client {
  readonly transport: Transport;
  /** The client's address in network order. Only the first `addressLength` octets are valid. */
  readonly address: Uint8Array;
  addressLength: 4 | 16;
  /** Hands on the query that is being answered. Without this function, no query of the client is handed on. */
  handOn?: HandOn;
}

export function newClient(transport: Transport): Client {
  return { transport, address: new Uint8Array(16), addressLength: 4 };
}

/** Sets the client's address from the text that Node's sockets give. It may have an IPv6 zone (`fe80::1%eth0`). */
export function setClientAddress(client: Client, host: string): void {
  const zone = host.indexOf('%');
  const rdata = addressRdata(parseAddress(zone < 0 ? host : host.slice(0, zone)));
  client.address.set(rdata);
  client.addressLength = rdata.length === 4 ? 4 : 16;
}
