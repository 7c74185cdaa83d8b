// Reads the question (RFC 1035 §4.1.2) and copies it into the response. There must be exactly one question (RFC 9619),
// with an uncompressed name. Only a query for a cookie may have none (RFC 7873 §5.4, check-cookie.ts).

import { opcode } from '../wire/codes.ts';
import { headerField, headerLength, readUint16 } from '../wire/header.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

export function readQuestion(exchange: Exchange): Verdict {
  const { query, response } = exchange;
  const { octets } = query;
  const count = readUint16(octets, headerField.questions);
  if (count === 0 && exchange.cookies !== undefined && query.opcode === opcode.QUERY) return verdict.next;
  if (count !== 1) return exchange.endMalformed();
  const nameLength = query.name.read(octets, headerLength, query.length);
  const end = headerLength + nameLength + 4;
  if (nameLength < 0 || end > query.length) return exchange.endMalformed();
  query.type = readUint16(octets, end - 4);
  query.class = readUint16(octets, end - 2);
  query.questionEnd = end;
  response.append(octets, headerLength, end - headerLength);
  return verdict.next;
}
