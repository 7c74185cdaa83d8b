// The last step of every response: adds OPT and TSIG after the records, then sets the header's flags and counts.

import { metaType, rcode, recordClass, tsigError } from '../wire/codes.ts';
import { copyOctets } from '../wire/copy-octets.ts';
import { flag, headerField, writeUint16, writeUint32 } from '../wire/header.ts';
import { hasPointer, skipName } from '../wire/names.ts';
import { addOpt } from './add-opt.ts';
import type { Exchange } from './exchange.ts';
import type { QueryMessage } from './query-message.ts';
import { macSizeAt, originalIdAt } from './read-tsig.ts';
import type { ResponseMessage } from './response-message.ts';

export function finishResponse(exchange: Exchange): void {
  const { query, response } = exchange;
  const { octets } = response;
  // Answer with an OPT exactly if the query had one, even a malformed one (RFC 6891 §6.1.1, §7).
  if (exchange.edns.present) addOpt(exchange);
  if (query.tsigAt !== 0 && response.rcode === rcode.NOTAUTH) addTsig(query, response);
  const flags = (response.authoritative ? flag.AA : 0) | (response.truncated ? flag.TC : 0);
  octets[headerField.flags] = (octets[headerField.flags] as number) | flags;
  octets[headerField.moreFlags] = response.moreFlags | (response.rcode & 0x0f);
  response.writeCounts(query.questionEnd === 0 ? 0 : 1);
}

/**
 * Adds an unsigned TSIG record with the error BADKEY (RFC 8945 §5.3.2). Adds none if the name of the query's TSIG
 * record is compressed, or if the record does not fit.
 */
function addTsig(query: QueryMessage, response: ResponseMessage): void {
  const { tsigAt } = query;
  const fixed = skipName(query.octets, tsigAt, query.length);
  const rdata = fixed + 10;
  const macSize = macSizeAt(query.octets, rdata, query.length);
  const start = response.at;
  // Four fields of 2 octets follow the times: size of the MAC, original id, error, other length.
  if (!response.fits(macSize - tsigAt + 8) || hasPointer(query.octets, tsigAt)) return;
  const { octets } = response;
  copyOctets(query.octets, tsigAt, octets, start, macSize - tsigAt);
  const type = start + fixed - tsigAt;
  writeUint16(octets, type, metaType.TSIG);
  writeUint16(octets, type + 2, recordClass.ANY);
  writeUint32(octets, type + 4, 0);
  writeUint16(octets, type + 8, macSize - rdata + 8);
  const end = start + macSize - tsigAt;
  writeUint16(octets, end, 0);
  copyOctets(query.octets, originalIdAt(query.octets, macSize), octets, end + 2, 2);
  writeUint16(octets, end + 4, tsigError.BADKEY);
  writeUint16(octets, end + 6, 0);
  response.at = end + 8;
  response.additionals += 1;
}
