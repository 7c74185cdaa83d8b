// Answers NOTIFY (RFC 1996) with an error: REFUSED for our zones, NOTAUTH for all other names.

import { typeCode } from '../../model/rdata/record-types.ts';
import { extendedError, rcode, recordClass } from '../wire/codes.ts';
import type { Exchange, Verdict } from './exchange.ts';
import { enterZone } from './find-zone.ts';

/**
 * We are the primary of all our zones, so every NOTIFY comes from "a host that is not a known master". RFC 1996 §3.10
 * says to ignore and log it. We answer, because the sender would repeat it for minutes (§3.6): REFUSED for our zones,
 * like NSD (BIND answers NOERROR, Knot NOTAUTH); NOTAUTH for all other names, like BIND and Knot; FORMERR for types
 * other than SOA, like BIND, since a changed SOA is the only event (§3.11). test/dns/handed-on/notify-peers.test.ts
 * asks all of these servers.
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
