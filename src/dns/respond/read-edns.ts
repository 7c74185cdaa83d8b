// Reads the records after the question: finds the OPT record (RFC 6891) and the TSIG record, and checks that all
// records are complete.

import { typeCode } from '../../model/rdata/record-types.ts';
import { metaType, option, rcode } from '../wire/codes.ts';
import { headerField, headerLength, readUint16 } from '../wire/header.ts';
import { maxMessage } from '../wire/max-message.ts';
import { skipName } from '../wire/names.ts';
import { maxUdpSize, minUdpSize, optionFixed } from './edns.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { isTsigRdata } from './read-tsig.ts';

const dnssecOkBit = 0x80;

export function readEdns(exchange: Exchange): Verdict {
  const { query, response, edns } = exchange;
  const { octets, length } = query;
  const others = readUint16(octets, headerField.answers) + readUint16(octets, headerField.authorities);
  const records = others + readUint16(octets, headerField.additionals);
  let at = query.questionEnd === 0 ? headerLength : query.questionEnd;
  let version = 0;
  let good = true;
  // A misplaced or malformed OPT or TSIG record does not stop the loop: an OPT record may follow, and then the response
  // needs one. An incomplete record stops it: no record can be found after it.
  for (let i = 0; i < records; i += 1) {
    const name = at;
    const fixed = skipName(octets, at, length);
    const rdata = fixed + 10;
    if (fixed < 0 || rdata > length) return exchange.endMalformed();
    at = rdata + readUint16(octets, fixed + 8);
    if (at > length) return exchange.endMalformed();
    const type = readUint16(octets, fixed);
    if (type === typeCode.OPT) {
      // There may be one OPT record, at the root, in the additional section (RFC 6891 §6.1.1). Its options must be
      // complete (§6.1.2).
      good = !edns.present && i >= others && fixed === name + 1 && readOptions(exchange, rdata, at) && good;
      edns.present = true;
      edns.udpSize = Math.max(minUdpSize, readUint16(octets, fixed + 2));
      version = octets[fixed + 5] as number;
      edns.dnssecOk = ((octets[fixed + 6] as number) & dnssecOkBit) !== 0;
    } else if (type === metaType.TSIG) {
      // TSIG must be the last record of the additional section (RFC 8945 §5.1). Its rdata must be well formed (§5.2).
      good = i >= others && i === records - 1 && isTsigRdata(octets, rdata, at) && good;
      query.tsigAt = name;
    }
  }
  response.setEnds(maxLength(exchange), edns.optRoom(exchange.nsid));
  if (!good || at !== length) return exchange.endMalformed();
  if (version > 0) return exchange.end(rcode.BADVERS);
  return verdict.next;
}

/**
 * Reads the options: code (2 octets), length (2) and data. Returns false if an option is incomplete. Unknown options
 * are skipped (RFC 6891 §6.1.2).
 */
function readOptions({ query, edns, nsid, cookies }: Exchange, start: number, end: number): boolean {
  const { octets } = query;
  let at = start;
  while (at + optionFixed <= end) {
    const code = readUint16(octets, at);
    const length = readUint16(octets, at + 2);
    at += optionFixed;
    if (code === option.NSID) edns.nsidAsked = nsid.length > 0;
    if (code === option.PADDING) edns.paddingAsked = true;
    // Only the first COOKIE option counts (RFC 7873 §5.2).
    if (code === option.COOKIE && edns.cookieAt === 0 && cookies !== undefined) {
      edns.cookieAt = at;
      edns.cookieLength = length;
    }
    at += length;
  }
  return at === end;
}

function maxLength({ client, edns }: Exchange): number {
  return client.transport === 'udp' ? Math.min(edns.udpSize, maxUdpSize) : maxMessage;
}
