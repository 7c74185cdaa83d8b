// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") for server cookies (RFC 9018 §4.4). A 64-bit
// word is two elements of an Int32Array, the lower half first: BigInt would make garbage.

export class SipHash {
  /** The result of the last digest(), in the order of octets of the reference implementation. */
  readonly result = new Uint8Array(8);
  readonly #key: Int32Array;
  readonly #state = new Int32Array(8);

  /** `key` has 16 octets. */
  constructor(key: Uint8Array) {
    this.#key = Int32Array.from([0, 4, 8, 12], (at) => readWord(key, at));
  }

  /** Returns the hash of the first `length` octets, at most 255. The next call overwrites the result. */
  digest(bytes: Uint8Array, length: number): Uint8Array {
    const [v, key] = [this.#state, this.#key];
    const [k0, k0h, k1, k1h] = [key[0] as number, key[1] as number, key[2] as number, key[3] as number];
    v[0] = k0 ^ 0x70736575;
    v[1] = k0h ^ 0x736f6d65;
    v[2] = k1 ^ 0x6e646f6d;
    v[3] = k1h ^ 0x646f7261;
    v[4] = k0 ^ 0x6e657261;
    v[5] = k0h ^ 0x6c796765;
    v[6] = k1 ^ 0x79746573;
    v[7] = k1h ^ 0x74656462;
    let at = 0;
    for (; at + 8 <= length; at += 8) absorb(v, readWord(bytes, at), readWord(bytes, at + 4));
    const left = length - at;
    const low = readRest(bytes, at, Math.min(left, 4));
    const high = readRest(bytes, at + 4, Math.max(left - 4, 0));
    absorb(v, low, high | (length << 24));
    v[4] = (v[4] as number) ^ 0xff;
    for (let i = 0; i < 4; i += 1) round(v);
    writeWord(this.result, 0, (v[0] as number) ^ (v[2] as number) ^ (v[4] as number) ^ (v[6] as number));
    writeWord(this.result, 4, (v[1] as number) ^ (v[3] as number) ^ (v[5] as number) ^ (v[7] as number));
    return this.result;
  }
}

function absorb(v: Int32Array, low: number, high: number): void {
  v[6] = (v[6] as number) ^ low;
  v[7] = (v[7] as number) ^ high;
  round(v);
  round(v);
  v[0] = (v[0] as number) ^ low;
  v[1] = (v[1] as number) ^ high;
}

function round(v: Int32Array): void {
  mix(v, 0, 2, 13);
  swap(v, 0);
  mix(v, 4, 6, 16);
  mix(v, 0, 6, 21);
  mix(v, 4, 2, 17);
  swap(v, 4);
}

/** Computes a += b, then rotates b left by `bits`, then computes b ^= a. `a` and `b` are the indexes of two words. */
function mix(v: Int32Array, a: number, b: number, bits: number): void {
  const low = v[b] as number;
  const high = v[b + 1] as number;
  const sum = ((v[a] as number) + low) | 0;
  const carry = sum >>> 0 < low >>> 0 ? 1 : 0;
  const sumHigh = ((v[a + 1] as number) + high + carry) | 0;
  v[a] = sum;
  v[a + 1] = sumHigh;
  v[b] = ((low << bits) | (high >>> (32 - bits))) ^ sum;
  v[b + 1] = ((high << bits) | (low >>> (32 - bits))) ^ sumHigh;
}

/** Rotates the word at index `a` by 32 bits. */
function swap(v: Int32Array, a: number): void {
  const low = v[a] as number;
  v[a] = v[a + 1] as number;
  v[a + 1] = low;
}

function readWord(bytes: Uint8Array, at: number): number {
  return readRest(bytes, at, 4);
}

function readRest(bytes: Uint8Array, at: number, count: number): number {
  let word = 0;
  for (let i = 0; i < count; i += 1) word |= (bytes[at + i] as number) << (8 * i);
  return word;
}

function writeWord(bytes: Uint8Array, at: number, word: number): void {
  for (let i = 0; i < 4; i += 1) bytes[at + i] = word >>> (8 * i);
}
