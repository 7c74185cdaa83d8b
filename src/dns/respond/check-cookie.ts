// Checks the query's cookie (RFC 7873 §5.2). Answers FORMERR if the cookie is malformed. Answers BADCOOKIE to a wrong
// cookie without a question, and, in strict mode over UDP, to every cookie that is not valid. A question without a
// cookie is answered as any other. Making cookies: server-cookies.ts.

import { rcode } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { clientCookieLength, cookie } from './server-cookies.ts';

/** The fewest and the most octets of a server cookie (RFC 7873 §4.2). */
const minServerCookie = 8;
const maxServerCookie = 32;

export function checkCookie(exchange: Exchange): Verdict {
  const { cookies, query, edns, client } = exchange;
  const isEmpty = query.questionEnd === 0;
  if (edns.cookieAt === 0 || cookies === undefined) return isEmpty ? exchange.endMalformed() : verdict.next;
  const serverLength = edns.cookieLength - clientCookieLength;
  if (serverLength !== 0 && (serverLength < minServerCookie || serverLength > maxServerCookie)) {
    return exchange.endMalformed();
  }
  const { address, addressLength } = client;
  const state = cookies.check(query.octets, edns.cookieAt, edns.cookieLength, address, addressLength);
  edns.cookie = state;
  if (state >= cookie.good) return isEmpty ? verdict.end : verdict.next;
  // A query without a question asks for a cookie, or checks one (RFC 7873 §5.4).
  if (isEmpty) return state === cookie.wrong ? exchange.end(rcode.BADCOOKIE) : verdict.end;
  return cookies.strict && client.transport === 'udp' ? exchange.end(rcode.BADCOOKIE) : verdict.next;
}
