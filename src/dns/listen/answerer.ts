// The seam between sockets and answers: what a listening thread calls, once per query. No socket in here.

import { addressRdata, parseAddress } from '../../model/address.ts';
import { TableReader } from '../../table/reader.ts';
import type { ThreadTask } from './thread-task.ts';

export type Transport = 'udp' | 'tcp';

/** Who asked, and how. Filled anew for each query, so that asking makes no garbage. */
export interface Client {
  transport: Transport;
  /** The client's address in network order; the first 4 or 16 octets count. */
  readonly address: Uint8Array;
  addressLength: 4 | 16;
}

export interface Answerer {
  /** Writes the answer and returns its length; 0: stay silent. Does not throw. */
  respond(query: Uint8Array, length: number, response: Uint8Array, client: Client): number;
  /** Before the first query of a batch. */
  wake(): void;
  /** After a batch, before waiting for the next: what we read of the table may now be freed. */
  sleep(): void;
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

/** Opens the table for this thread; `onFault` hears of bugs, at most once a second. */
export function openAnswerer({ table, reader }: ThreadTask, onFault: (message: string) => void): Answerer {
  const tableReader = new TableReader(table, reader);
  return {
    respond: guard(refuseAll, onFault),
    wake: () => tableReader.enter(),
    sleep: () => tableReader.leave(),
  };
}

/** Placeholder until respond/ is there: refuses everything (RFC 1035 §4.1.1, RCODE 5). */
function refuseAll(query: Uint8Array, length: number, response: Uint8Array): number {
  if (length < headerLength || query[2]! & 0x80) return 0;
  response.set(query.subarray(0, length));
  response[2] = query[2]! | 0x80;
  response[3] = 5;
  return length;
}

const headerLength = 12;
/** In milliseconds. */
const betweenFaults = 1_000;

/** A query that finds a bug costs its sender the answer (SERVFAIL), and not everybody this thread. */
export function guard(respond: Answerer['respond'], onFault: (message: string) => void): Answerer['respond'] {
  let quietUntil = 0;
  return (query, length, response, client) => {
    try {
      return respond(query, length, response, client);
    } catch (error) {
      const now = performance.now();
      if (now >= quietUntil) onFault(faultMessage(error, query.subarray(0, length)));
      if (now >= quietUntil) quietUntil = now + betweenFaults;
      return writeServerFailure(query, length, response);
    }
  };
}

/** With the query itself, so that the bug can be found. */
function faultMessage(error: unknown, query: Uint8Array): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${what}\nquery: ${Buffer.from(query).toString('hex').slice(0, 1_024)}`;
}

/** A header alone: the query's id, opcode and RD, with RCODE 2 (RFC 1035 §4.1.1). */
function writeServerFailure(query: Uint8Array, length: number, response: Uint8Array): number {
  if (length < headerLength || query[2]! & 0x80) return 0;
  response.fill(0, 0, headerLength);
  response[0] = query[0]!;
  response[1] = query[1]!;
  response[2] = 0x80 | (query[2]! & 0x79);
  response[3] = 2;
  return headerLength;
}
