// respond(query) → response: the steps of an answer, in one list. Synchronous, from the table alone, without garbage (test/dns/respond/garbage.test.ts).
// Sockets: listen/. What a step tells the next: exchange.ts.

import type { TableReader } from '../../table/reader.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { addAnswer } from './add-answer.ts';
import { addAuthority } from './add-authority.ts';
import { addGlue } from './add-glue.ts';
import { checkCookie } from './check-cookie.ts';
import type { Client } from './client.ts';
import { counter, responseCell } from './counters.ts';
import { Exchange, type ResponderOptions, type Verdict, verdict } from './exchange.ts';
import { findNode } from './find-node.ts';
import { findZone } from './find-zone.ts';
import { fit } from './fit.ts';
import { followAliases } from './follow-aliases.ts';
import { type HandedOnKind, handedOn } from './hand-on.ts';
import { limitRate } from './limit-rate.ts';
import { readEdns } from './read-edns.ts';
import { readHeader } from './read-header.ts';
import { readQuestion } from './read-question.ts';
import { refuseUnserved } from './refuse-unserved.ts';
import { cookie } from './server-cookies.ts';

/** One step of an answer: it reads and changes the exchange. */
export type Step = (exchange: Exchange) => Verdict;

/** What every answer begins with. */
const readSteps: readonly Step[] = [readHeader, readQuestion, readEdns, checkCookie];

/** RFC 1034 §4.3.2 in the order we take it. A step that ends the exchange leads to limitRate and fit. */
const tableSteps: readonly Step[] = [
  refuseUnserved,
  findZone,
  findNode,
  followAliases,
  addAnswer,
  addAuthority,
  addGlue,
];

/**
 * Reads `length` octets of `query` and writes the response into `response`, which holds 512 octets at least. Returns the response's
 * length; 0: stay silent; `handedOn`: another thread answers. The table's reader must be awake (TableReader.enter).
 */
export type Respond = (query: Uint8Array, length: number, response: Uint8Array, client: Client) => number;

/** Makes one for a thread. `ownSteps` replace those that answer from the table: for queries that were handed on. */
export function createResponder(
  reader: TableReader,
  options: ResponderOptions = {},
  ownSteps: readonly Step[] = tableSteps,
): Respond {
  const exchange = new Exchange(reader, options);
  const steps = [...readSteps, ...ownSteps];

  return (query, length, response, client) => {
    exchange.begin(query, length, response, client);
    let result: Verdict = verdict.next;
    for (let i = 0; i < steps.length && result === verdict.next; i += 1) result = (steps[i] as Step)(exchange);
    if (result === verdict.silent) {
      exchange.count(counter.dropped);
      return 0;
    }
    if (limitRate(exchange) === verdict.silent) {
      countQuery(exchange);
      return 0;
    }
    // With TC the client asks again over TCP.
    if (result === verdict.handOn && !exchange.truncated) {
      const taken = client.handOn?.(exchange.handOnTo as HandedOnKind, query, length);
      // Counted where it is answered.
      if (taken === true) return handedOn;
      if (taken === false) exchange.end(rcode.SERVFAIL, extendedError.NOT_READY);
      else exchange.end(rcode.NOTIMP, extendedError.NOT_SUPPORTED);
    }
    countQuery(exchange);
    fit(exchange);
    exchange.count(responseCell(exchange.rcode));
    if (exchange.truncated) exchange.count(counter.truncated);
    if (exchange.rcode === rcode.FORMERR) exchange.count(counter.malformed);
    return exchange.at;
  };
}

function countQuery(exchange: Exchange): void {
  exchange.count(counter.queries[exchange.transport]);
  if (exchange.cookie !== cookie.none) exchange.count(counter.cookies[exchange.cookie] as number);
}
