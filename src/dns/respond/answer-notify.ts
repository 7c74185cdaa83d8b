// Answers NOTIFY (RFC 1996): NOTAUTH for a name that is no zone of ours, REFUSED for one that is.

import { typeCode } from '../../model/rdata/record-types.ts';
import { extendedError, rcode, recordClass } from '../wire/codes.ts';
import type { Exchange, Verdict } from './exchange.ts';
import { enterZone } from './find-zone.ts';

/**
 * We are the primary of every zone that we serve, so every NOTIFY comes from "a host that is not a known master"
 * (§3.10), which BIND refuses too. The only event is a changed SOA (§3.11): another type is FORMERR, as with BIND and
 * Knot. All of them say NOTAUTH for an unknown zone. §3.10 would ignore the message, but then its sender repeats it for
 * minutes (§3.6).
 */
export function answerNotify(exchange: Exchange): Verdict {
  const { query, lookup } = exchange;
  if (query.type !== typeCode.SOA) return exchange.end(rcode.FORMERR, extendedError.INVALID_QUERY_TYPE);
  const served = query.class === recordClass.IN && enterZone(exchange) && lookup.zoneSuffix === 0;
  if (!served) return exchange.end(rcode.NOTAUTH, extendedError.NOT_AUTHORITATIVE);
  return exchange.end(rcode.REFUSED, extendedError.NOT_SUPPORTED);
}
