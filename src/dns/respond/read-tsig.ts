// The rdata of a TSIG record (RFC 8945 §4.2): whether they are whole, and where what is copied into the response's lies. Nobody checks a signature.

import { readUint16 } from '../wire/header.ts';
import { hasPointer, skipName } from '../wire/names.ts';

/** Octets after the algorithm: time signed 6, fudge 2. */
const timesLength = 8;

/** Where the rdata at `rdata` say the size of the MAC: behind the algorithm and the times. */
export function macSizeAt(query: Uint8Array, rdata: number, end: number): number {
  return skipName(query, rdata, end) + timesLength;
}

/** Where the original id is, behind the MAC. */
export function originalIdAt(query: Uint8Array, macSize: number): number {
  return macSize + 2 + readUint16(query, macSize);
}

/** Whether they fill the octets up to `end`. The algorithm is not compressed (RFC 3597 §4). */
export function isTsigRdata(query: Uint8Array, rdata: number, end: number): boolean {
  const algorithmEnd = skipName(query, rdata, end);
  if (algorithmEnd < 0 || hasPointer(query, rdata)) return false;
  const macSize = algorithmEnd + timesLength;
  if (macSize + 2 > end) return false;
  // Original id 2, error 2, other length 2.
  const otherLength = originalIdAt(query, macSize) + 4;
  return otherLength + 2 <= end && otherLength + 2 + readUint16(query, otherLength) === end;
}
