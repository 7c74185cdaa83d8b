// respond(query) → response: the steps of an answer, in one list. Synchronous, from the table alone, without garbage (test/dns/respond/garbage.test.ts).
// Sockets: listen/. What a step tells the next: exchange.ts.

import type { TableReader } from '../../table/reader.ts';
import { rcode } from '../wire/codes.ts';
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
import { limitRate } from './limit-rate.ts';
import { readEdns } from './read-edns.ts';
import { readHeader } from './read-header.ts';
import { readQuestion } from './read-question.ts';
import { refuseUnserved } from './refuse-unserved.ts';

type Step = (exchange: Exchange) => Verdict;

/** RFC 1034 §4.3.2 in the order we take it. A step that ends the exchange leads to the last ones. */
const steps: readonly Step[] = [
  readHeader,
  readQuestion,
  readEdns,
  checkCookie,
  refuseUnserved,
  findZone,
  findNode,
  followAliases,
  addAnswer,
  addAuthority,
  addGlue,
];

/** Whatever ended the list above. */
const lastSteps: readonly Step[] = [limitRate, fit];

/**
 * Reads `length` octets of `query`, writes the response into `response`, which holds 512 octets at least, and returns its length; 0: stay silent. The table's
 * reader must be awake (TableReader.enter).
 */
export type Respond = (query: Uint8Array, length: number, response: Uint8Array, client: Client) => number;

/** One for each thread. */
export function createResponder(reader: TableReader, options: ResponderOptions = {}): Respond {
  const exchange = new Exchange(reader, options);

  return (query, length, response, client) => {
    exchange.begin(query, length, response, client);
    for (let i = 0; i < steps.length; i += 1) {
      const result = (steps[i] as Step)(exchange);
      if (result === verdict.next) continue;
      if (result === verdict.end) break;
      exchange.count(counter.dropped);
      return 0;
    }
    exchange.count(counter.queries[client.transport]);
    for (let i = 0; i < lastSteps.length; i += 1) if ((lastSteps[i] as Step)(exchange) === verdict.silent) return 0;
    exchange.count(responseCell(exchange.rcode));
    if (exchange.truncated) exchange.count(counter.truncated);
    if (exchange.rcode === rcode.FORMERR) exchange.count(counter.malformed);
    return exchange.at;
  };
}
