// Names in messages of other servers (RFC 1035 §4.1.4): they may be compressed, and may be malformed.

import { headerLength } from '../../dns/wire/header.ts';
import { lowerCase } from '../../dns/wire/names.ts';

/** Octets of the longest name (RFC 1035 §2.3.4). */
export const maxName = 255;

/**
 * Copies the name at `at` to `target`, from octet `to` on, uncompressed. Returns its length, or −1 if the name is
 * malformed: too long, incomplete, with an unknown kind of label, or with a pointer that points into the header or not
 * backwards. `end` is the end of the message.
 */
export function expandName(octets: Uint8Array, at: number, end: number, target: Uint8Array, to = 0): number {
  let from = at;
  // Each pointer must point before the beginning of the labels that end with this pointer. So the loop ends.
  let barrier = at;
  let written = to;
  for (;;) {
    if (from >= end) return -1;
    const length = octets[from] as number;
    if (length >= 0xc0) {
      if (from + 1 >= end) return -1;
      const pointer = ((length & 0x3f) << 8) | (octets[from + 1] as number);
      if (pointer >= barrier || pointer < headerLength) return -1;
      barrier = pointer;
      from = pointer;
      continue;
    }
    if (length > 63) return -1;
    const next = from + 1 + length;
    if (next > end || written - to + 1 + length > maxName) return -1;
    for (; from < next; from += 1, written += 1) target[written] = octets[from] as number;
    if (length === 0) return written - to;
  }
}

/** Returns whether two uncompressed names are equal, without regard to case. */
export function namesEqual(a: Uint8Array, aLength: number, b: Uint8Array, bLength: number): boolean {
  if (aLength !== bLength) return false;
  for (let i = 0; i < aLength; i += 1) if (lowerCase[a[i] as number] !== lowerCase[b[i] as number]) return false;
  return true;
}

/** Returns whether the uncompressed name is `zone` or below it, without regard to case. */
export function isBelow(name: Uint8Array, length: number, zone: Uint8Array): boolean {
  let start = 0;
  while (length - start > zone.length) start += 1 + (name[start] as number);
  if (length - start !== zone.length) return false;
  for (let i = 0; i < zone.length; i += 1) {
    if (lowerCase[name[start + i] as number] !== lowerCase[zone[i] as number]) return false;
  }
  return true;
}
