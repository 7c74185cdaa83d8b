// The fields of the message header (RFC 1035 §4.1.1), and numbers in network order.

export const headerLength = 12;

/** The octet at which each field begins. */
export const headerField = {
  id: 0,
  /** QR (1 bit), opcode (4 bits), AA, TC, RD. */
  flags: 2,
  /** RA (1 bit), Z, AD, CD, rcode (4 bits). */
  moreFlags: 3,
  questions: 4,
  answers: 6,
  authorities: 8,
  additionals: 10,
} as const;

/** Bits of the octet `moreFlags`. */
export const moreFlag = { RA: 0x80, AD: 0x20, CD: 0x10 } as const;

/** Bits of the octet `flags`. */
export const flag = { QR: 0x80, opcode: 0x78, AA: 0x04, TC: 0x02, RD: 0x01 } as const;

export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 0x10000 + readUint16(bytes, at + 2);
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
