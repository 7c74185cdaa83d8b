// Server cookies (RFC 7873), made and checked as RFC 9018 §4 says: servers with the same secret accept each other's
// cookies. How a cookie's state decides the answer: check-cookie.ts.

import { readUint16, writeUint16, writeUint32 } from '../wire/header.ts';
import { SipHash } from '../wire/siphash.ts';
import type { Clock } from './clock.ts';
import type { CookieSettings } from './settings.ts';

export const clientCookieLength = 8;
/** Octets of a server cookie: version 1, reserved 3, timestamp 4, hash 8. */
const serverCookieLength = 16;
export const cookieLength = clientCookieLength + serverCookieLength;
const version = 1;

/**
 * The oldest and the youngest age of a valid cookie, in seconds (RFC 9018 §4.3). A negative age is a timestamp in the
 * future.
 */
const maxAge = 3_600;
const minAge = -300;
/** A client whose cookie is older than this number of seconds gets a new one. */
const maxAgeWithoutRenewal = 1_800;

/** The state of a query's cookie. Cookies from `good` on are valid. */
export const cookie = {
  none: 0,
  /** The cookie has only the client's half. */
  half: 1,
  /** The server's half is malformed or not ours, or its timestamp is too old or in the future. */
  wrong: 2,
  good: 3,
  /** The cookie is good, but the client gets a new one. */
  old: 4,
} as const;
export type CookieState = (typeof cookie)[keyof typeof cookie];

export class ServerCookies {
  readonly strict: boolean;
  /** A hash function for each secret. The first one makes cookies, all of them check cookies. */
  readonly #hashes: readonly SipHash[];
  readonly #clock: Clock;
  /** The input of the hash: client cookie, version, reserved, timestamp, address. */
  readonly #input = new Uint8Array(cookieLength + 16);

  constructor({ strict, secrets }: CookieSettings, clock: Clock) {
    this.strict = strict;
    this.#hashes = secrets.map((secret) => new SipHash(secret));
    this.#clock = clock;
  }

  /** Returns the state of the cookie at `at`. `length` is at least that of a client cookie. */
  check(bytes: Uint8Array, at: number, length: number, address: Uint8Array, addressLength: number): CookieState {
    if (length === clientCookieLength) return cookie.half;
    const server = at + clientCookieLength;
    if (length !== cookieLength || bytes[server] !== version) return cookie.wrong;
    const stamp = (readUint16(bytes, server + 4) << 16) | readUint16(bytes, server + 6);
    // The difference in serial number arithmetic (RFC 1982).
    const age = (this.#clock.seconds - stamp) | 0;
    if (age > maxAge || age < minAge) return cookie.wrong;
    const input = this.#input;
    for (let i = 0; i < 16; i += 1) input[i] = bytes[at + i] as number;
    for (let i = 0; i < addressLength; i += 1) input[16 + i] = address[i] as number;
    for (let i = 0; i < this.#hashes.length; i += 1) {
      const hash = (this.#hashes[i] as SipHash).digest(input, 16 + addressLength);
      let differing = 0;
      for (let j = 0; j < 8; j += 1) differing |= (hash[j] as number) ^ (bytes[at + 16 + j] as number);
      if (differing === 0) return i > 0 || age > maxAgeWithoutRenewal ? cookie.old : cookie.good;
    }
    return cookie.wrong;
  }

  /**
   * Writes the client's cookie, with a new server cookie, at `to` of `response`. The client cookie is at `at` of
   * `query`.
   */
  write(
    query: Uint8Array,
    at: number,
    address: Uint8Array,
    addressLength: number,
    response: Uint8Array,
    to: number,
  ): void {
    const input = this.#input;
    for (let i = 0; i < clientCookieLength; i += 1) input[i] = query[at + i] as number;
    writeUint16(input, 8, version << 8);
    writeUint16(input, 10, 0);
    writeUint32(input, 12, this.#clock.seconds);
    for (let i = 0; i < addressLength; i += 1) input[16 + i] = address[i] as number;
    const hash = (this.#hashes[0] as SipHash).digest(input, 16 + addressLength);
    for (let i = 0; i < 16; i += 1) response[to + i] = input[i] as number;
    for (let i = 0; i < 8; i += 1) response[to + 16 + i] = hash[i] as number;
  }
}
