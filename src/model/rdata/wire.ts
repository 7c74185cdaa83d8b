// Rdata in wire form, written and read field by field. Nothing here knows a record type.

import { InvalidValue } from '../invalid-value.ts';

/** One record's rdata is at most this long (RFC 1035 §3.2.1). */
const greatestRdata = 0xffff;

/** Collects one record's octets, in memory that is used again and again. */
export class WireWriter {
  /** What is written so far ends at {@link at}; it begins at 0. */
  readonly octets = new Uint8Array(greatestRdata);
  at = 0;

  /** An unsigned number, high octet first. */
  uint(value: number, length: number): void {
    this.#room(length);
    for (let i = this.at + length - 1, rest = value; i >= this.at; i -= 1, rest = Math.floor(rest / 256)) {
      this.octets[i] = rest % 256;
    }
    this.at += length;
  }

  bytes(octets: Uint8Array): void {
    this.#room(octets.length);
    this.octets.set(octets, this.at);
    this.at += octets.length;
  }

  /** A length octet, then that many octets (RFC 1035 §3.3). */
  counted(octets: Uint8Array, what: string): void {
    if (octets.length > 255) {
      throw new InvalidValue(`${what} has ${octets.length} octets; at most 255 are allowed`);
    }
    this.uint(octets.length, 1);
    this.bytes(octets);
  }

  /** What was written, as a copy; the writer is empty again. */
  finish(): Uint8Array {
    const rdata = this.octets.slice(0, this.at);
    this.at = 0;
    return rdata;
  }

  #room(more: number): void {
    if (this.at + more > greatestRdata) throw new InvalidValue(`the rdata has more than ${greatestRdata} octets`);
  }
}

/** Reads octets from the front. Throws InvalidValue when there are fewer than asked for. */
export class WireReader {
  readonly octets: Uint8Array;
  at = 0;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  /** How many octets are not read yet. */
  get left(): number {
    return this.octets.length - this.at;
  }

  /** An unsigned number, high octet first. */
  uint(length: number): number {
    this.#need(length);
    let value = 0;
    for (let left = length; left > 0; left -= 1) value = value * 256 + (this.octets[this.at++] as number);
    return value;
  }

  bytes(length: number): Uint8Array {
    this.#need(length);
    this.at += length;
    return this.octets.subarray(this.at - length, this.at);
  }

  /** A length octet, then that many octets. */
  counted(): Uint8Array {
    return this.bytes(this.uint(1));
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  #need(length: number): void {
    if (length > this.left) throw new InvalidValue('the rdata is cut short');
  }
}
