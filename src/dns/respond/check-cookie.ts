// Checks the query's cookie (RFC 7873 §5.2). A malformed one gets FORMERR. In a query without a question, a wrong
// server cookie gets BADCOOKIE. In strict mode over UDP, so does a question with a cookie that is wrong or has no
// server part. A question without a cookie is answered as any other. server-cookies.ts makes cookies.

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
