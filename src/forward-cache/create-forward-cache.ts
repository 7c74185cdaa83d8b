// Creates and empties the shared memory of the cache.

import { bucketsAt, header, magic, segmentWords } from './layout.ts';

/** There is at least one bucket for this many octets of segments, about the size of a short answer. */
const octetsPerBucket = 256;
const minSegments = 16;

/** Returns memory for a cache whose segments have about `octets`. Pages that were never written use no memory. */
export function createForwardCache(octets: number): SharedArrayBuffer {
  const count = Math.max(minSegments, Math.floor(octets / (segmentWords * 4)));
  const buckets = 2 ** Math.ceil(Math.log2((count * segmentWords * 4) / octetsPerBucket));
  const first = bucketsAt + buckets;
  const buffer = new SharedArrayBuffer((first + count * segmentWords) * 4);
  const words = new Uint32Array(buffer);
  words[header.magic] = magic;
  words[header.epoch] = 1;
  words[header.seed] = process.getBuiltinModule('node:crypto').randomInt(2 ** 32);
  words[header.mask] = buckets - 1;
  words[header.segments] = first;
  return buffer;
}

/**
 * Removes all answers after the writer has died, because the next writer does not know which memory is in use. Call
 * this before the next writer begins. When the next writer writes, no reader may still be reading an old answer.
 */
export function emptyForwardCache(buffer: SharedArrayBuffer): void {
  const words = new Uint32Array(buffer);
  words.fill(0, bucketsAt, words[header.segments] as number);
}
