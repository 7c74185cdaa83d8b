// The last step, whatever happened before: OPT or TSIG behind the records, which left room for it, and the header's flags and counts.

import { metaType, rcode, recordClass, tsigError } from '../wire/codes.ts';
import { flag, headerField, readUint16, writeUint16, writeUint32 } from '../wire/header.ts';
import { skipName } from '../wire/names.ts';
import { addOpt } from './add-opt.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { copy } from './write-rrset.ts';

export function fit(exchange: Exchange): Verdict {
  const { response } = exchange;
  // An OPT for an OPT, be it a bad one (RFC 6891 §6.1.1, §7); never without.
  if (exchange.edns) addOpt(exchange);
  if (exchange.tsigAt !== 0 && exchange.rcode === rcode.NOTAUTH) addTsig(exchange);
  const flags = (exchange.authoritative ? flag.AA : 0) | (exchange.truncated ? flag.TC : 0);
  response[headerField.flags] = (response[headerField.flags] as number) | flags;
  response[headerField.moreFlags] = (response[headerField.moreFlags] as number) | (exchange.rcode & 0x0f);
  exchange.writeCounts();
  return verdict.end;
}

/** The TSIG record that says which key we do not know, unsigned (RFC 8945 §5.3.2); left out when the query's is not whole or there is no room. */
function addTsig(exchange: Exchange): void {
  const { query, queryLength, response, tsigAt } = exchange;
  const fixed = skipName(query, tsigAt, queryLength);
  const rdata = fixed + 10;
  const times = skipName(query, rdata, queryLength);
  if (times < 0) return;
  // After the algorithm: time signed 6, fudge 2, MAC size 2, MAC, original id 2, error 2, other length 2, other.
  const macLength = times + 10 <= queryLength ? readUint16(query, times + 8) : queryLength;
  const id = times + 10 + macLength;
  const length = times - tsigAt + 16;
  if (
    id + 6 > queryLength ||
    exchange.at + length > exchange.limit ||
    hasPointer(query, tsigAt) ||
    hasPointer(query, rdata)
  ) {
    return;
  }
  const start = exchange.at;
  copy(query, tsigAt, response, start, times - tsigAt + 8);
  const type = start + fixed - tsigAt;
  writeUint16(response, type, metaType.TSIG);
  writeUint16(response, type + 2, recordClass.ANY);
  writeUint32(response, type + 4, 0);
  writeUint16(response, type + 8, times - rdata + 16);
  const end = start + times - tsigAt + 8;
  writeUint16(response, end, 0);
  copy(query, id, response, end + 2, 2);
  writeUint16(response, end + 4, tsigError.BADKEY);
  writeUint16(response, end + 6, 0);
  exchange.at = end + 8;
  exchange.additionals += 1;
}

function hasPointer(bytes: Uint8Array, offset: number): boolean {
  let at = offset;
  for (let length = bytes[at] as number; length !== 0; length = bytes[at] as number) {
    if (length >= 0xc0) return true;
    at += 1 + length;
  }
  return false;
}
