// Names inside messages (RFC 1035 §3.1, §4.1.4). Names as keys to the table: table/name-key.ts.

/** A pointer's reach: 14 bits. */
export const pointerLimit = 0x4000;

/** Where the name ends, its pointer included but not followed; −1 when it is cut short or has a label of no known kind. */
export function skipName(bytes: Uint8Array, offset: number, end: number): number {
  let at = offset;
  while (at < end) {
    const length = bytes[at] as number;
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= end ? at + 2 : -1;
    if (length > 63) return -1;
    at += 1 + length;
  }
  return -1;
}

/** Whether a well-formed name ends in a pointer. */
export function hasPointer(bytes: Uint8Array, offset: number): boolean {
  let at = offset;
  for (let length = bytes[at] as number; length !== 0; length = bytes[at] as number) {
    if (length >= 0xc0) return true;
    at += 1 + length;
  }
  return false;
}

/** Octets of a well-formed uncompressed name, the root's included. */
export function nameLength(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (let length = bytes[at] as number; length !== 0; length = bytes[at] as number) at += 1 + length;
  return at + 1 - offset;
}
