// A buffer for octets that arrive in pieces.

/**
 * The length of a new buffer, in octets. A buffer grows only as octets arrive, so a long message that is only announced
 * takes no more.
 */
export const initialLength = 512;

/**
 * Returns a buffer with room for `needed` octets: `buffer`, or a larger one with a copy of its first `used` octets. The
 * larger one has at least twice the length, so that copies are rare, but at most `max` octets.
 */
export function growBuffer(buffer: Uint8Array, used: number, needed: number, max: number): Uint8Array {
  if (needed <= buffer.length) return buffer;
  const larger = new Uint8Array(Math.min(Math.max(2 * buffer.length, needed), max));
  larger.set(buffer.subarray(0, used));
  return larger;
}
