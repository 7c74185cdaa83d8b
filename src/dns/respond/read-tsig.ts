// Checks the form of a TSIG record's rdata (RFC 8945 §4.2), and finds the fields that the response repeats. Signatures
// are not checked.

import { readUint16 } from '../wire/header.ts';
import { hasPointer, skipName } from '../wire/names.ts';

/** Octets after the algorithm: time signed 6, fudge 2. */
const timesLength = 8;

/** Returns the offset of the MAC's size: after the algorithm and the times. The rdata begins at `rdata`. */
export function macSizeAt(query: Uint8Array, rdata: number, end: number): number {
  return skipName(query, rdata, end) + timesLength;
}

/** Returns the offset of the original id: after the MAC. The MAC's size is at `macSize`. */
export function originalIdAt(query: Uint8Array, macSize: number): number {
  return macSize + 2 + readUint16(query, macSize);
}

/** Returns whether the rdata is well formed and ends at `end`. Its algorithm must not be compressed (RFC 3597 §4). */
export function isTsigRdata(query: Uint8Array, rdata: number, end: number): boolean {
  const algorithmEnd = skipName(query, rdata, end);
  if (algorithmEnd < 0 || hasPointer(query, rdata)) return false;
  const macSize = algorithmEnd + timesLength;
  if (macSize + 2 > end) return false;
  // The fields after the MAC: original id 2, error 2, other length 2.
  const otherLength = originalIdAt(query, macSize) + 4;
  return otherLength + 2 <= end && otherLength + 2 + readUint16(query, otherLength) === end;
}
