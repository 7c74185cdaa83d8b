// The response's OPT record (RFC 6891 §6.1), with what the query asked for in it: a cookie, NSID, and why there is no answer.

import { typeCode } from '../../model/rdata/record-types.ts';
import { extendedError, option } from '../wire/codes.ts';
import { writeUint16, writeUint32 } from '../wire/header.ts';
import type { Exchange } from './exchange.ts';
import { optionFixed, optLength, udpSizeLimit } from './read-edns.ts';
import { cookie, cookieLength } from './server-cookies.ts';
import { copy } from './write-rrset.ts';

export function addOpt(exchange: Exchange): void {
  const { response, at } = exchange;
  response[at] = 0;
  writeUint16(response, at + 1, typeCode.OPT);
  writeUint16(response, at + 3, udpSizeLimit);
  // The TTL: upper octet of the rcode, version 0, DO as it came (RFC 3225 §3).
  writeUint32(response, at + 5, ((exchange.rcode >>> 4) << 24) | (exchange.dnssecOk ? 0x8000 : 0));
  exchange.at = at + optLength;
  if (exchange.cookie !== cookie.none) addCookie(exchange);
  if (exchange.nsidAsked) addNsid(exchange);
  if (exchange.extendedError !== extendedError.NONE) addExtendedError(exchange);
  writeUint16(response, at + optLength - 2, exchange.at - at - optLength);
  exchange.additionals += 1;
}

function addCookie(exchange: Exchange): void {
  const { cookies, client, query, cookieAt, response } = exchange;
  if (cookies === undefined) return;
  const to = beginOption(exchange, option.COOKIE, cookieLength);
  if (exchange.cookie === cookie.good) copy(query, cookieAt, response, to, cookieLength);
  else cookies.write(query, cookieAt, client.address, client.addressLength, response, to);
}

function addNsid(exchange: Exchange): void {
  const { nsid, response } = exchange;
  copy(nsid, 0, response, beginOption(exchange, option.NSID, nsid.length), nsid.length);
}

/** RFC 8914 §2, without a text. Nobody asked for it: it is left out where there is no room. */
function addExtendedError(exchange: Exchange): void {
  if (exchange.at + optionFixed + 2 > exchange.messageLimit) return;
  writeUint16(exchange.response, beginOption(exchange, option.EDE, 2), exchange.extendedError);
}

/** Writes code and length; returns where the data goes, which is the caller's to write. */
function beginOption(exchange: Exchange, code: number, length: number): number {
  const { response, at } = exchange;
  writeUint16(response, at, code);
  writeUint16(response, at + 2, length);
  exchange.at = at + optionFixed + length;
  return at + optionFixed;
}
