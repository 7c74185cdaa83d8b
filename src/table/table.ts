// The table itself: a buffer reserved once that never moves, its readers' cells, and the error that says it is full. How it lies in memory: layout.ts.

import { Refusal } from '../errors.ts';
import { cell, cellCount, cellWords, header, magic, pageBytes } from './layout.ts';

const gibibyte = 2 ** 30;
/** Least first page and one block of each kind. */
const leastBytes = 16 * pageBytes;
/** What 32-bit references of 8 octets reach. */
const greatestBytes = 32 * gibibyte;

/** Handed to every thread as its `buffer`. */
export interface Table {
  readonly buffer: SharedArrayBuffer;
}

/** Nothing was changed: there is no room in the table. */
export class TableFull extends Refusal {
  constructor(wantedBytes: number) {
    super('table_full', `the zone table has no room for another ${wantedBytes} bytes`);
    this.name = 'TableFull';
  }
}

/** Reserves the table. Memory is only taken where it is used; without `bytes`, 8 GiB or the most that can be had. */
export function createTable(options: { bytes?: number } = {}): Table {
  const buffer = reserve(options.bytes);
  const words = new Uint32Array(buffer);
  words[header.magic] = magic;
  words[header.epoch] = 1;
  // Loaded only here: threads that read the table need no cryptography.
  words[header.seed] = process.getBuiltinModule('node:crypto').randomInt(2 ** 32);
  return { buffer };
}

function reserve(bytes: number | undefined): SharedArrayBuffer {
  if (bytes !== undefined) {
    if (bytes > greatestBytes) throw new RangeError('a table has at most 32 GiB');
    return new SharedArrayBuffer(Math.ceil(Math.max(bytes, leastBytes) / pageBytes) * pageBytes);
  }
  for (let wanted = 8 * gibibyte; ; wanted /= 2) {
    try {
      return new SharedArrayBuffer(wanted);
    } catch (error) {
      if (wanted < gibibyte / 4) throw error;
    }
  }
}

/** The table's words, checked to be a table's. */
export function wordsOf(buffer: SharedArrayBuffer): Uint32Array {
  const words = new Uint32Array(buffer);
  if (words[header.magic] !== magic) throw new Error('this buffer holds no zone table of our layout');
  return words;
}

/** Intel's and AMD's processors do not move a load before an earlier one: there each is what others need Atomics for. */
const loadsInOrder = process.arch === 'x64';

/**
 * A word that the writer may be changing: loads that follow see at least what was written before it. Atomics.load is a call, of more time than all else that
 * finding a name takes (bench/respond.ts).
 *
 * That V8 keeps plain loads in their order as well is an assumption, which nothing promises: test/table/readers.test.ts would see torn, missing or freed names
 * where it fails. It may also keep a word that it has read: no loop waits on load() for a word to change.
 */
export function load(words: Uint32Array, at: number): number {
  return loadsInOrder ? (words[at] as number) : Atomics.load(words, at);
}

/** The word at which a reader's cell begins. */
export function cellWord(which: number): number {
  return header.cells + which * cellWords;
}

/** Takes a free cell for a reader. Throws when all are taken. */
export function claimCell(words: Uint32Array): number {
  for (let which = 0; which < cellCount; which += 1) {
    if (Atomics.compareExchange(words, cellWord(which) + cell.claimed, 0, 1) === 0) return which;
  }
  throw new Error(`a table has at most ${cellCount} readers`);
}

/** Gives a reader's cell back; also for a thread that died without doing so, or nothing would ever be freed again. */
export function releaseCell(words: Uint32Array, which: number): void {
  Atomics.store(words, cellWord(which) + cell.seen, 0);
  Atomics.store(words, cellWord(which) + cell.claimed, 0);
}
