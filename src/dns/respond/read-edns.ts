// What follows the question: the OPT record (RFC 6891) and a TSIG record, found among all others, each of which must at least be whole.

import { typeCode } from '../../model/rdata/record-types.ts';
import { metaType, option, rcode } from '../wire/codes.ts';
import { headerField, headerLength, readUint16 } from '../wire/header.ts';
import { skipName } from '../wire/names.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { isTsigRdata } from './read-tsig.ts';
import { cookieLength } from './server-cookies.ts';

/** What we take and give over UDP: fits into IPv6's smallest packet (RFC 9715 §3.1). */
export const udpSizeLimit = 1232;
const leastUdpSize = 512;
const messageLimit = 65_535;

/** An OPT record without options: root 1, type 2, class 2, TTL 4, length 2. */
export const optLength = 11;
/** Before an option's data: code 2, length 2. */
export const optionFixed = 4;

const dnssecOkBit = 0x80;

export function readEdns(exchange: Exchange): Verdict {
  const { query, queryLength } = exchange;
  const others = readUint16(query, headerField.answers) + readUint16(query, headerField.authorities);
  const records = others + readUint16(query, headerField.additionals);
  let at = exchange.questionEnd === 0 ? headerLength : exchange.questionEnd;
  let version = 0;
  let good = true;
  // To the last of them, whatever is wrong: who sends an OPT is answered with one.
  for (let i = 0; i < records; i += 1) {
    const name = at;
    const fixed = skipName(query, at, queryLength);
    const rdata = fixed + 10;
    if (fixed < 0 || rdata > queryLength) return exchange.malformed();
    at = rdata + readUint16(query, fixed + 8);
    if (at > queryLength) return exchange.malformed();
    const type = readUint16(query, fixed);
    if (type === typeCode.OPT) {
      // One at most, of the root, among the additional records (RFC 6891 §6.1.1), its options whole (§6.1.2).
      good = !exchange.edns && i >= others && fixed === name + 1 && readOptions(exchange, rdata, at) && good;
      exchange.edns = true;
      exchange.udpSize = Math.max(leastUdpSize, readUint16(query, fixed + 2));
      version = query[fixed + 5] as number;
      exchange.dnssecOk = ((query[fixed + 6] as number) & dnssecOkBit) !== 0;
    } else if (type === metaType.TSIG) {
      // The last record of the additional section (RFC 8945 §5.1), and one that can be read (§5.2).
      good = i >= others && i === records - 1 && isTsigRdata(query, rdata, at) && good;
      exchange.tsigAt = name;
    }
  }
  setLimit(exchange);
  if (!good || at !== queryLength) return exchange.malformed();
  if (version > 0) return exchange.end(rcode.BADVERS);
  return verdict.next;
}

/** Each option: code 2, length 2, data. Those that we do not know are skipped (RFC 6891 §6.1.2). False when they are not whole. */
function readOptions(exchange: Exchange, start: number, end: number): boolean {
  const { query } = exchange;
  let at = start;
  while (at + optionFixed <= end) {
    const code = readUint16(query, at);
    const length = readUint16(query, at + 2);
    at += optionFixed;
    if (code === option.NSID) exchange.nsidAsked = exchange.nsid.length > 0;
    // The first of them counts (RFC 7873 §5.2).
    if (code === option.COOKIE && exchange.cookieAt === 0 && exchange.cookies !== undefined) {
      exchange.cookieAt = at;
      exchange.cookieLength = length;
    }
    at += length;
  }
  return at === end;
}

function setLimit(exchange: Exchange): void {
  const wanted =
    exchange.transport !== 'udp'
      ? messageLimit
      : exchange.edns
        ? Math.min(exchange.udpSize, udpSizeLimit)
        : leastUdpSize;
  exchange.messageLimit = Math.min(wanted, exchange.response.length);
  exchange.limit = exchange.messageLimit - (exchange.edns ? optRoom(exchange) : 0);
}

/** What the response's OPT record will need for certain. */
function optRoom(exchange: Exchange): number {
  const nsid = exchange.nsidAsked ? optionFixed + exchange.nsid.length : 0;
  return optLength + nsid + (exchange.cookieAt === 0 ? 0 : optionFixed + cookieLength);
}
