// The seam between sockets and answers: what a listening thread calls, once per query. No socket in here.

import { addressRdata, parseAddress } from '../../model/address.ts';
import { TableReader } from '../../table/reader.ts';
import { Clock } from '../respond/clock.ts';
import type { Transport } from '../respond/counters.ts';
import type { Client } from '../respond/exchange.ts';
import { createResponder } from '../respond/responder.ts';
import { rcode } from '../wire/codes.ts';
import { flag, headerField, headerLength, readUint16, writeUint16 } from '../wire/header.ts';
import type { ThreadTask } from './thread-task.ts';

/** Filled anew for each query, so that asking makes no garbage. */
export interface NetworkClient extends Client {
  /** In network order; the first 4 or 16 octets count. */
  readonly address: Uint8Array;
  addressLength: 4 | 16;
}

/** respond/'s Respond is one: it looks at less of the client. */
export type RespondTo = (query: Uint8Array, length: number, response: Uint8Array, client: NetworkClient) => number;

export interface Answerer {
  /** Does not throw. */
  readonly respond: RespondTo;
  /** Before the first query of a batch. */
  wake(): void;
  /** After a batch, before waiting for the next: what we read of the table may now be freed. */
  sleep(): void;
}

export function newClient(transport: Transport): NetworkClient {
  return { transport, address: new Uint8Array(16), addressLength: 4 };
}

/** Fills in who asked, from an address as Node's sockets write it. */
export function setClientAddress(client: NetworkClient, host: string): void {
  const zone = host.indexOf('%');
  const rdata = addressRdata(parseAddress(zone < 0 ? host : host.slice(0, zone)));
  client.address.set(rdata);
  client.addressLength = rdata.length === 4 ? 4 : 16;
}

/** Opens the table for this thread; `onFault` hears of bugs, at most once a second. */
export function openAnswerer(task: ThreadTask, onFault: (message: string) => void): Answerer {
  const reader = new TableReader(task.table, task.reader);
  const clock = new Clock();
  const options = { counters: task.responseCounters, settings: task.responses, clock };
  return {
    respond: guard(createResponder(reader, options), onFault),
    wake: () => {
      clock.set(Date.now());
      reader.enter();
    },
    sleep: () => reader.leave(),
  };
}

/** In milliseconds. */
const betweenFaults = 1_000;

/** A query that finds a bug costs its sender the answer (SERVFAIL), and not everybody this thread. */
export function guard(respond: RespondTo, onFault: (message: string) => void): RespondTo {
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

/** A header alone (RFC 1035 §4.1.1): the query's id, opcode and RD, no question. */
function writeServerFailure(query: Uint8Array, length: number, response: Uint8Array): number {
  const flags = query[headerField.flags]!;
  if (length < headerLength || (flags & flag.QR) !== 0) return 0;
  response.fill(0, 0, headerLength);
  writeUint16(response, headerField.id, readUint16(query, headerField.id));
  response[headerField.flags] = flag.QR | (flags & (flag.opcode | flag.RD));
  response[headerField.moreFlags] = rcode.SERVFAIL;
  return headerLength;
}
