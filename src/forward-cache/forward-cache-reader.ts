// Finds answers of forwarded zones in the cache. Every answering thread has one reader. A reader never waits and makes
// no garbage (test/forward-cache/answer-reader.test.ts).

import { field } from './answer-block.ts';
import { AnswerReader } from './answer-reader.ts';
import { bucketsAt, cellWord, entry, hashQuestion, header, magic, questionWord } from './layout.ts';

export class ForwardCacheReader {
  /** The last answer that was found. Valid until {@link leave}. */
  readonly answer = new AnswerReader();
  readonly #words: Uint32Array;
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #cell: number;
  readonly #seed: number;
  readonly #mask: number;

  /** `cell` must belong to this reader alone. The reader begins asleep: call {@link enter} before reading. */
  constructor(buffer: SharedArrayBuffer, cell: number) {
    this.#words = new Uint32Array(buffer);
    if (this.#words[header.magic] !== magic) throw new Error('the buffer is not a cache of this layout');
    this.#octets = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#cell = cellWord(cell);
    this.#seed = (this.#words[header.seed] as number) | 0;
    this.#mask = this.#words[header.mask] as number;
  }

  /** Wakes the reader. Call this again before each batch, so that the writer can reuse memory. */
  enter(): void {
    Atomics.store(this.#words, this.#cell, Atomics.load(this.#words, header.epoch));
  }

  /** Declares that the reader uses no memory of the cache until the next {@link enter}. */
  leave(): void {
    Atomics.store(this.#words, this.#cell, 0);
  }

  /**
   * Finds an answer that has not expired in this second, and opens it in {@link answer}. Returns false if there is
   * none. `name` is in lower-cased wire form. `forwarder` is the number of the forwarder that has the name.
   */
  find(
    forwarder: number,
    name: Uint8Array,
    length: number,
    type: number,
    recordClass: number,
    flags: number,
    seconds: number,
  ): boolean {
    const at = this.findEntry(forwarder, name, length, type, recordClass, flags);
    if (at === 0) return false;
    this.answer.open(this.#octets, (at + entry.answer) * 4);
    if (!this.answer.isFresh(seconds)) return false;
    // The word is written only if it is 0: otherwise readers would take the cache line from one another.
    if (this.#words[at + entry.used] === 0) this.#words[at + entry.used] = 1;
    return true;
  }

  /** Returns the word at which the entry of a question begins, even if the answer has expired; 0 if there is none. */
  findEntry(
    forwarder: number,
    name: Uint8Array,
    length: number,
    type: number,
    recordClass: number,
    flags: number,
  ): number {
    const words = this.#words;
    const question = questionWord(type, recordClass);
    const hash = hashQuestion(this.#seed, forwarder, name, length, question, flags);
    for (let at = load(words, bucketsAt + (hash & this.#mask)); at !== 0; at = load(words, at + entry.next)) {
      if (words[at + entry.hash] !== hash || words[at + entry.forwarder] !== forwarder) continue;
      if (words[at + entry.question] !== question || words[at + entry.flags] !== flags) continue;
      if (this.#hasName(at, name, length)) return at;
    }
    return 0;
  }

  #hasName(at: number, name: Uint8Array, length: number): boolean {
    const block = (at + entry.answer) * 4;
    if (this.#view.getUint16(block + field.nameLength) !== length) return false;
    const start = block + field.message;
    for (let i = 0; i < length; i += 1) if (this.#octets[start + i] !== name[i]) return false;
    return true;
  }
}

/** Frees the cell of a reader that has ended or died. Otherwise the writer would wait for this reader. */
export function releaseForwardCacheCell(buffer: SharedArrayBuffer, cell: number): void {
  Atomics.store(new Uint32Array(buffer), cellWord(cell), 0);
}

const loadsInOrder = process.arch === 'x64';

/** Loads a reference that the writer may change. `load` in table/table.ts has the reasons. */
function load(words: Uint32Array, at: number): number {
  return loadsInOrder ? (words[at] as number) : Atomics.load(words, at);
}
