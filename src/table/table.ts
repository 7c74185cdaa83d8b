// The table's memory: a buffer that is reserved once and never moves, the cells of its readers, and the error of a full
// table. Layout: layout.ts.

import { cell, cellCount, cellWords, header, magic, pageBytes } from './layout.ts';

const gibibyte = 2 ** 30;
/** The smallest table: room for the page of the header, and for some small zones. */
const minBytes = 16 * pageBytes;
/** The largest table: a reference has 32 bits, and counts units of 8 octets. */
const maxBytes = 32 * gibibyte;

/** The zone table. All threads share its memory. */
export interface Table {
  readonly buffer: SharedArrayBuffer;
}

/** Thrown if the table has no room for a write. Each method of TableWriter says what it has changed then. */
export class TableFull extends Error {
  constructor(wantedBytes: number) {
    super(`the zone table has no room for another ${wantedBytes} bytes`);
    this.name = 'TableFull';
  }
}

/**
 * Reserves a table of `bytes` octets: by default 8 GiB, or less if the system refuses so much. Only pages that are used
 * take memory.
 */
export function createTable(options: { bytes?: number } = {}): Table {
  const buffer = reserve(options.bytes);
  const words = new Uint32Array(buffer);
  words[header.magic] = magic;
  words[header.epoch] = 1;
  // The module is not imported above: threads that only read the table need no cryptography.
  words[header.seed] = process.getBuiltinModule('node:crypto').randomInt(2 ** 32);
  return { buffer };
}

function reserve(bytes: number | undefined): SharedArrayBuffer {
  if (bytes !== undefined) {
    if (bytes > maxBytes) throw new RangeError('a table has at most 32 GiB');
    return new SharedArrayBuffer(Math.ceil(Math.max(bytes, minBytes) / pageBytes) * pageBytes);
  }
  for (let wanted = 8 * gibibyte; ; wanted /= 2) {
    try {
      return new SharedArrayBuffer(wanted);
    } catch (error) {
      if (wanted < gibibyte / 4) throw error;
    }
  }
}

/** Returns the table's words. Throws if the buffer is not a table. */
export function wordsOf(buffer: SharedArrayBuffer): Uint32Array {
  const words = new Uint32Array(buffer);
  if (words[header.magic] !== magic) throw new Error('the buffer is not a zone table of this layout');
  return words;
}

/** x64 processors keep loads in program order, so there a plain load is enough. */
const loadsInOrder = process.arch === 'x64';

/**
 * Loads a word that the writer may be changing. Later loads see at least what the writer wrote before it wrote this
 * word. Atomics.load is a function call, which is slow in a search (bench/respond.ts), so on x64 a plain load is used.
 * V8 does not promise to keep plain loads in order: we assume it. If V8 does not, test/table/readers.test.ts finds
 * torn, missing or freed names. V8 may also reuse a word that it has loaded before: no loop may wait until load()
 * returns another value.
 */
export function load(words: Uint32Array, at: number): number {
  return loadsInOrder ? (words[at] as number) : Atomics.load(words, at);
}

/** Returns the word at which a reader's cell begins. */
export function cellWord(which: number): number {
  return header.cells + which * cellWords;
}

/** Takes a free cell for a reader. Throws if no cell is free. */
export function claimCell(words: Uint32Array): number {
  for (let which = 0; which < cellCount; which += 1) {
    if (Atomics.compareExchange(words, cellWord(which) + cell.claimed, 0, 1) === 0) return which;
  }
  throw new Error(`a table has at most ${cellCount} readers`);
}

/**
 * Gives a reader's cell back. Call this for a dead thread too: otherwise its cell may keep the writer from freeing
 * blocks.
 */
export function releaseCell(words: Uint32Array, which: number): void {
  Atomics.store(words, cellWord(which) + cell.seen, 0);
  Atomics.store(words, cellWord(which) + cell.claimed, 0);
}
