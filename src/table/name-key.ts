// A name made ready to be looked up: lower-cased wire form, where its labels begin, and the hash of each of its suffixes. Reused, never allocated per query.
// What is found under it: reader.ts.

import { type Fqdn, nameToWire } from '../model/name.ts';

const lowerCase = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

const greatestName = 255;

export class NameKey {
  /** Lower-cased wire form, the root's octet included. */
  readonly bytes = new Uint8Array(greatestName + 1);
  /** Octets in `bytes`. */
  length = 1;
  labelCount = 0;
  /** Where in `bytes` suffix i begins: 0 is the whole name, `labelCount` the root. */
  readonly starts = new Uint8Array(129);
  readonly #hashes = new Int32Array(129);

  constructor(seed: number) {
    this.#seed = seed | 0;
    this.read(this.bytes, 0, 1);
  }

  readonly #seed: number;

  /** Reads an uncompressed name; returns how many octets it took, or −1 when it is not one. */
  read(source: Uint8Array, offset: number, end: number): number {
    const { bytes, starts } = this;
    const limit = Math.min(end - offset, greatestName);
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
    const wire = nameToWire(name);
    this.read(wire, 0, wire.length);
  }

  copyFrom(other: NameKey): void {
    this.read(other.bytes, 0, other.length);
  }

  /** FNV-1a from the root's end, so that a name's ancestors have their hashes on the way. */
  #hash(): void {
    const { bytes, starts } = this;
    let hash = this.#seed;
    let end = this.length - 1;
    this.#hashes[this.labelCount] = hash;
    for (let label = this.labelCount - 1; label >= 0; label -= 1) {
      const start = starts[label] as number;
      for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
      this.#hashes[label] = hash;
      end = start;
    }
  }

  /** The hash of suffix i, as it stands in an index. */
  hash(suffix: number): number {
    return finish(this.#hashes[suffix] as number);
  }

  /** The hash of `*` directly below suffix i. */
  wildcardHash(suffix: number): number {
    const hash = Math.imul((this.#hashes[suffix] as number) ^ 1, 0x01000193);
    return finish(Math.imul(hash ^ 0x2a, 0x01000193));
  }

  /** Whether suffix i is this name in lower-cased wire form, which lies at `offset` of `other`. */
  suffixIs(suffix: number, other: Uint8Array, offset: number, length: number): boolean {
    const start = this.starts[suffix] as number;
    if (this.length - start !== length) return false;
    for (let i = 0; i < length; i += 1) if (this.bytes[start + i] !== other[offset + i]) return false;
    return true;
  }
}

/** Spreads the bits (from MurmurHash3's finaliser): the low ones choose the slot. 31 of them: a greater number would be an object, made anew for each look. */
function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return (mixed ^ (mixed >>> 13)) & 0x7fffffff;
}
