// Hands the query of an exchange on to another thread. If that is not possible, answers an error or drops the query.

import { extendedError, rcode } from '../wire/codes.ts';
import type { Clock } from './clock.ts';
import { counter } from './counters.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import type { HandedOnKind } from './hand-on.ts';
import { PerSecondLimit } from './per-second-limit.ts';

/**
 * The most SERVFAIL answers of a thread in a second to queries over UDP that could not be handed on. Further queries
 * are dropped: in a flood, a SERVFAIL costs as much as any other answer.
 */
export const maxServerFailures = 1_000;

/**
 * Returns a function that hands on the query of an exchange. The function returns `handOn` if another thread answers,
 * `end` if the response has an answer or an error, and `silent` if the query is dropped.
 */
export function createQueryHandOn(clock: Clock): (exchange: Exchange) => Verdict {
  const serverFailures = new PerSecondLimit(maxServerFailures);
  return (exchange) => {
    const { client, query } = exchange;
    const taken = client.handOn?.(exchange.handOnTo as HandedOnKind, query.octets, query.length, exchange.found);
    if (taken === true) return verdict.handOn;
    // The response has an alias of ours. It is an answer even without the records of the alias's target.
    if (exchange.response.answers > 0) return verdict.end;
    if (taken === undefined) return exchange.end(rcode.NOTIMP, extendedError.NOT_SUPPORTED);
    if (client.transport === 'udp' && !serverFailures.allows(clock.seconds)) {
      exchange.count(counter.handOnDropped);
      return verdict.silent;
    }
    return exchange.end(rcode.SERVFAIL, extendedError.NOT_READY);
  };
}
