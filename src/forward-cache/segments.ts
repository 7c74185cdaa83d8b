// The writer's bookkeeping of segments: which segments each forwarder has, and which are free. A segment is used again
// only when, after its entries were unlinked, every reader has begun a new batch or gone to sleep (quiescent states, as
// in the zone table). The test: test/forward-cache/forward-cache.test.ts.

import { cellCount, cellWord, header, segmentWords } from './layout.ts';

/** The segments of one forwarder. The last one of `segments` is still being filled. */
export interface Share {
  readonly forwarder: number;
  readonly segments: number[];
  entries: number;
}

export class Segments {
  readonly #words: Uint32Array;
  readonly #first: number;
  readonly #free: number[] = [];
  readonly #retired: { segment: number; epoch: number }[] = [];
  /** The number of written words of each segment. */
  readonly filled: Uint32Array;
  /** The number of words of each segment in entries that readers can find. */
  readonly live: Uint32Array;
  readonly shares = new Map<number, Share>();
  readonly count: number;

  constructor(words: Uint32Array) {
    this.#words = words;
    this.#first = words[header.segments] as number;
    this.count = Math.floor((words.length - this.#first) / segmentWords);
    this.filled = new Uint32Array(this.count);
    this.live = new Uint32Array(this.count);
    for (let segment = this.count - 1; segment >= 0; segment -= 1) this.#free.push(segment);
  }

  start(segment: number): number {
    return this.#first + segment * segmentWords;
  }

  /** Returns the segment that has this word. */
  of(word: number): number {
    return Math.floor((word - this.#first) / segmentWords);
  }

  share(forwarder: number): Share {
    const known = this.shares.get(forwarder);
    if (known !== undefined) return known;
    const share: Share = { forwarder, segments: [], entries: 0 };
    this.shares.set(forwarder, share);
    return share;
  }

  /** Returns how many segments are free, or will be free when readers have moved on. */
  get spare(): number {
    return this.#free.length + this.#retired.length;
  }

  /**
   * Gives the forwarder another segment. Returns undefined if none is free, and readers may still use the retired ones.
   */
  take(share: Share): number | undefined {
    if (this.#free.length === 0) this.#collect();
    const segment = this.#free.pop();
    if (segment === undefined) return undefined;
    this.filled[segment] = 0;
    this.live[segment] = 0;
    share.segments.push(segment);
    return segment;
  }

  /** Takes the segment from its forwarder. All entries of the segment must be unlinked. */
  retire(share: Share, segment: number): void {
    share.segments.splice(share.segments.indexOf(segment), 1);
    if (share.segments.length === 0) this.shares.delete(share.forwarder);
    this.#retired.push({ segment, epoch: this.#words[header.epoch] as number });
  }

  /** Returns the share with the most segments; undefined if there is no share. */
  largest(): Share | undefined {
    let found: Share | undefined;
    for (const share of this.shares.values()) {
      if (found === undefined || share.segments.length > found.segments.length) found = share;
    }
    return found;
  }

  /** Begins a new epoch, and frees the segments that no reader can see any more. */
  #collect(): void {
    if (this.#retired.length === 0) return;
    const epoch = ((this.#words[header.epoch] as number) + 1) >>> 0 || 1;
    Atomics.store(this.#words, header.epoch, epoch);
    let oldest = epoch;
    for (let which = 0; which < cellCount; which += 1) {
      const seen = Atomics.load(this.#words, cellWord(which));
      if (seen !== 0 && isBefore(seen, oldest)) oldest = seen;
    }
    for (let first = this.#retired[0]; first !== undefined && isBefore(first.epoch, oldest); first = this.#retired[0]) {
      this.#free.push(first.segment);
      this.#retired.shift();
    }
  }
}

/** Returns whether epoch `a` is before epoch `b`. Epochs wrap around at 2^32. */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}
