// Frees an unlinked block when every reader has begun a new batch, or gone to sleep, since the block was unlinked
// (quiescent states, as in userspace RCU). Readers report both with TableReader.enter and TableReader.leave
// (test/table/quiescence.test.ts).

import type { Allocator } from './allocator.ts';
import { cell, cellCount, header, type Reference } from './layout.ts';
import { cellWord } from './table.ts';

/** After this many changes, if anything waits, a new epoch begins and the cells of the readers are read. */
const changesPerEpoch = 32;

/** A queue of unlinked blocks: their references, and the epoch in which each was unlinked. */
interface Limbo {
  blocks: Uint32Array;
  epochs: Uint32Array;
  first: number;
  count: number;
}

export class Quiescence {
  readonly #words: Uint32Array;
  readonly #allocator: Allocator;
  readonly #limbo: Limbo = { blocks: new Uint32Array(64), epochs: new Uint32Array(64), first: 0, count: 0 };
  /** Functions to call. `run` is called when no reader can see any more what was unlinked before the end of `epoch`. */
  readonly #callbacks: { epoch: number; run: () => void }[] = [];
  #sinceEpoch = 0;

  constructor(words: Uint32Array, allocator: Allocator) {
    this.#words = words;
    this.#allocator = allocator;
  }

  /** Returns whether blocks or functions of {@link whenUnseen} wait. */
  get waiting(): boolean {
    return this.#limbo.count > 0 || this.#callbacks.length > 0;
  }

  /** Frees the block when no reader can see it any more. The block must be unlinked. */
  retire(block: Reference): void {
    const limbo = this.#limbo;
    if (limbo.count === limbo.blocks.length) grow(limbo);
    const at = (limbo.first + limbo.count) & (limbo.blocks.length - 1);
    limbo.blocks[at] = block;
    limbo.epochs[at] = this.#words[header.epoch] as number;
    limbo.count += 1;
  }

  /** Calls `run` when no reader can see any more what was unlinked before this call. */
  whenUnseen(run: () => void): void {
    this.#callbacks.push({ epoch: this.#words[header.epoch] as number, run });
  }

  /** Call this after each change, so that waiting blocks are freed soon. */
  changed(): void {
    this.#sinceEpoch += 1;
    if (this.#sinceEpoch >= changesPerEpoch) this.collect();
  }

  /** Begins a new epoch, and frees everything that no reader can see any more. */
  collect(): void {
    this.#sinceEpoch = 0;
    if (!this.waiting) return;
    // All waiting blocks are unlinked by now, so readers that have seen the new epoch cannot find them.
    const epoch = ((this.#words[header.epoch] as number) + 1) >>> 0 || 1;
    Atomics.store(this.#words, header.epoch, epoch);
    const oldest = this.#oldestSeen(epoch);
    const limbo = this.#limbo;
    while (limbo.count > 0 && isBefore(limbo.epochs[limbo.first] as number, oldest)) {
      this.#allocator.free(limbo.blocks[limbo.first] as number);
      limbo.first = (limbo.first + 1) & (limbo.blocks.length - 1);
      limbo.count -= 1;
    }
    for (;;) {
      const next = this.#callbacks[0];
      if (next === undefined || !isBefore(next.epoch, oldest)) break;
      this.#callbacks.shift();
      next.run();
    }
  }

  #oldestSeen(epoch: number): number {
    let oldest = epoch;
    for (let which = 0; which < cellCount; which += 1) {
      const seen = Atomics.load(this.#words, cellWord(which) + cell.seen);
      if (seen !== 0 && isBefore(seen, oldest)) oldest = seen;
    }
    return oldest;
  }
}

/**
 * Returns whether epoch `a` is before epoch `b`. Epochs wrap around at 2^32, so the two must be less than 2^31 apart:
 * no batch of a reader lasts that many epochs.
 */
function isBefore(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

function grow(limbo: Limbo): void {
  const blocks = new Uint32Array(limbo.blocks.length * 2);
  const epochs = new Uint32Array(limbo.blocks.length * 2);
  for (let i = 0; i < limbo.count; i += 1) {
    const at = (limbo.first + i) & (limbo.blocks.length - 1);
    blocks[i] = limbo.blocks[at] as number;
    epochs[i] = limbo.epochs[at] as number;
  }
  limbo.blocks = blocks;
  limbo.epochs = epochs;
  limbo.first = 0;
}
