// A name as a key of the table: its lower-cased wire form, where its labels begin, and the hash of each suffix. One
// NameKey is used again for many names, so that queries allocate nothing. reader.ts looks keys up.

import { type Fqdn, nameToWire } from '../model/name.ts';

const lowerCase = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

const maxName = 255;

export class NameKey {
  /** The lower-cased wire form, with the root's octet. */
  readonly bytes = new Uint8Array(maxName + 1);
  /** The number of valid octets in `bytes`. */
  length = 1;
  labelCount = 0;
  /** The offset of each suffix in `bytes`. Suffix 0 is the whole name, suffix `labelCount` is the root. */
  readonly starts = new Uint8Array(129);
  readonly #hashes = new Int32Array(129);

  constructor(seed: number) {
    this.#seed = seed | 0;
    this.read(this.bytes, 0, 1);
  }

  readonly #seed: number;
  /** The name in `bytes`, if setName() has set it. */
  #name: Fqdn | undefined;

  /** Reads an uncompressed name. Returns the number of its octets, or −1 if it is malformed. */
  read(source: Uint8Array, offset: number, end: number): number {
    this.#name = undefined;
    const { bytes, starts } = this;
    const limit = Math.min(end - offset, maxName);
    let at = 0;
    let labels = 0;
    for (;;) {
      if (at >= limit) return -1;
      const length = source[offset + at] as number;
      starts[labels] = at;
      bytes[at] = length;
      if (length === 0) break;
      if (length > 63) return -1;
      labels += 1;
      const next = at + 1 + length;
      if (next >= limit) return -1;
      for (at += 1; at < next; at += 1) bytes[at] = lowerCase[source[offset + at] as number] as number;
    }
    this.labelCount = labels;
    this.length = at + 1;
    this.#hash();
    return at + 1;
  }

  setName(name: Fqdn): void {
    // One change looks up the same name several times.
    if (name === this.#name) return;
    const wire = nameToWire(name);
    this.read(wire, 0, wire.length);
    this.#name = name;
  }

  copyFrom(other: NameKey): void {
    this.read(other.bytes, 0, other.length);
  }

  /** Computes FNV-1a label by label, from the root: the intermediate results are the hashes of the suffixes. */
  #hash(): void {
    const { bytes, starts } = this;
    // `| 0` tells V8 that the field is a 32-bit integer.
    let hash = this.#seed | 0;
    let end = this.length - 1;
    this.#hashes[this.labelCount] = hash;
    for (let label = this.labelCount - 1; label >= 0; label -= 1) {
      const start = starts[label] as number;
      for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
      this.#hashes[label] = hash;
      end = start;
    }
  }

  /** Returns the hash of a suffix, as the indexes have it. */
  hash(suffix: number): number {
    return finish(this.#hashes[suffix] as number);
  }

  /** Returns the hash of `*` directly below a suffix. */
  wildcardHash(suffix: number): number {
    const hash = Math.imul((this.#hashes[suffix] as number) ^ 1, 0x01000193);
    return finish(Math.imul(hash ^ 0x2a, 0x01000193));
  }

  /** Returns whether a suffix equals the name, in lower-cased wire form, at `offset` of `other`. */
  suffixIs(suffix: number, other: Uint8Array, offset: number, length: number): boolean {
    const { bytes } = this;
    const start = this.starts[suffix] as number;
    if (this.length - start !== length) return false;
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== other[offset + i]) return false;
    return true;
  }
}

/**
 * Spreads the bits, with a short finish like that of MurmurHash3, because the low bits select the slot. Returns 31
 * bits: for larger numbers, V8 would allocate an object.
 */
function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) & 0x7fffffff;
}
