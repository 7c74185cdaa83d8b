// Decides by opcode, class and type who answers a well-formed query: the next step, answer-chaos.ts, or another thread.
// Answers an error for unknown opcodes and classes, signed queries, zone transfers and meta types.

import { typeCode } from '../../model/rdata/record-types.ts';
import { extendedError, metaType, rcode, recordClass } from '../wire/codes.ts';
import { answerChaos } from './answer-chaos.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { route, routeOpcode } from './route-opcode.ts';

export function routeQuery(exchange: Exchange): Verdict {
  const { query } = exchange;
  const answeredBy = routeOpcode(query.opcode);
  if (answeredBy === route.nobody) return exchange.end(rcode.NOTIMP, extendedError.NOT_SUPPORTED);
  // We have no keys, so no signature is good (RFC 8945 §5.2.1).
  if (query.tsigAt !== 0) return exchange.end(rcode.NOTAUTH);
  if (answeredBy !== route.table) return exchange.handOn(answeredBy);
  if (query.class === recordClass.CH) return answerChaos(exchange);
  if (query.class !== recordClass.IN) return exchange.end(rcode.REFUSED, extendedError.NOT_SUPPORTED);
  switch (query.type) {
    case typeCode.OPT:
    case metaType.TSIG:
    case metaType.NXNAME: // RFC 9824 §3.5
      return exchange.end(rcode.FORMERR, extendedError.INVALID_QUERY_TYPE);
    case metaType.AXFR:
    case metaType.IXFR:
      return exchange.end(rcode.REFUSED, extendedError.NOT_SUPPORTED);
    case metaType.TKEY:
    case metaType.MAILA:
    case metaType.MAILB:
      return exchange.end(rcode.NOTIMP, extendedError.NOT_SUPPORTED);
    default:
      return verdict.next;
  }
}
