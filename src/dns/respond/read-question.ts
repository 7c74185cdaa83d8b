// The question (RFC 1035 §4.1.2): one (RFC 9619), its name not compressed; or none, with a cookie (RFC 7873 §5.4: check-cookie.ts). It is echoed octet for octet.

import { opcode } from '../wire/codes.ts';
import { headerField, headerLength, readUint16 } from '../wire/header.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { copy } from './write-rrset.ts';

export function readQuestion(exchange: Exchange): Verdict {
  const { query, queryLength } = exchange;
  const count = readUint16(query, headerField.questions);
  if (count === 0 && exchange.cookies !== undefined && exchange.opcode === opcode.QUERY) return verdict.next;
  if (count !== 1) return exchange.malformed();
  const nameLength = exchange.question.read(query, headerLength, queryLength);
  const end = headerLength + nameLength + 4;
  if (nameLength < 0 || end > queryLength) return exchange.malformed();
  exchange.type = readUint16(query, end - 4);
  exchange.class = readUint16(query, end - 2);
  copy(query, headerLength, exchange.response, headerLength, end - headerLength);
  exchange.questionEnd = end;
  exchange.at = end;
  return verdict.next;
}
