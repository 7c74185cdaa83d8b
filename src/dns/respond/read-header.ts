// The header of the query (RFC 1035 §4.1.1), and the response's.

import { flag, headerField, headerLength, moreFlag } from '../wire/header.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

/** Silence for what is too short to answer, and for responses: answering those would be a loop. */
export function readHeader(exchange: Exchange): Verdict {
  const { query, response } = exchange;
  if (exchange.queryLength < headerLength) return verdict.silent;
  const flags = query[headerField.flags] as number;
  if ((flags & flag.QR) !== 0) return verdict.silent;
  exchange.opcode = (flags & flag.opcode) >>> 3;
  response[headerField.id] = query[headerField.id] as number;
  response[headerField.id + 1] = query[headerField.id + 1] as number;
  // Opcode and RD (RFC 1035 §4.1.1) and CD (RFC 4035 §3.1.6) are copied. No recursion: RA is 0. Nothing is validated: AD is 0.
  response[headerField.flags] = flag.QR | (flags & (flag.opcode | flag.RD));
  response[headerField.moreFlags] = (query[headerField.moreFlags] as number) & moreFlag.CD;
  return verdict.next;
}
