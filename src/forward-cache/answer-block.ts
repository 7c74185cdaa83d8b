// The form in which the answer of a forwarded zone passes between threads: in the cache, and from the forwarder to the
// thread that sends it. It is the message behind its header, without OPT, with the places of its TTLs. Written by the
// forwarder (forwarding/forwarders/), read by answer-reader.ts.

/** The octet at which each field begins. Numbers have their high octet first. */
export const field = {
  /** In seconds since 1970. */
  stored: 0,
  /** From this second on, the answer must not be given. */
  expires: 4,
  /** Until this second, the answer may be given if no server answers (RFC 8767). */
  staleUntil: 8,
  /** RFC 8914; `noExtendedError` without one. */
  extendedError: 12,
  rcode: 14,
  flags: 15,
  answers: 16,
  authorities: 18,
  additionals: 20,
  ttls: 22,
  /** The ends of the sections, counted from the beginning of the message. */
  answersEnd: 24,
  authoritiesEnd: 26,
  end: 28,
  nameLength: 30,
  /** The message from its question on. The name in it is lower-cased. */
  message: 32,
} as const;

export const answerFlag = {
  /** The answer has expired: its TTLs stay as they are. */
  stale: 1,
  /**
   * The answer ends in a CNAME whose target another zone has: the forwarder completes it for clients that may ask
   * there.
   */
  unfinished: 2,
} as const;

export const noExtendedError = 0xffff;

/** Octets of the message's header, which the block does not have. */
const headerLength = 12;

/** Add it to an offset in the message to get the offset in the block. */
export const messageShift = field.message - headerLength;

/** Returns the number of octets of a block whose message has this end and this number of TTLs. */
export function blockLength(end: number, ttls: number): number {
  return messageShift + end + 2 * ttls;
}

/** An answer, as its block has it. */
export interface AnswerFields {
  readonly stored: number;
  readonly expires: number;
  readonly staleUntil: number;
  /** −1 without one. */
  readonly extendedError: number;
  readonly rcode: number;
  /** Of {@link answerFlag}. */
  readonly flags: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  readonly answersEnd: number;
  readonly authoritiesEnd: number;
  readonly end: number;
  readonly nameLength: number;
}

/** Writes a block. `ttls` has the places of the TTLs in the message, in their order. */
export function encodeAnswer(fields: AnswerFields, message: Uint8Array, ttls: readonly number[]): Uint8Array {
  const { end } = fields;
  const block = new Uint8Array(blockLength(end, ttls.length));
  const view = new DataView(block.buffer);
  view.setUint32(field.stored, fields.stored);
  view.setUint32(field.expires, fields.expires);
  view.setUint32(field.staleUntil, fields.staleUntil);
  view.setUint16(field.extendedError, fields.extendedError < 0 ? noExtendedError : fields.extendedError);
  view.setUint8(field.rcode, fields.rcode);
  view.setUint8(field.flags, fields.flags);
  view.setUint16(field.answers, fields.answers);
  view.setUint16(field.authorities, fields.authorities);
  view.setUint16(field.additionals, fields.additionals);
  view.setUint16(field.ttls, ttls.length);
  view.setUint16(field.answersEnd, fields.answersEnd);
  view.setUint16(field.authoritiesEnd, fields.authoritiesEnd);
  view.setUint16(field.end, end);
  view.setUint16(field.nameLength, fields.nameLength);
  block.set(message.subarray(headerLength, end), field.message);
  for (const [i, place] of ttls.entries()) view.setUint16(messageShift + end + 2 * i, place);
  return block;
}
