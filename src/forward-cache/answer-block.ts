// The form of a forwarded zone's answer in the cache, and between the forwarder and the thread that sends it: the
// message without its header and without OPT, and the places of its TTLs. forwarding/forwarders/ writes such a block,
// answer-reader.ts reads it.

import { shortLivedOctets } from '../model/short-lived-octets.ts';

/** The octet at which each field of a block begins. Numbers are in network order; times are in seconds since 1970. */
export const field = {
  /** When the answer was put into the block. Its TTLs count from then on. */
  stored: 0,
  /** From this second on, the answer has expired. */
  expires: 4,
  /** Until this second, an expired answer may be given if no server answers (RFC 8767). */
  staleUntil: 8,
  /** The extended error (RFC 8914); `noExtendedError` if there is none. */
  extendedError: 12,
  rcode: 14,
  flags: 15,
  answers: 16,
  authorities: 18,
  additionals: 20,
  /** The number of TTLs. Their places follow the message. */
  ttls: 22,
  /** Where the sections end, counted from the beginning of the message with its header. */
  answersEnd: 24,
  authoritiesEnd: 26,
  end: 28,
  nameLength: 30,
  /** The message, from its question on. The name in the question is lower-cased. */
  message: 32,
} as const;

export const answerFlag = {
  /** The answer has expired, and is given nevertheless. Its TTLs are not lowered. */
  stale: 1,
  /**
   * The answer ends with a CNAME whose target is in another zone. The forwarder's thread completes the answer for
   * clients that may ask that zone.
   */
  unfinished: 2,
} as const;

export const noExtendedError = 0xffff;

/** Octets of the message's header, which is not in the block. */
const headerLength = 12;

/** The difference between the offset of an octet in the block and its offset in the message. */
export const messageShift = field.message - headerLength;

/** Returns the length of a block in octets. `end` is the end of its message, `ttls` the number of TTLs. */
export function blockLength(end: number, ttls: number): number {
  return messageShift + end + 2 * ttls;
}

/** The fields of a block (`field`), without the number of TTLs. */
export interface AnswerFields {
  readonly stored: number;
  readonly expires: number;
  readonly staleUntil: number;
  /** The code of the extended error (RFC 8914); −1 if there is none. */
  readonly extendedError: number;
  readonly rcode: number;
  /** A sum of {@link answerFlag}. */
  readonly flags: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  readonly answersEnd: number;
  readonly authoritiesEnd: number;
  readonly end: number;
  readonly nameLength: number;
}

/**
 * Writes a block that must not live long (model/short-lived-octets.ts). `ttls` has the places of the TTLs in the
 * message, in order.
 */
export function encodeAnswer(fields: AnswerFields, message: Uint8Array, ttls: readonly number[]): Uint8Array {
  const { end } = fields;
  const block = shortLivedOctets(blockLength(end, ttls.length));
  writeNumber(block, field.stored, 4, fields.stored);
  writeNumber(block, field.expires, 4, fields.expires);
  writeNumber(block, field.staleUntil, 4, fields.staleUntil);
  writeNumber(block, field.extendedError, 2, fields.extendedError < 0 ? noExtendedError : fields.extendedError);
  block[field.rcode] = fields.rcode;
  block[field.flags] = fields.flags;
  writeNumber(block, field.answers, 2, fields.answers);
  writeNumber(block, field.authorities, 2, fields.authorities);
  writeNumber(block, field.additionals, 2, fields.additionals);
  writeNumber(block, field.ttls, 2, ttls.length);
  writeNumber(block, field.answersEnd, 2, fields.answersEnd);
  writeNumber(block, field.authoritiesEnd, 2, fields.authoritiesEnd);
  writeNumber(block, field.end, 2, end);
  writeNumber(block, field.nameLength, 2, fields.nameLength);
  for (let at = headerLength; at < end; at += 1) block[messageShift + at] = message[at] as number;
  for (let i = 0; i < ttls.length; i += 1) writeNumber(block, messageShift + end + 2 * i, 2, ttls[i] as number);
  return block;
}

/** Reads a number of two octets. A DataView would read it too, but each block would need one. */
export function readShort(octets: Uint8Array, at: number): number {
  return ((octets[at] as number) << 8) | (octets[at + 1] as number);
}

/** Reads a number of four octets. */
export function readLong(octets: Uint8Array, at: number): number {
  return readShort(octets, at) * 0x10000 + readShort(octets, at + 2);
}

function writeNumber(octets: Uint8Array, at: number, length: 2 | 4, value: number): void {
  for (let i = at + length - 1, left = value; i >= at; i -= 1, left >>>= 8) octets[i] = left;
}
