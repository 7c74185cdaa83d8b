// Adds the response's OPT record (RFC 6891 §6.1): with cookie, NSID and padding if the query asks for them, and with
// the extended error.

import { typeCode } from '../../model/rdata/record-types.ts';
import { extendedError, option } from '../wire/codes.ts';
import { copyOctets } from '../wire/copy-octets.ts';
import { writeUint16, writeUint32 } from '../wire/header.ts';
import { maxUdpSize, optionFixed, optLength, paddingBlock } from './edns.ts';
import type { Exchange } from './exchange.ts';
import type { ResponseMessage } from './response-message.ts';
import { cookie, cookieLength } from './server-cookies.ts';

export function addOpt(exchange: Exchange): void {
  const { response, edns, nsid } = exchange;
  const { octets, at } = response;
  octets[at] = 0;
  writeUint16(octets, at + 1, typeCode.OPT);
  writeUint16(octets, at + 3, maxUdpSize);
  // The TTL has the upper octet of the rcode, version 0, and DO as in the query (RFC 3225 §3).
  writeUint32(octets, at + 5, ((response.rcode >>> 4) << 24) | (edns.dnssecOk ? 0x8000 : 0));
  response.at = at + optLength;
  if (edns.cookie !== cookie.none) addCookie(exchange);
  if (edns.nsidAsked) copyOctets(nsid, 0, octets, beginOption(response, option.NSID, nsid.length), nsid.length);
  if (response.extendedError !== extendedError.NONE) addExtendedError(response);
  if (edns.paddingAsked) addPadding(exchange);
  writeUint16(octets, at + optLength - 2, response.at - at - optLength);
  response.additionals += 1;
}

function addCookie({ cookies, client, query, edns, response }: Exchange): void {
  if (cookies === undefined) return;
  const { octets } = response;
  const to = beginOption(response, option.COOKIE, cookieLength);
  if (edns.cookie === cookie.good) copyOctets(query.octets, edns.cookieAt, octets, to, cookieLength);
  else cookies.write(query.octets, edns.cookieAt, client.address, client.addressLength, octets, to);
}

/** Adds the code of the extended error, without a text (RFC 8914 §2), if it fits: it is optional. */
function addExtendedError(response: ResponseMessage): void {
  if (response.at + optionFixed + 2 > response.maxEnd) return;
  const to = beginOption(response, option.EDE, 2);
  writeUint16(response.octets, to, response.extendedError);
}

/**
 * Pads the response to a multiple of {@link paddingBlock} octets, or to the maximum length. The padding is the last
 * option. Only responses on encrypted connections are padded (RFC 7830 §6). A TSIG record that follows does not count.
 */
function addPadding({ client, response }: Exchange): void {
  if (client.transport !== 'tls' && client.transport !== 'https') return;
  const start = response.at + optionFixed;
  const end = Math.min(Math.ceil(start / paddingBlock) * paddingBlock, response.maxEnd);
  if (start > end) return;
  response.octets.fill(0, beginOption(response, option.PADDING, end - start), end);
}

/** Writes the option's code and length. Returns where its data begins. */
function beginOption(response: ResponseMessage, code: number, length: number): number {
  const { octets, at } = response;
  writeUint16(octets, at, code);
  writeUint16(octets, at + 2, length);
  response.at = at + optionFixed + length;
  return at + optionFixed;
}
