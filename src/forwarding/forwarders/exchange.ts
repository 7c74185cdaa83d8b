// One query to one server, until its answer or its failure. Datagram ports and connections send the query; the upstream
// decides which message is its answer.

import type { WalkedMessage } from './walk-message.ts';

/**
 * Why a query has no answer. `refused`: the port is closed. `distrusted`: the certificate was not accepted. `broken`:
 * the connection failed. `ended`: the connection ended after it had carried answers, so the query can be sent again.
 */
export type ExchangeFailure = 'refused' | 'distrusted' | 'broken' | 'ended';

export interface Exchange {
  /** The query. The socket that sends it writes the id. */
  readonly query: Uint8Array;
  readonly isStream: boolean;
  /** When the query was sent, in milliseconds of `performance.now()`. */
  readonly sentAt: number;
  /** Takes a message with the query's id. Returns false if the message is not the answer: the query goes on waiting. */
  receive(octets: Uint8Array): boolean;
  /** `detail`: what the system says, for people. */
  fail(why: ExchangeFailure, detail?: string): void;
  /** Where the exchange waits, the id of its query, and the next exchange in its bucket (waiting-exchanges.ts). */
  waiting: { forget(exchange: Exchange): void } | undefined;
  id: number;
  nextWaiting: Exchange | undefined;
}

/** Is told how an exchange ends. Each exchange ends with one call, unless it is forgotten before. */
export interface ExchangeListener {
  /** The message is valid only during the call. `now` is the time of `performance.now()`. */
  answered(message: WalkedMessage, sameCase: boolean, now: number): void;
  failed(why: ExchangeFailure): void;
}
