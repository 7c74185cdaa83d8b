// Writes and reads rdata in wire form, field by field. Knows no record types.

import { InvalidValue } from '../invalid-value.ts';

/** The limit for the octets of one record's rdata (RFC 1035 §3.2.1). */
const maxRdata = 0xffff;

/** Collects the octets of one record's rdata in a buffer that is used again for the next record. */
export class WireWriter {
  /** Only the octets before {@link at} are valid. */
  readonly octets = new Uint8Array(maxRdata);
  at = 0;

  /** Writes an unsigned number, high octet first. */
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

  /** Writes a length octet, then the octets (RFC 1035 §3.3). */
  counted(octets: Uint8Array, what: string): void {
    if (octets.length > 255) {
      throw new InvalidValue(`${what} has ${octets.length} octets; at most 255 are allowed`);
    }
    this.uint(octets.length, 1);
    this.bytes(octets);
  }

  /** Returns a copy of the written octets, and empties the writer. */
  finish(): Uint8Array {
    const rdata = this.octets.slice(0, this.at);
    this.at = 0;
    return rdata;
  }

  #room(more: number): void {
    if (this.at + more > maxRdata) throw new InvalidValue(`the rdata has more than ${maxRdata} octets`);
  }
}

/** Reads octets from the beginning. Throws InvalidValue if there are too few. */
export class WireReader {
  readonly octets: Uint8Array;
  at = 0;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }

  /** Returns the number of octets that are not read yet. */
  get left(): number {
    return this.octets.length - this.at;
  }

  /** Reads an unsigned number, high octet first. */
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

  /** Reads a length octet, then that many octets. */
  counted(): Uint8Array {
    return this.bytes(this.uint(1));
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  #need(length: number): void {
    if (length > this.left) throw new InvalidValue('the rdata is too short');
  }
}
