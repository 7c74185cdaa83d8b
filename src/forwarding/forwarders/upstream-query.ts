// Writes the query for a server. Of the client's query, the server gets only the question: not its options, and above
// all not its cookie (RFC 7873 §1).

import { option } from '../../dns/wire/codes.ts';
import { flag, headerField, headerLength, writeUint16, writeUint32 } from '../../dns/wire/header.ts';
import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import { questionFlag } from '../../forward-cache/layout.ts';
import { typeCode } from '../../model/rdata/record-types.ts';
import { shortLivedOctets } from '../../model/short-lived-octets.ts';
import { randomOctet } from './random-octets.ts';

/**
 * The longest answer that servers may send over UDP, in octets. It fits into the minimum MTU of IPv6 (RFC 9715 §3.1).
 */
const udpSize = 1_232;
const optFixed = 11;
const optionFixed = 4;

interface QueryForm {
  /** True: the case of the name is mixed at random. The answer must have the same case. */
  readonly mixedCase: boolean;
  readonly edns: boolean;
  /** Our cookie for the server, and the server's own if it has sent one; undefined to send none. */
  readonly cookie: Uint8Array | undefined;
}

/** Returns a query without an id. */
export function writeQuery({ name, type, class: recordClass, flags }: CachedQuestion, form: QueryForm): Uint8Array {
  const { edns, cookie } = form;
  const questionEnd = headerLength + name.length + 4;
  const options = cookie === undefined ? 0 : optionFixed + cookie.length;
  const query = shortLivedOctets(questionEnd + (edns ? optFixed + options : 0));
  query[headerField.flags] = flag.RD;
  query[headerField.moreFlags] = (flags & questionFlag.checkingDisabled) === 0 ? 0 : 0x10;
  query[headerField.questions + 1] = 1;
  query.set(name, headerLength);
  if (form.mixedCase) mixCase(query, headerLength, headerLength + name.length);
  writeUint16(query, questionEnd - 4, type);
  writeUint16(query, questionEnd - 2, recordClass);
  if (!edns) return query;
  query[headerField.additionals + 1] = 1;
  writeUint16(query, questionEnd + 1, typeCode.OPT);
  writeUint16(query, questionEnd + 3, udpSize);
  writeUint32(query, questionEnd + 5, (flags & questionFlag.dnssecOk) === 0 ? 0 : 0x8000);
  writeUint16(query, questionEnd + 9, options);
  if (cookie === undefined) return query;
  const at = questionEnd + optFixed;
  writeUint16(query, at, option.COOKIE);
  writeUint16(query, at + 2, cookie.length);
  query.set(cookie, at + optionFixed);
  return query;
}

/** Mixes the case of a name. Octets of label lengths stay as they are: none is the code of a letter. */
function mixCase(query: Uint8Array, from: number, to: number): void {
  let bits = 1;
  for (let at = from; at < to; at += 1) {
    const octet = query[at] as number;
    if (octet < 0x61 || octet > 0x7a) continue;
    if (bits === 1) bits = 0x100 | randomOctet();
    if ((bits & 1) === 1) query[at] = octet - 0x20;
    bits >>>= 1;
  }
}
