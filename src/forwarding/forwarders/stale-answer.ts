// Gives expired answers while no server answers (RFC 8767).

import { extendedError, rcode } from '../../dns/wire/codes.ts';
import { answerFlag, field, messageShift, readLong } from '../../forward-cache/answer-block.ts';

/** The TTL of stale records, and the time for which the servers are not asked again, in seconds (RFC 8767 §4). */
const staleTtl = 30;

/** Returns whether an expired answer may still be given. Never true for an expired failure (make-answer.ts). */
export function mayBeStale(block: Uint8Array, seconds: number): boolean {
  return seconds < readLong(block, field.staleUntil);
}

/** Returns a copy of the block, as a stale answer: with `staleTtl` and an extended error (RFC 8914 §4.4, §4.20). */
export function staleAnswer(block: Uint8Array, seconds: number): Uint8Array {
  const stale = block.slice();
  const view = new DataView(stale.buffer);
  const isDenial = view.getUint8(field.rcode) === rcode.NXDOMAIN;
  view.setUint16(field.extendedError, isDenial ? extendedError.STALE_NXDOMAIN : extendedError.STALE_ANSWER);
  view.setUint8(field.flags, view.getUint8(field.flags) | answerFlag.stale);
  view.setUint32(field.stored, seconds);
  view.setUint32(field.expires, Math.min(seconds + staleTtl, view.getUint32(field.staleUntil)));
  const end = view.getUint16(field.end);
  for (let left = view.getUint16(field.ttls), at = messageShift + end; left > 0; left -= 1, at += 2) {
    view.setUint32(messageShift + view.getUint16(at), staleTtl);
  }
  return stale;
}
