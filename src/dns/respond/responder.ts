// Makes the response to a query by a list of steps. They are synchronous, read only shared memory, and make no garbage
// (test/dns/respond/garbage.test.ts). Sockets: listen/. The data that steps share: exchange.ts.

import type { TableReader } from '../../table/reader.ts';
import { rcode } from '../wire/codes.ts';
import { addAnswer } from './add-answer.ts';
import { addAuthority } from './add-authority.ts';
import { addGlue } from './add-glue.ts';
import { checkCookie } from './check-cookie.ts';
import type { Client } from './client.ts';
import { Clock } from './clock.ts';
import { counter, responseCell } from './counters.ts';
import { Exchange, type ResponderOptions, type Verdict, verdict } from './exchange.ts';
import { findNode } from './find-node.ts';
import { findZone } from './find-zone.ts';
import { finishResponse } from './finish-response.ts';
import { followAliases } from './follow-aliases.ts';
import { handedOn } from './hand-on.ts';
import { limitRate } from './limit-rate.ts';
import { createQueryHandOn } from './query-hand-on.ts';
import { readEdns } from './read-edns.ts';
import { readHeader } from './read-header.ts';
import { readQuestion } from './read-question.ts';
import { routeQuery } from './route-query.ts';
import { cookie } from './server-cookies.ts';

/** One step of an answer: reads and changes the exchange. */
export type Step = (exchange: Exchange) => Verdict;

const readSteps: readonly Step[] = [readHeader, readQuestion, readEdns, checkCookie];

/**
 * The steps of RFC 1034 §4.3.2, in our order. After the last one, or one that ends the exchange, limitRate and
 * finishResponse follow.
 */
const tableSteps: readonly Step[] = [routeQuery, findZone, findNode, followAliases, addAnswer, addAuthority, addGlue];

/**
 * Reads `length` octets of `query`, and writes the response into `response`, which has at least 512 octets. Returns the
 * response's length, 0 to send nothing, or `handedOn` if another thread answers. The table's reader must be awake
 * (TableReader.enter).
 */
export type Respond = (query: Uint8Array, length: number, response: Uint8Array, client: Client) => number;

/**
 * Returns the responder of one thread. For handed-on queries, `ownSteps` replace the steps that answer from the table.
 */
export function createResponder(
  reader: TableReader,
  options: ResponderOptions = {},
  ownSteps: readonly Step[] = tableSteps,
): Respond {
  const { clock = new Clock() } = options;
  const exchange = new Exchange(reader, { ...options, clock });
  const handOn = createQueryHandOn(clock);
  const { response: message } = exchange;
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
    // If limitRate has set TC, the client asks again over TCP, and that query is handed on.
    if (result === verdict.handOn && !message.truncated) {
      const handed = handOn(exchange);
      // The thread that answers counts the query.
      if (handed === verdict.handOn) return handedOn;
      if (handed === verdict.silent) {
        countQuery(exchange);
        return 0;
      }
    }
    countQuery(exchange);
    finishResponse(exchange);
    exchange.count(responseCell(message.rcode));
    if (message.truncated) exchange.count(counter.truncated);
    if (message.rcode === rcode.FORMERR) exchange.count(counter.malformed);
    return message.at;
  };
}

function countQuery(exchange: Exchange): void {
  const { client, edns } = exchange;
  exchange.count(counter.queries[client.transport]);
  if (edns.cookie !== cookie.none) exchange.count(counter.cookies[edns.cookie] as number);
}
