// Octets for a moment: cut from a larger piece, since a piece of memory for each of them costs more than their use.

/** The octets of a piece. It is freed when none of its parts is used any more, so parts must not live long. */
const pieceOctets = 2 ** 16;

let piece = new Uint8Array(0);
let used = 0;

/** Returns so many octets, all 0. Do not keep them: they keep many others. */
export function shortLivedOctets(length: number): Uint8Array {
  if (length > pieceOctets / 8) return new Uint8Array(length);
  if (used + length > piece.length) {
    piece = new Uint8Array(pieceOctets);
    used = 0;
  }
  const octets = piece.subarray(used, used + length);
  used += length;
  return octets;
}

/** Returns a copy of the octets from `from` to `end`. Do not keep it. */
export function shortLivedCopy(source: Uint8Array, from: number, end: number): Uint8Array {
  const copy = shortLivedOctets(end - from);
  copy.set(source.subarray(from, end));
  return copy;
}
