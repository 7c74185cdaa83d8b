// One query to one server, and what may come of it. Datagram ports and connections carry it; the upstream decides
// which message is its answer.

import type { WalkedMessage } from './walk-message.ts';

/** Why a query has no answer. `refused`: the port is closed. `broken`: the connection ended. */
export type ExchangeFailure = 'refused' | 'broken';

export interface Exchange {
  /** The query. Who carries it writes the id. */
  readonly query: Uint8Array;
  readonly isStream: boolean;
  /** In milliseconds, of `performance.now()`. */
  readonly sentAt: number;
  /** Takes a message with the query's id. Returns false to go on waiting for another. */
  receive(octets: Uint8Array): boolean;
  fail(why: ExchangeFailure): void;
  /** Set by who carries it: forgets the exchange. */
  forget: () => void;
}

/** What the one who asks learns. Each exchange ends with one call. */
export interface ExchangeListener {
  /** The message is valid only during the call. */
  answered(message: WalkedMessage, sameCase: boolean): void;
  failed(why: ExchangeFailure): void;
}
