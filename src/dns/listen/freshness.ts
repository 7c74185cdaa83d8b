// For how long an HTTP cache may keep a DNS response (RFC 8484 §5.1).

import { typeCode } from '../../model/rdata/record-types.ts';
import { rcode } from '../wire/codes.ts';
import { headerField, headerLength, readUint16, readUint32 } from '../wire/header.ts';
import { skipName } from '../wire/names.ts';

/** In seconds: the answers' smallest TTL, and what the SOA says of names and data that do not exist (RFC 2308 §5); 0 for all else. */
export function freshFor(response: Uint8Array): number {
  const code = response[headerField.moreFlags]! & 0x0f;
  if (code !== rcode.NOERROR && code !== rcode.NXDOMAIN) return 0;
  const end = response.length;
  let at = headerLength;
  for (let left = readUint16(response, headerField.questions); left > 0; left -= 1)
    at = skipName(response, at, end) + 4;
  const answers = readUint16(response, headerField.answers);
  const records = answers + readUint16(response, headerField.authorities);
  let seconds = Infinity;
  for (let i = 0; i < records; i += 1) {
    const fixed = skipName(response, at, end);
    const ttl = readUint32(response, fixed + 4);
    at = fixed + 10 + readUint16(response, fixed + 8);
    if (i < answers) seconds = Math.min(seconds, ttl);
    // The minimum is the last of a SOA's numbers.
    else if (readUint16(response, fixed) === typeCode.SOA)
      seconds = Math.min(seconds, ttl, readUint32(response, at - 4));
  }
  return seconds === Infinity ? 0 : seconds;
}
