// What we can read and do not serve: other opcodes and classes, zone transfers, meta types, signed queries.

import { typeCode } from '../../model/rdata/record-types.ts';
import { metaType, opcode, rcode, recordClass } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

export function refuseUnserved(exchange: Exchange): Verdict {
  if (exchange.opcode !== opcode.QUERY) return exchange.end(rcode.NOTIMP);
  // We hold no keys, so no signature can be good (RFC 8945 §5.2.1).
  if (exchange.tsigAt !== 0) return exchange.end(rcode.NOTAUTH);
  if (exchange.class !== recordClass.IN) return exchange.end(rcode.REFUSED);
  switch (exchange.type) {
    case typeCode.OPT:
    case metaType.TSIG:
      return exchange.end(rcode.FORMERR);
    case metaType.AXFR:
    case metaType.IXFR:
      return exchange.end(rcode.REFUSED);
    case metaType.TKEY:
    case metaType.MAILA:
    case metaType.MAILB:
      return exchange.end(rcode.NOTIMP);
    default:
      return verdict.next;
  }
}
