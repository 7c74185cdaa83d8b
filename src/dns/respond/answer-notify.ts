// Answers NOTIFY (RFC 1996): REFUSED for a zone of ours, and NOTAUTH for any other name.

import { typeCode } from '../../model/rdata/record-types.ts';
import { extendedError, rcode, recordClass } from '../wire/codes.ts';
import type { Exchange, Verdict } from './exchange.ts';
import { enterZone } from './find-zone.ts';

/**
 * We are the primary of every zone that we serve, so each NOTIFY comes from "a host that is not a known master". By RFC
 * 1996 §3.10 it should be ignored and logged. We answer, since the sender would repeat it for minutes (§3.6).
 * For a zone of ours we answer REFUSED, like NSD (BIND answers NOERROR, Knot NOTAUTH). For any other name we answer
 * NOTAUTH, like BIND and Knot. For another type than SOA we answer FORMERR, like BIND: a changed SOA is the only event
 * (§3.11). test/dns/handed-on/notify-peers.test.ts asks all of them.
 */
export function answerNotify(exchange: Exchange): Verdict {
  const { query, lookup, reader } = exchange;
  if (query.type !== typeCode.SOA) return exchange.end(rcode.FORMERR, extendedError.INVALID_QUERY_TYPE);
  const served =
    query.class === recordClass.IN &&
    enterZone(exchange) &&
    lookup.zoneSuffix === 0 &&
    !reader.isForwarder(lookup.zone);
  if (!served) return exchange.end(rcode.NOTAUTH, extendedError.NOT_AUTHORITATIVE);
  return exchange.end(rcode.REFUSED, extendedError.NOT_SUPPORTED);
}
