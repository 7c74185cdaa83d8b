// Answers questions for forwarded zones, from the cache or through the forwarder's thread. Refuses clients that may not
// ask, and queries without RD.

import type { AnswerReader } from '../../forward-cache/answer-reader.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { moreFlag } from '../wire/header.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { type ForwardedAnswers, flagsOf } from './forwarded-answers.ts';
import { handedOnKind } from './hand-on.ts';
import { finding } from './lookup.ts';

/** Answers a question for a name in a forwarded zone. */
export function forwardQuery(exchange: Exchange): Verdict {
  const { forwarded, lookup, reader } = exchange;
  // Without RD, the query is refused: we are not authoritative (RFC 8914 §4.21).
  if (!exchange.query.recursionDesired || forwarded === undefined)
    return exchange.end(rcode.REFUSED, extendedError.NOT_AUTHORITATIVE);
  if (!isAllowed(exchange)) return exchange.end(rcode.REFUSED, extendedError.PROHIBITED);
  setRecursion(exchange);
  lookup.finding = finding.done;
  const number = reader.forwarderNumber(lookup.zone);
  const flags = flagsOf(exchange.query, exchange.edns);
  const answer = forwarded.find(number, lookup.name, exchange.query, flags);
  if (answer === undefined) {
    exchange.found.forwarder = number;
    exchange.found.flags = flags;
    return handOn(exchange, forwarded);
  }
  reader.countHit(lookup.zone);
  return writeForwarded(exchange, answer, forwarded.seconds);
}

/**
 * Handles an alias of ours that leads into a forwarded zone. The forwarder completes the answer for clients that may
 * ask that zone. Other clients get only the alias.
 */
export function forwardAlias(exchange: Exchange): Verdict {
  const { forwarded, query } = exchange;
  exchange.lookup.finding = finding.done;
  if (!query.recursionDesired || forwarded === undefined || !isAllowed(exchange)) return verdict.end;
  setRecursion(exchange);
  return handOn(exchange, forwarded);
}

function handOn(exchange: Exchange, { onMiss }: ForwardedAnswers): Verdict {
  const { reader, lookup, query, response, edns } = exchange;
  if (onMiss !== undefined) {
    const forwarder = reader.forwarderNumber(lookup.zone);
    onMiss({ forwarder, query, response, flags: flagsOf(query, edns) });
  }
  return exchange.handOn(handedOnKind.forward);
}

function setRecursion({ response, query }: Exchange): void {
  response.moreFlags = moreFlag.RA | (query.checkingDisabled ? moreFlag.CD : 0);
}

function isAllowed({ reader, lookup, client }: Exchange): boolean {
  return reader.allowsClient(lookup.zone, client.address, client.addressLength);
}

/** Writes the answer behind the question. `answer` must be an answer to that question. `seconds` is the time now. */
export function writeForwarded(exchange: Exchange, answer: AnswerReader, seconds: number): Verdict {
  const { response } = exchange;
  response.at = answer.copy(response.octets, response.maxRecordsEnd, seconds);
  response.answers = answer.answers;
  response.authorities = answer.authorities;
  response.additionals = answer.additionals;
  setRecursion(exchange);
  if (answer.truncated) response.truncated = true;
  return exchange.end(answer.rcode, answer.extendedError);
}
