// Splits a stream of bytes into lines, as a watch sends its events. The length of a line is limited.

import { MalformedAnswer } from './kubernetes-error.ts';

const lineFeed = 0x0a;

export class LineSplitter {
  readonly #maxBytes: number;
  /** The beginning of a line whose end has not come. */
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True while a line has begun and not ended. */
  get isWithinLine(): boolean {
    return this.#bytes > 0;
  }

  /** Yields the lines that end in this chunk, without the empty ones. Throws if a line is too long. */
  *push(chunk: Buffer): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      this.#add(chunk.subarray(start, end));
      start = end + 1;
      if (this.#bytes > 0) yield this.#take();
    }
    this.#add(chunk.subarray(start));
  }

  #add(part: Buffer): void {
    if (part.length === 0) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes)
      throw new MalformedAnswer(`a line of the watch has more than ${this.#maxBytes} bytes`);
    this.#parts.push(part);
  }

  /** Decodes the line as a whole: a character may have been split between two chunks. */
  #take(): string {
    const line = Buffer.concat(this.#parts, this.#bytes).toString('utf8');
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}
