// The seam between sockets and answers: what a listening thread calls, once per query. No socket in here.

import { TableReader } from '../../table/reader.ts';
import type { ThreadTask } from './thread-task.ts';

export type Transport = 'udp' | 'tcp';

/** Who asked, and how. One object per thread, filled anew for each query. */
export interface Client {
  transport: Transport;
  /** The client's address in network order; the first 4 or 16 octets count. */
  readonly address: Uint8Array;
  addressLength: 4 | 16;
}

export interface Answerer {
  /** Writes the answer and returns its length; 0: stay silent. */
  respond(query: Uint8Array, length: number, response: Uint8Array, client: Client): number;
  /** Before the first query of a batch. */
  wake(): void;
  /** After a batch, before waiting for the next: what we read of the table may now be freed. */
  sleep(): void;
}

/** Placeholder until respond/ is there: refuses everything (RFC 1035 §4.1.1, RCODE 5). */
export function openAnswerer({ table, reader }: ThreadTask): Answerer {
  const tableReader = new TableReader(table, reader);
  return {
    respond(query, length, response) {
      if (length < 12 || query[2]! & 0x80) return 0;
      response.set(query.subarray(0, length));
      response[2] = query[2]! | 0x80;
      response[3] = 5;
      return length;
    },
    wake: () => tableReader.enter(),
    sleep: () => tableReader.leave(),
  };
}
