// Remembers which records the response contains, by their blocks of the table, so that they are not written twice.

import type { Reference } from '../../table/layout.ts';

/** Room for a block for each optional target (targets.ts) and one more. Beyond it, records may be written twice. */
const maxBlocks = 129;

/** Blocks of the table: nodes whose addresses are in the response, and the data of names whose DNAME is in it. */
export class IncludedBlocks {
  readonly #blocks = new Uint32Array(maxBlocks);
  #count = 0;

  begin(): void {
    this.#count = 0;
  }

  /** Marks the block as included. Returns false if it was marked before. */
  mark(block: Reference): boolean {
    const blocks = this.#blocks;
    const count = this.#count;
    for (let i = 0; i < count; i += 1) if (blocks[i] === block) return false;
    if (count < maxBlocks) {
      blocks[count] = block;
      this.#count = count + 1;
    }
    return true;
  }
}
