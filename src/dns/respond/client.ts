// Who asks: what the sockets know of a query's sender.

import { addressRdata, parseAddress } from '../../model/address.ts';
import type { Transport } from './counters.ts';

/** Filled anew for each query, so that asking makes no garbage. */
export interface Client {
  readonly transport: Transport;
  /** In network order; the first 4 or 16 octets count. */
  readonly address: Uint8Array;
  addressLength: 4 | 16;
}

export function newClient(transport: Transport): Client {
  return { transport, address: new Uint8Array(16), addressLength: 4 };
}

/** Fills in who asked, from an address as Node's sockets write it. */
export function setClientAddress(client: Client, host: string): void {
  const zone = host.indexOf('%');
  const rdata = addressRdata(parseAddress(zone < 0 ? host : host.slice(0, zone)));
  client.address.set(rdata);
  client.addressLength = rdata.length === 4 ? 4 : 16;
}
