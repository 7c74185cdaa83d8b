// Writes answers into the cache. Only the forwarder's thread does so. If the memory is full, the forwarder with the
// most segments loses its oldest one, except for some of the answers that were used. So no forwarder can displace all
// answers of another one (test/forward-cache/forward-cache.test.ts).

import { blockLength, field } from './answer-block.ts';
import { ForwardCacheReader } from './forward-cache-reader.ts';
import { bucketsAt, entry, hashQuestion, header, questionWord, segmentWords } from './layout.ts';
import { Segments, type Share } from './segments.ts';

/** The question of an answer. */
export interface CachedQuestion {
  /** The name in lower-cased wire form. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
  /** A sum of `questionFlag` (layout.ts). */
  readonly flags: number;
}

/** A copy of an answer, and the flags of its question. */
export interface KeptAnswer {
  readonly block: Uint8Array;
  readonly flags: number;
}

/** This many segments are kept spare, so that new answers need not wait until readers have moved on. */
const reserve = 3;
/** The most words of used answers that are kept when their segment is cleared. */
const maxKept = segmentWords / 2;

export class ForwardCacheWriter {
  readonly #words: Uint32Array;
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #segments: Segments;
  /** The writer's own reader. It uses no cell, since the writer frees nothing while it reads. */
  readonly #reader: ForwardCacheReader;
  readonly #mask: number;
  readonly #seed: number;

  constructor(buffer: SharedArrayBuffer) {
    this.#reader = new ForwardCacheReader(buffer, 0);
    this.#words = new Uint32Array(buffer);
    this.#octets = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#mask = this.#words[header.mask] as number;
    this.#seed = this.#words[header.seed] as number;
    this.#segments = new Segments(this.#words);
  }

  /**
   * Puts the answer in place of an older one. Returns false if the answer is too long, or if slow readers leave no free
   * memory.
   */
  put(forwarder: number, question: CachedQuestion, block: Uint8Array, seconds: number): boolean {
    const size = entry.answer + Math.ceil(block.length / 4);
    if (size > segmentWords) return false;
    const at = this.#makeRoom(forwarder, size, seconds);
    if (at === 0) return false;
    const old = this.#findEntry(forwarder, question);
    const words = this.#words;
    const asked = questionWord(question.type, question.class);
    words[at + entry.hash] = hashQuestion(
      this.#seed,
      forwarder,
      question.name,
      question.name.length,
      asked,
      question.flags,
    );
    words[at + entry.forwarder] = forwarder;
    words[at + entry.question] = asked;
    words[at + entry.flags] = question.flags;
    words[at + entry.used] = 0;
    words[at + entry.size] = size;
    this.#octets.set(block, (at + entry.answer) * 4);
    this.#link(at);
    if (old !== 0) this.#unlink(old);
    return true;
  }

  /** Returns a copy of the answer, even if it has expired; undefined if there is none. */
  find(forwarder: number, question: CachedQuestion): Uint8Array | undefined {
    const at = this.#findEntry(forwarder, question);
    if (at === 0) return undefined;
    this.#words[at + entry.used] = 1;
    return this.#copy(at);
  }

  /** Removes all answers of a forwarder, or those for one name. Returns how many were removed. */
  clear(forwarder: number, name?: Uint8Array): number {
    let cleared = 0;
    for (const at of this.#entriesOf(forwarder)) {
      if (name !== undefined && !this.#hasName(at, name)) continue;
      this.#unlink(at);
      cleared += 1;
    }
    return cleared;
  }

  /** Returns copies of a forwarder's answers that may be given, or of those for one name, `limit` at most. */
  list(forwarder: number, limit: number, seconds: number, name?: Uint8Array): KeptAnswer[] {
    const found: KeptAnswer[] = [];
    for (const at of this.#entriesOf(forwarder)) {
      if (found.length >= limit) break;
      if (!this.#mayBeGiven(at, seconds)) continue;
      if (name !== undefined && !this.#hasName(at, name)) continue;
      found.push({ block: this.#copy(at), flags: this.#words[at + entry.flags] as number });
    }
    return found;
  }

  /** Returns how many answers a forwarder has that may be given, and their octets. */
  usage(forwarder: number, seconds: number): { entries: number; octets: number } {
    const usage = { entries: 0, octets: 0 };
    for (const at of this.#entriesOf(forwarder)) {
      if (!this.#mayBeGiven(at, seconds)) continue;
      usage.entries += 1;
      usage.octets += (this.#words[at + entry.size] as number) * 4;
    }
    return usage;
  }

  /** Returns whether the answer is fresh, or may be given as a stale one. */
  #mayBeGiven(at: number, seconds: number): boolean {
    const start = (at + entry.answer) * 4;
    return (
      seconds < this.#view.getUint32(start + field.expires) || seconds < this.#view.getUint32(start + field.staleUntil)
    );
  }

  #findEntry(forwarder: number, { name, type, class: recordClass, flags }: CachedQuestion): number {
    return this.#reader.findEntry(forwarder, name, name.length, type, recordClass, flags);
  }

  #hasName(at: number, name: Uint8Array): boolean {
    const start = (at + entry.answer) * 4;
    if (this.#view.getUint16(start + field.nameLength) !== name.length) return false;
    return name.every((octet, i) => octet === this.#octets[start + field.message + i]);
  }

  #copy(at: number): Uint8Array {
    const start = (at + entry.answer) * 4;
    const end = this.#view.getUint16(start + field.end);
    return this.#octets.slice(start, start + blockLength(end, this.#view.getUint16(start + field.ttls)));
  }

  /** Returns the linked entries of a forwarder. The caller may unlink them while it iterates. */
  #entriesOf(forwarder: number): number[] {
    const share = this.#segments.shares.get(forwarder);
    return (share?.segments ?? []).flatMap((segment) => this.#entriesIn(segment));
  }

  #entriesIn(segment: number): number[] {
    const found: number[] = [];
    const end = this.#segments.start(segment) + (this.#segments.filled[segment] as number);
    for (let at = this.#segments.start(segment); at < end; at += this.#words[at + entry.size] as number) {
      if (this.#words[at + entry.linked] === 1) found.push(at);
    }
    return found;
  }

  /**
   * Returns where `size` words may be written, in the forwarder's newest segment or in a new one; 0 if there is no
   * room.
   */
  #makeRoom(forwarder: number, size: number, seconds: number): number {
    const share = this.#segments.share(forwarder);
    const at = this.#append(share, size);
    if (at !== 0) return at;
    while (this.#segments.spare <= reserve && this.#evict(seconds));
    // #evict may have taken the forwarder's last segment, and then it has deleted the forwarder's share.
    const now = this.#segments.share(forwarder);
    if (this.#segments.take(now) === undefined) {
      if (now.segments.length === 0) this.#segments.shares.delete(forwarder);
      return 0;
    }
    return this.#append(now, size);
  }

  #append(share: Share, size: number): number {
    const segment = share.segments.at(-1);
    if (segment === undefined) return 0;
    const filled = this.#segments.filled[segment] as number;
    if (filled + size > segmentWords) return 0;
    this.#segments.filled[segment] = filled + size;
    const at = this.#segments.start(segment) + filled;
    this.#words[at + entry.size] = size;
    this.#words[at + entry.linked] = 0;
    return at;
  }

  /**
   * Takes the oldest segment from the forwarder that has the most segments. Answers that were used and have not expired
   * move to a newer segment, `maxKept` words at most. Returns false if no forwarder has a segment.
   */
  #evict(seconds: number): boolean {
    const share = this.#segments.largest();
    const segment = share?.segments[0];
    if (share === undefined || segment === undefined) return false;
    let kept = 0;
    for (const at of this.#entriesIn(segment)) {
      const size = this.#words[at + entry.size] as number;
      const isUsed = this.#words[at + entry.used] === 1 && kept + size <= maxKept;
      if (isUsed && seconds < this.#view.getUint32((at + entry.answer) * 4 + field.expires)) {
        if (this.#move(share, at, size)) kept += size;
      }
      this.#unlink(at);
    }
    // A segment that had no entries was not retired by #unlink.
    if (share.segments.includes(segment)) this.#segments.retire(share, segment);
    return true;
  }

  /** Copies an entry to the end of the forwarder's newest segment, or to a new segment. Returns false without room. */
  #move(share: Share, at: number, size: number): boolean {
    if (share.segments.length < 2) return false;
    let to = this.#append(share, size);
    if (to === 0 && this.#segments.spare > 0 && this.#segments.take(share) !== undefined)
      to = this.#append(share, size);
    if (to === 0) return false;
    const words = this.#words;
    words.copyWithin(to + entry.hash, at + entry.hash, at + entry.linked);
    words.copyWithin(to + entry.answer, at + entry.answer, at + size);
    words[to + entry.used] = 0;
    this.#link(to);
    return true;
  }

  #link(at: number): void {
    const words = this.#words;
    const bucket = bucketsAt + ((words[at + entry.hash] as number) & this.#mask);
    words[at + entry.next] = words[bucket] as number;
    words[at + entry.linked] = 1;
    // Publishes the entry: readers that find it see all words that were written before.
    Atomics.store(words, bucket, at);
    this.#count(at, 1);
  }

  /** Unlinks an entry. Readers that are at the entry can go on: its `next` stays until the segment is used again. */
  #unlink(at: number): void {
    const words = this.#words;
    let place = bucketsAt + ((words[at + entry.hash] as number) & this.#mask);
    while (words[place] !== at) place = (words[place] as number) + entry.next;
    Atomics.store(words, place, words[at + entry.next] as number);
    words[at + entry.linked] = 0;
    this.#count(at, -1);
  }

  #count(at: number, change: 1 | -1): void {
    const segments = this.#segments;
    const share = segments.share(this.#words[at + entry.forwarder] as number);
    const size = change * (this.#words[at + entry.size] as number);
    const segment = segments.of(at);
    share.entries += change;
    segments.live[segment] = (segments.live[segment] as number) + size;
    // Retires a segment in which readers can find nothing any more. The newest segment stays, since it is still being
    // filled, unless the forwarder has no entries at all.
    const isFilling = segment === share.segments.at(-1) && share.entries > 0;
    if (segments.live[segment] === 0 && !isFilling) segments.retire(share, segment);
  }
}
