// Response rate limiting as in NSD and Knot: a token bucket for each network (IPv4 /24, IPv6 /56) and class of
// response. Each thread has a fixed number of buckets; a new bucket replaces the one of its set that was idle longest.
// limit-rate.ts chooses which responses are limited.

import { type AddressNumber, addressRdata, formatAddress } from '../../model/address.ts';
import type { Clock } from './clock.ts';
import type { RateLimitSettings } from './settings.ts';

/** What to do with a response: send it, send it empty with TC ("slip"), or drop it. */
export const judgement = { send: 0, slip: 1, drop: 2 } as const;
type Judgement = (typeof judgement)[keyof typeof judgement];

/** The number of sets. The key of a bucket selects one set, which has `ways` places. */
const sets = 2 ** 13;
const ways = 4;
/** The words of a bucket: key (2), thousandths of tokens, time of the last count, responses over the limit. */
const bucketWords = 5;
/** These bits of the second key word make sure that no key is 0, and that no IPv4 key equals an IPv6 key. */
const ipv4Mark = 0x40;
const ipv6Mark = 0x80;
const second = 1_000;

export class RateLimiter {
  readonly #buckets = new Int32Array(sets * ways * bucketWords);
  readonly #rate: number;
  readonly #slip: number;
  readonly #clock: Clock;
  readonly #seed: number;
  /** The IPv4 ranges that are not limited, one after the other: first address, last address. */
  readonly #allowed4: Uint8Array;
  /** The IPv6 ranges, in the same form. */
  readonly #allowed6: Uint8Array;

  constructor({ perSecond, slip, allow }: RateLimitSettings, clock: Clock, seed = (Math.random() * 2 ** 32) | 0) {
    this.#rate = perSecond;
    this.#slip = slip;
    this.#clock = clock;
    this.#seed = seed;
    const ends = allow.map(({ first, last }) => [...octets(first), ...octets(last)]);
    this.#allowed4 = Uint8Array.from(ends.filter(({ length }) => length === 2 * 4).flat());
    this.#allowed6 = Uint8Array.from(ends.filter(({ length }) => length === 2 * 16).flat());
  }

  /** Returns whether the address is never limited: a loopback address, or one in a range that the operator allows. */
  exempts(address: Uint8Array, length: number): boolean {
    if (length === 4 ? address[0] === 127 : isLoopback6(address)) return true;
    const allowed = length === 4 ? this.#allowed4 : this.#allowed6;
    const end = allowed.length;
    for (let first = 0; first < end; first += 2 * length) {
      const isBelow = compare(address, allowed, first, length) < 0;
      if (!isBelow && compare(address, allowed, first + length, length) <= 0) return true;
    }
    return false;
  }

  /**
   * Takes a token for a response of this class (a number below 64) to this address. Returns what to do with the
   * response.
   */
  judge(address: Uint8Array, length: number, answerClass: number): Judgement {
    const a = word(address, 0, length === 4 ? 3 : 4);
    const b = length === 4 ? ipv4Mark | answerClass : (word(address, 4, 3) << 8) | ipv6Mark | answerClass;
    const buckets = this.#buckets;
    const now = this.#clock.milliseconds;
    const at = this.#find(a, b, now);
    // If the clock was set back, no tokens are added.
    const elapsed = Math.max(0, Math.min(second, (now - (buckets[at + 3] as number)) | 0));
    const tokens = Math.min(this.#rate * second, (buckets[at + 2] as number) + elapsed * this.#rate);
    buckets[at + 3] = now;
    if (tokens >= second) {
      buckets[at + 2] = tokens - second;
      return judgement.send;
    }
    buckets[at + 2] = tokens;
    if (this.#slip === 0) return judgement.drop;
    const over = (buckets[at + 4] as number) + 1;
    buckets[at + 4] = over === this.#slip ? 0 : over;
    return over === this.#slip ? judgement.slip : judgement.drop;
  }

  /** Returns where the key's bucket begins. A new bucket is full of tokens. */
  #find(a: number, b: number, now: number): number {
    const buckets = this.#buckets;
    const set = (hash(a, b, this.#seed) & (sets - 1)) * ways * bucketWords;
    let oldest = set;
    let longestIdle = -1;
    for (let at = set; at < set + ways * bucketWords; at += bucketWords) {
      if (buckets[at] === a && buckets[at + 1] === b) return at;
      const idle = buckets[at + 1] === 0 ? 0xffffffff : (now - (buckets[at + 3] as number)) >>> 0;
      if (idle <= longestIdle) continue;
      longestIdle = idle;
      oldest = at;
    }
    buckets[oldest] = a;
    buckets[oldest + 1] = b;
    buckets[oldest + 2] = this.#rate * second;
    buckets[oldest + 3] = now;
    buckets[oldest + 4] = 0;
    return oldest;
  }
}

function octets(address: AddressNumber): Uint8Array {
  return addressRdata(formatAddress(address));
}

function isLoopback6(address: Uint8Array): boolean {
  for (let i = 0; i < 15; i += 1) if (address[i] !== 0) return false;
  return address[15] === 1;
}

/**
 * Compares `address` with the address at `at` of `others`. Returns a number below 0 if `address` is smaller, above 0 if
 * it is greater.
 */
function compare(address: Uint8Array, others: Uint8Array, at: number, length: number): number {
  for (let i = 0; i < length; i += 1) {
    const difference = (address[i] as number) - (others[at + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Returns up to four octets as one number. */
function word(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i += 1) value = (value << 8) | (bytes[from + i] as number);
  return value;
}

/**
 * Mixes the bits with the constants of MurmurHash3. The seed is secret, so that clients cannot choose which buckets
 * collide.
 */
function hash(a: number, b: number, seed: number): number {
  let mixed = Math.imul(a ^ seed, 0x85ebca6b);
  mixed = Math.imul((mixed ^ (mixed >>> 13) ^ b) | 0, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16) ^ seed, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
