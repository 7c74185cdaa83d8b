// Allocates the table's memory. A page has small blocks of one size; a large block is a run of pages. Only the writer
// uses the allocator, and the allocator's bookkeeping is not shared. A block that readers may see is freed through
// quiescence.ts.

import { pageBytes, type Reference, unitBytes, unitWords } from './layout.ts';
import { TableFull } from './table.ts';

const pageUnits = pageBytes / unitBytes;

/** Block sizes in units: every number up to 32, then eight sizes for each doubling, up to a quarter of a page. */
const sizes: number[] = [];
for (let size = 1; size <= 32; size += 1) sizes.push(size);
for (let size = 36; size <= pageUnits / 4; size += 2 ** Math.floor(Math.log2(size)) / 8) sizes.push(size);

const maxSmall = sizes.at(-1) as number;
const sizeIndexes = new Uint8Array(maxSmall + 1);
for (let units = 1, which = 0; units <= maxSmall; units += 1) {
  if (units > (sizes[which] as number)) which += 1;
  sizeIndexes[units] = which;
}

/** The `#use` of a page is the index of its block size in `sizes`, or one of these two. */
const freePage = 255;
const largePage = 254;
/** Stands in place of a page's number if there is no such page. */
const noPage = -1;

export class Allocator {
  readonly #words: Uint32Array;
  readonly #poisoned: Uint8Array | undefined;
  /** The use of each page. For a large block, only the entry of its first page is set. */
  readonly #use: Uint8Array;
  /** For each page of small blocks: the number of blocks in use. */
  readonly #inUse: Uint16Array;
  /** For each page of small blocks: its first freed block. The first word of a freed block refers to the next one. */
  readonly #freed: Uint32Array;
  /** For each page of small blocks: how many of its blocks have been allocated at least once. */
  readonly #carved: Uint16Array;
  /** For the first page of each large block: the number of its pages. */
  readonly #run: Uint32Array;
  /** For each page of small blocks that has room: the pages after it and before it in the list of its block size. */
  readonly #after: Int32Array;
  readonly #before: Int32Array;
  /** For each block size: the first page in the list of pages that have room. */
  readonly #withRoom: Int32Array = new Int32Array(sizes.length).fill(noPage);
  /** The runs of free pages below `#top`, in order. No two runs are adjacent. */
  readonly #runs: { start: number; count: number }[] = [];
  /** All pages from `#top` on are free. Pages from `#touched` on were never used, so all their octets are zero. */
  #top = 1;
  #touched = 1;
  readonly #pages: number;
  #usedUnits = 0;
  #reclaim: () => void = () => {};

  /** `poison` overwrites freed blocks, so that tests notice a reader that still uses one. */
  constructor(words: Uint32Array, poison: boolean) {
    this.#words = words;
    this.#poisoned = poison ? new Uint8Array(words.buffer) : undefined;
    this.#pages = Math.floor((words.length * 4) / pageBytes);
    this.#use = new Uint8Array(this.#pages).fill(freePage);
    this.#inUse = new Uint16Array(this.#pages);
    this.#freed = new Uint32Array(this.#pages);
    this.#carved = new Uint16Array(this.#pages);
    this.#run = new Uint32Array(this.#pages);
    this.#after = new Int32Array(this.#pages);
    this.#before = new Int32Array(this.#pages);
  }

  /** Octets in blocks that are in use. */
  get usedBytes(): number {
    return this.#usedUnits * unitBytes;
  }

  /** The size, in octets, of all pages that were ever used. */
  get touchedBytes(): number {
    return this.#touched * pageBytes;
  }

  /** Sets the function that frees waiting blocks. It is called before TableFull is thrown. */
  whenFull(reclaim: () => void): void {
    this.#reclaim = reclaim;
  }

  /** Returns a block with undefined content. Throws TableFull. */
  allocate(bytes: number): Reference {
    const units = Math.ceil(bytes / unitBytes);
    return units <= maxSmall ? this.#allocateSmall(units) : this.#allocatePages(Math.ceil(units / pageUnits));
  }

  /** Returns a block of zeros. Throws TableFull. */
  allocateZeroed(bytes: number): Reference {
    const touched = this.#touched;
    const block = this.allocate(bytes);
    const fresh = block >= touched * pageUnits;
    if (!fresh) this.#words.fill(0, block * unitWords, block * unitWords + Math.ceil(bytes / 4));
    return block;
  }

  free(block: Reference): void {
    const page = Math.floor(block / pageUnits);
    const use = this.#use[page] as number;
    if (use === freePage || page === 0) throw new Error(`block ${block} is freed twice, or is not a block`);
    if (use === largePage) {
      const count = this.#run[page] as number;
      this.#usedUnits -= count * pageUnits;
      this.#poison(block, count * pageUnits);
      this.#freePages(page, count);
      return;
    }
    const units = sizes[use] as number;
    this.#usedUnits -= units;
    this.#poison(block, units);
    if (this.#inUse[page] === Math.floor(pageUnits / units)) this.#linkPage(page, use);
    this.#inUse[page] = (this.#inUse[page] as number) - 1;
    this.#words[block * unitWords] = this.#freed[page] as number;
    this.#freed[page] = block;
    if (this.#inUse[page] !== 0) return;
    this.#unlinkPage(page, use);
    this.#freePages(page, 1);
  }

  #poison(block: Reference, units: number): void {
    this.#poisoned?.fill(0xdb, block * unitBytes, (block + units) * unitBytes);
  }

  #allocateSmall(wanted: number): Reference {
    const which = sizeIndexes[wanted] as number;
    const units = sizes[which] as number;
    let page = this.#withRoom[which] as number;
    if (page === noPage) {
      page = this.#takePages(1);
      this.#use[page] = which;
      this.#inUse[page] = 0;
      this.#freed[page] = 0;
      this.#carved[page] = 0;
      this.#linkPage(page, which);
    }
    let block = this.#freed[page] as number;
    if (block !== 0) this.#freed[page] = this.#words[block * unitWords] as number;
    else {
      block = page * pageUnits + (this.#carved[page] as number) * units;
      this.#carved[page] = (this.#carved[page] as number) + 1;
    }
    this.#inUse[page] = (this.#inUse[page] as number) + 1;
    if (this.#inUse[page] === Math.floor(pageUnits / units)) this.#unlinkPage(page, which);
    this.#usedUnits += units;
    return block;
  }

  #allocatePages(count: number): Reference {
    const page = this.#takePages(count);
    this.#use[page] = largePage;
    this.#run[page] = count;
    this.#usedUnits += count * pageUnits;
    return page * pageUnits;
  }

  #linkPage(page: number, which: number): void {
    const first = this.#withRoom[which] as number;
    this.#after[page] = first;
    this.#before[page] = noPage;
    if (first !== noPage) this.#before[first] = page;
    this.#withRoom[which] = page;
  }

  #unlinkPage(page: number, which: number): void {
    const after = this.#after[page] as number;
    const before = this.#before[page] as number;
    if (after !== noPage) this.#before[after] = before;
    if (before !== noPage) this.#after[before] = after;
    else this.#withRoom[which] = after;
  }

  #takePages(count: number): number {
    const taken = this.#tryToTakePages(count);
    if (taken !== noPage) return taken;
    this.#reclaim();
    const start = this.#tryToTakePages(count);
    if (start === noPage) throw new TableFull(count * pageBytes);
    return start;
  }

  /**
   * Takes pages from the lowest run that is long enough, so that the table stays dense; if there is none, from `#top`
   * on. Returns `noPage` if there is no room.
   */
  #tryToTakePages(count: number): number {
    const at = this.#runs.findIndex((run) => run.count >= count);
    const run = this.#runs[at];
    if (run === undefined) {
      const start = this.#top;
      if (start + count > this.#pages) return noPage;
      this.#top += count;
      if (this.#top > this.#touched) this.#touched = this.#top;
      return start;
    }
    const start = run.start;
    run.start += count;
    run.count -= count;
    if (run.count === 0) this.#runs.splice(at, 1);
    return start;
  }

  #freePages(start: number, count: number): void {
    this.#use[start] = freePage;
    let at = this.#runs.length;
    for (let low = 0; low < at; ) {
      const middle = (low + at) >>> 1;
      if ((this.#runs[middle] as { start: number }).start < start) low = middle + 1;
      else at = middle;
    }
    const before = this.#runs[at - 1];
    const after = this.#runs[at];
    const joinsBefore = before !== undefined && before.start + before.count === start;
    const joinsAfter = after !== undefined && start + count === after.start;
    if (joinsBefore && joinsAfter) {
      before.count += count + after.count;
      this.#runs.splice(at, 1);
    } else if (joinsBefore) before.count += count;
    else if (joinsAfter) {
      after.start = start;
      after.count += count;
    } else this.#runs.splice(at, 0, { start, count });
    const last = this.#runs.at(-1);
    if (last !== undefined && last.start + last.count === this.#top) {
      this.#top = last.start;
      this.#runs.pop();
    }
  }
}
