// When a block that was unlinked may be reused: once every reader has been idle, or asleep, since then (quiescent states, as in userspace RCU).
// Readers' part: TableReader.enter and leave. Proof: test/table/quiescence.test.ts.

import type { Allocator } from './allocator.ts';
import { cell, cellCount, header, type Reference } from './layout.ts';
import { cellWord } from './table.ts';

/** So often, while anything waits, the epoch grows and the readers' cells are looked at. */
const changesPerEpoch = 32;

/** First in, first out: references and the epochs in which they were unlinked. */
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
  /** Like `#limbo`, for what is not one block: called once nobody can see it. */
  readonly #callbacks: { epoch: number; run: () => void }[] = [];
  #sinceEpoch = 0;

  constructor(words: Uint32Array, allocator: Allocator) {
    this.#words = words;
    this.#allocator = allocator;
  }

  get waiting(): boolean {
    return this.#limbo.count > 0 || this.#callbacks.length > 0;
  }

  /** Frees the block when no reader can see it any more. It must be unlinked already. */
  retire(block: Reference): void {
    const limbo = this.#limbo;
    if (limbo.count === limbo.blocks.length) grow(limbo);
    const at = (limbo.first + limbo.count) & (limbo.blocks.length - 1);
    limbo.blocks[at] = block;
    limbo.epochs[at] = this.#words[header.epoch] as number;
    limbo.count += 1;
  }

  whenUnseen(run: () => void): void {
    this.#callbacks.push({ epoch: this.#words[header.epoch] as number, run });
  }

  /** Called with each change: what waits is freed before long. */
  changed(): void {
    this.#sinceEpoch += 1;
    if (this.#sinceEpoch >= changesPerEpoch) this.collect();
  }

  /** Begins a new epoch, and frees all that nobody can have seen since. */
  collect(): void {
    this.#sinceEpoch = 0;
    if (!this.waiting) return;
    // Blocks were unlinked before this store; a reader that sees the new epoch cannot find them any more.
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

/** Epochs wrap around after 2^32; none waits for half as long. */
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
