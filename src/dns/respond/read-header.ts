// Reads the query's header (RFC 1035 §4.1.1) and begins the response's header.

import { flag, headerField, headerLength } from '../wire/header.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

/**
 * Ends silently if the header is incomplete, or if the message is a response: answering a response could make a loop.
 */
export function readHeader({ query, response }: Exchange): Verdict {
  if (query.length < headerLength) return verdict.silent;
  const from = query.octets;
  const to = response.octets;
  const flags = from[headerField.flags] as number;
  if ((flags & flag.QR) !== 0) return verdict.silent;
  query.opcode = (flags & flag.opcode) >>> 3;
  to[headerField.id] = from[headerField.id] as number;
  to[headerField.id + 1] = from[headerField.id + 1] as number;
  // Opcode and RD are copied (RFC 1035 §4.1.1). finish-response.ts writes the other flags.
  to[headerField.flags] = flag.QR | (flags & (flag.opcode | flag.RD));
  return verdict.next;
}
