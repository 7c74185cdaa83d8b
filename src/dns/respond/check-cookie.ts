// The query's cookie (RFC 7873 §5.2). One that is not whole is FORMERR; a wrong one costs the answer in strict mode alone. The arithmetic: server-cookies.ts.

import { rcode } from '../wire/codes.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { clientCookieLength, cookie } from './server-cookies.ts';

const leastServerCookie = 8;
const greatestServerCookie = 32;

export function checkCookie(exchange: Exchange): Verdict {
  const { cookies, cookieAt, client } = exchange;
  if (cookieAt === 0 || cookies === undefined) {
    return exchange.questionEnd === 0 ? exchange.malformed() : verdict.next;
  }
  const server = exchange.cookieLength - clientCookieLength;
  if (server !== 0 && (server < leastServerCookie || server > greatestServerCookie)) return exchange.malformed();
  const { address, addressLength } = client;
  const state = cookies.check(exchange.query, cookieAt, exchange.cookieLength, address, addressLength);
  exchange.cookie = state;
  const empty = exchange.questionEnd === 0;
  if (state >= cookie.good) return empty ? verdict.end : verdict.next;
  // Without a question (§5.4) the client asks for a cookie, or whether it has a good one.
  if (empty) return state === cookie.wrong ? exchange.end(rcode.BADCOOKIE) : verdict.end;
  return cookies.strict && exchange.transport === 'udp' ? exchange.end(rcode.BADCOOKIE) : verdict.next;
}
