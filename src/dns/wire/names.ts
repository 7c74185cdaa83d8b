// Names inside messages (RFC 1035 §3.1, §4.1.4). Names as keys of the table: table/name-key.ts.

/** The last octet that a compression pointer can point at: it has 14 bits. */
export const maxPointer = 0x3fff;

/**
 * Returns the offset after the name, or −1 if the name is incomplete or has an unknown kind of label. Does not follow
 * pointers.
 */
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

/** Returns whether a well-formed name ends in a pointer. */
export function hasPointer(bytes: Uint8Array, offset: number): boolean {
  let at = offset;
  for (let length = bytes[at] as number; length !== 0; length = bytes[at] as number) {
    if (length >= 0xc0) return true;
    at += 1 + length;
  }
  return false;
}

/** Returns the number of octets of a well-formed uncompressed name, with the root's octet. */
export function nameLength(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (let length = bytes[at] as number; length !== 0; length = bytes[at] as number) at += 1 + length;
  return at + 1 - offset;
}

/** The lower case of each octet. */
export const lowerCase = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

/** Lower-cases the first `length` octets of a name. Lengths of labels are below `A`, so they stay. */
export function lowerName(name: Uint8Array, length: number): void {
  for (let i = 0; i < length; i += 1) name[i] = lowerCase[name[i] as number] as number;
}
