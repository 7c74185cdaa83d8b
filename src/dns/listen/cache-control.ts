// Tells HTTP caches how long they may keep a DNS response (RFC 8484 §5.1).

import { typeCode } from '../../model/rdata/record-types.ts';
import { option, rcode } from '../wire/codes.ts';
import { headerField, headerLength, readUint16, readUint32 } from '../wire/header.ts';
import { skipName } from '../wire/names.ts';

/**
 * Returns the value of the header Cache-Control. A positive response is fresh for the smallest TTL of its answers, a
 * negative one for the negative TTL of its SOA (RFC 2308 §5), any other response not at all. A response with a cookie
 * is only for its client (RFC 7873 §5.2).
 */
export function cacheControl(response: Uint8Array): string {
  const code = response[headerField.moreFlags]! & 0x0f;
  const keeps = code === rcode.NOERROR || code === rcode.NXDOMAIN;
  const end = response.length;
  let at = headerLength;
  for (let left = readUint16(response, headerField.questions); left > 0; left -= 1)
    at = skipName(response, at, end) + 4;
  const answers = readUint16(response, headerField.answers);
  const others = answers + readUint16(response, headerField.authorities);
  const records = others + readUint16(response, headerField.additionals);
  let seconds = Infinity;
  let forOne = false;
  for (let i = 0; i < records; i += 1) {
    const fixed = skipName(response, at, end);
    const type = readUint16(response, fixed);
    const ttl = readUint32(response, fixed + 4);
    const rdata = fixed + 10;
    at = rdata + readUint16(response, fixed + 8);
    if (i < answers) seconds = Math.min(seconds, ttl);
    // The minimum TTL is the last number of a SOA.
    else if (i < others && type === typeCode.SOA) seconds = Math.min(seconds, ttl, readUint32(response, at - 4));
    else if (type === typeCode.OPT) forOne = hasCookie(response, rdata, at);
  }
  return `${forOne ? 'private, ' : ''}max-age=${keeps && seconds !== Infinity ? seconds : 0}`;
}

function hasCookie(response: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 4 + readUint16(response, at + 2)) {
    if (readUint16(response, at) === option.COOKIE) return true;
  }
  return false;
}
