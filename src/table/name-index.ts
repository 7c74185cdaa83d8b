// The hash tables from names to nodes. The writer changes them while readers search them. After a resize, a few slots
// are copied to the new table with each change, so that no change takes long. Until the last slot is copied, readers
// search the old table too (`find` in reader.ts).

import type { Allocator } from './allocator.ts';
import { index, indexSlotsWord, none, type Reference, removed, slot, slotWords, unitWords } from './layout.ts';
import type { Quiescence } from './quiescence.ts';
import { TableFull } from './table.ts';

const minSlots = 8;
/** The number of slots that are copied to the new table with each change. */
const movedPerChange = 32;

export class NameIndexes {
  readonly #words: Uint32Array;
  readonly #allocator: Allocator;
  readonly #quiescence: Quiescence;

  constructor(words: Uint32Array, allocator: Allocator, quiescence: Quiescence) {
    this.#words = words;
    this.#allocator = allocator;
    this.#quiescence = quiescence;
  }

  /** Returns an empty index. Throws TableFull. */
  create(): Reference {
    return this.#create(minSlots);
  }

  #create(slots: number): Reference {
    const created = this.#allocator.allocateZeroed((indexSlotsWord + slots * slotWords) * 4);
    this.#words[created * unitWords + index.mask] = slots - 1;
    return created;
  }

  /**
   * Makes room for `more` names, so that {@link insert} allocates nothing. `owner` is the word that has the
   * index's reference. Throws TableFull.
   */
  reserve(owner: number, more: number): void {
    const words = this.#words;
    const at = (words[owner] as number) * unitWords;
    const slots = (words[at + index.mask] as number) + 1;
    // Names that have not been copied yet need slots too.
    const wanted = Math.max(words[at + index.used] as number, words[at + index.live] as number) + more;
    if (wanted * 4 > slots * 3) this.#resize(owner, (words[at + index.live] as number) + more);
  }

  /** Inserts a name that is not in the index. Call {@link reserve} before. */
  insert(owner: number, hash: number, node: Reference): void {
    const at = (this.#words[owner] as number) * unitWords;
    this.#put(at, hash, node);
    this.#words[at + index.live] = (this.#words[at + index.live] as number) + 1;
    this.#move(at, movedPerChange);
  }

  /**
   * Removes a name that is in the index. Never throws TableFull: if there is no room for a smaller table, the old one
   * stays.
   */
  remove(owner: number, hash: number, node: Reference): void {
    const words = this.#words;
    const at = (words[owner] as number) * unitWords;
    const previous = words[at + index.previous] as number;
    if (previous !== none) this.#take(previous * unitWords, hash, node);
    this.#take(at, hash, node);
    const live = (words[at + index.live] as number) - 1;
    words[at + index.live] = live;
    this.#move(at, movedPerChange);
    const slots = (words[at + index.mask] as number) + 1;
    if (slots > minSlots && live * 8 < slots) {
      try {
        this.#resize(owner, live);
      } catch (error) {
        if (!(error instanceof TableFull)) throw error;
      }
    }
  }

  /** Frees an index that no reader can see any more. */
  free(which: Reference): void {
    const previous = this.#words[which * unitWords + index.previous] as number;
    if (previous !== none) this.#allocator.free(previous);
    this.#allocator.free(which);
  }

  #put(at: number, hash: number, node: Reference): void {
    const words = this.#words;
    const mask = words[at + index.mask] as number;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const word = at + indexSlotsWord + place * slotWords;
      const found = words[word + slot.node] as number;
      if (found !== none && found !== removed) continue;
      words[word + slot.hash] = hash;
      Atomics.store(words, word + slot.node, node);
      if (found === none) words[at + index.used] = (words[at + index.used] as number) + 1;
      return;
    }
  }

  #take(at: number, hash: number, node: Reference): void {
    const words = this.#words;
    const mask = words[at + index.mask] as number;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const word = at + indexSlotsWord + place * slotWords;
      const found = words[word + slot.node] as number;
      if (found === none) return;
      if (found !== node) continue;
      Atomics.store(words, word + slot.node, removed);
      return;
    }
  }

  /** Replaces the index by a new table of the right size, and begins to copy the names into the new table. */
  #resize(owner: number, names: number): void {
    const words = this.#words;
    const old = words[owner] as number;
    let slots = minSlots;
    while (slots < names * 2) slots *= 2;
    const created = this.#create(slots);
    this.#move(old * unitWords, Number.POSITIVE_INFINITY);
    const at = created * unitWords;
    words[at + index.previous] = old;
    words[at + index.live] = words[old * unitWords + index.live] as number;
    Atomics.store(words, owner, created);
    this.#move(at, movedPerChange);
  }

  #move(at: number, count: number): void {
    const words = this.#words;
    const previous = words[at + index.previous] as number;
    if (previous === none) return;
    const from = previous * unitWords;
    const slots = (words[from + index.mask] as number) + 1;
    const start = words[at + index.moved] as number;
    const end = Math.min(slots, start + count);
    for (let place = start; place < end; place += 1) {
      const word = from + indexSlotsWord + place * slotWords;
      const moving = words[word + slot.node] as number;
      if (moving !== none && moving !== removed) this.#put(at, words[word + slot.hash] as number, moving);
    }
    words[at + index.moved] = end;
    if (end < slots) return;
    Atomics.store(words, at + index.previous, none);
    this.#quiescence.retire(previous);
  }
}
