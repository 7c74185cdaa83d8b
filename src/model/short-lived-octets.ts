// Octets that are needed only for a moment. They are parts of a larger piece of memory, because allocating a piece for
// each use costs more than the use itself.

/** The octets of a piece. It is freed when none of its parts is used any more, so parts must not live long. */
const pieceOctets = 2 ** 16;

/** The most octets that a loop copies faster than `set`, which needs a subarray. */
const maxLooped = 256;

let piece = new Uint8Array(0);
let used = 0;

/** Returns `length` octets, all 0. Do not keep them: they would keep the whole piece in memory. */
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

/** Returns a copy of the octets from `from` to before `end`. Do not keep the copy. */
export function shortLivedCopy(source: Uint8Array, from: number, end: number): Uint8Array {
  const length = end - from;
  const copy = shortLivedOctets(length);
  if (length > maxLooped) copy.set(source.subarray(from, end));
  else for (let i = 0; i < length; i += 1) copy[i] = source[from + i] as number;
  return copy;
}
