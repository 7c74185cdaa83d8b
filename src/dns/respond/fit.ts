// The last step, whatever happened before: OPT or TSIG behind the records, which left room for it, and the header's flags and counts.

import { metaType, rcode, recordClass, tsigError } from '../wire/codes.ts';
import { flag, headerField, writeUint16, writeUint32 } from '../wire/header.ts';
import { hasPointer, skipName } from '../wire/names.ts';
import { addOpt } from './add-opt.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';
import { macSizeAt, originalIdAt } from './read-tsig.ts';
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

/** The TSIG record that says which key we do not know, unsigned (RFC 8945 §5.3.2); left out when its name is compressed or there is no room. */
function addTsig(exchange: Exchange): void {
  const { query, queryLength, response, tsigAt } = exchange;
  const fixed = skipName(query, tsigAt, queryLength);
  const rdata = fixed + 10;
  const macSize = macSizeAt(query, rdata, queryLength);
  const start = exchange.at;
  // Behind the times: MAC size 2, original id 2, error 2, other length 2.
  if (start + macSize - tsigAt + 8 > exchange.limit || hasPointer(query, tsigAt)) return;
  copy(query, tsigAt, response, start, macSize - tsigAt);
  const type = start + fixed - tsigAt;
  writeUint16(response, type, metaType.TSIG);
  writeUint16(response, type + 2, recordClass.ANY);
  writeUint32(response, type + 4, 0);
  writeUint16(response, type + 8, macSize - rdata + 8);
  const end = start + macSize - tsigAt;
  writeUint16(response, end, 0);
  copy(query, originalIdAt(query, macSize), response, end + 2, 2);
  writeUint16(response, end + 4, tsigError.BADKEY);
  writeUint16(response, end + 6, 0);
  exchange.at = end + 8;
  exchange.additionals += 1;
}
