// The layout of the cache's shared memory, in words of 32 bits: a header, the cells of its readers, a hash table, and
// segments. Each segment has the entries of one forwarder, one behind the other. No code that reads or writes it.

export const magic = 0x7a77_6663;

/** The words of the header. */
export const header = { magic: 0, epoch: 1, seed: 2, mask: 3, segments: 4 } as const;

/** As many as the zone table has: an answering thread uses the cell with the same number in both. */
export const cellCount = 64;
/**
 * A cell has a cache line, so that readers do not slow down one another. Its word is the epoch that the reader sees.
 */
const cellWords = 16;
const cellsAt = 16;
export const bucketsAt = cellsAt + cellCount * cellWords;

export function cellWord(which: number): number {
  return cellsAt + which * cellWords;
}

export const segmentWords = 2 ** 14;

/** The words of an entry. Its answer follows (answer-block.ts). */
export const entry = {
  /** The next entry in the bucket; 0 at its end. */
  next: 0,
  hash: 1,
  /** The number of the forwarder. */
  forwarder: 2,
  /** The type in the upper half, the class in the lower. */
  question: 3,
  /** DO and CD. */
  flags: 4,
  /** Readers set it: the entry was used. */
  used: 5,
  /** The number of words in all. */
  size: 6,
  /** 1 while readers can find the entry. Only the writer uses it. */
  linked: 7,
  answer: 8,
} as const;

/** The flags of a question that make its answers differ. */
export const questionFlag = { dnssecOk: 1, checkingDisabled: 2 } as const;

/** Returns type and class as one word. */
export function questionWord(type: number, recordClass: number): number {
  return ((type << 16) | recordClass) >>> 0;
}

/** Returns the hash of a question: FNV-1a, with the finish of MurmurHash3, since the low bits choose the bucket. */
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
  // 31 bits: V8 would allocate an object for a larger number.
  return hash & 0x7fffffff;
}
