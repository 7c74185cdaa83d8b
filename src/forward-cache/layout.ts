// The layout of the cache's shared memory, in 32-bit words: a header, the cells of the readers, a hash table, and
// segments. Each segment has entries of one forwarder, one after the other.

export const magic = 0x7a77_6663;

export const header = { magic: 0, epoch: 1, seed: 2, mask: 3, segments: 4 } as const;

/** The cache has as many cells as the zone table, since an answering thread uses the same number in both. */
export const cellCount = 64;
/**
 * A cell is as long as a cache line, so that readers do not slow down one another. The first word of a cell is the
 * epoch that its reader saw last; 0 while the reader sleeps.
 */
const cellWords = 16;
const cellsAt = 16;
export const bucketsAt = cellsAt + cellCount * cellWords;

export function cellWord(which: number): number {
  return cellsAt + which * cellWords;
}

export const segmentWords = 2 ** 14;

/** The words of an entry. The answer's block follows them (answer-block.ts). */
export const entry = {
  /** The next entry of the bucket; 0 if there is none. */
  next: 0,
  hash: 1,
  forwarder: 2,
  /** Type × 2^16 + class. */
  question: 3,
  /** A sum of `questionFlag`. */
  flags: 4,
  /** Readers set this to 1 when the entry is used. */
  used: 5,
  /** The number of words of the whole entry. */
  size: 6,
  /** 1 while readers can find the entry. Only the writer uses it. */
  linked: 7,
  answer: 8,
} as const;

/** The flags of a question on which its answer depends. */
export const questionFlag = { dnssecOk: 1, checkingDisabled: 2 } as const;

/** Returns type and class as one word. */
export function questionWord(type: number, recordClass: number): number {
  return ((type << 16) | recordClass) >>> 0;
}

/**
 * Returns the hash of a question: a hash like FNV-1a, then a short finish like that of MurmurHash3, since the low bits
 * choose the bucket.
 */
export function hashQuestion(
  seed: number,
  forwarder: number,
  name: Uint8Array,
  length: number,
  question: number,
  flags: number,
): number {
  let hash = seed | 0;
  for (let i = 0; i < length; i += 1) hash = Math.imul(hash ^ (name[i] as number), 0x01000193);
  hash = Math.imul(hash ^ question, 0x01000193);
  hash = Math.imul(hash ^ forwarder, 0x01000193) ^ flags;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash ^= hash >>> 13;
  // The result has 31 bits: for a larger number, V8 would allocate an object.
  return hash & 0x7fffffff;
}
