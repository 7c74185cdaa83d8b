// Finds the addresses that a name contains in a zone with the setting `addressNames`: the labels in front of the zone's
// name are read as an address. Works on the octets of the name and makes no garbage, since answering threads use it.

import { isInRanges } from './address-ranges.ts';
import {
  addressNameForms,
  addressNames as layout,
  type Reference,
  rangeBytes,
  rangesByte,
  unitBytes,
  unitWords,
} from './layout.ts';
import type { NameKey } from './name-key.ts';

/**
 * Bits that tell what was found for a name. `name`: the name exists. Without `ipv4` and `ipv6`, it has no address, but
 * is above address names.
 */
export const held = { nothing: 0, name: 1, ipv4: 2, ipv6: 4 } as const;

const dash = 0x2d;
const zero = 0x30;
/** The octet at which the IPv4 address begins in an IPv4-mapped address. */
const ipv4At = 12;

export class HeldAddresses {
  /** The IPv4 address, IPv4-mapped. */
  readonly ipv4 = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0);
  readonly ipv6 = new Uint8Array(16);
  /** The bits that the last call of {@link find} has found. */
  found: number = held.nothing;
  /** The TTL of the answers, in seconds. */
  ttl = 0;
  /** The offset of the first digit of the number that #readNumber has read last. */
  #start = 0;

  /**
   * Sets `found`, the addresses and `ttl` for `name`, and returns `found`. `block` has the setting of the zone. The
   * zone's name is suffix number `zoneSuffix` of `name`.
   */
  find(words: Uint32Array, bytes: Uint8Array, block: Reference, name: NameKey, zoneSuffix: number): number {
    this.found = held.nothing;
    if (zoneSuffix === 0) return this.found;
    this.ttl = words[block * unitWords + layout.ttl] as number;
    const forms = words[block * unitWords + layout.forms] as number;
    const ranges = block * unitBytes + rangesByte;
    const ipv4Ranges = words[block * unitWords + layout.ipv4Ranges] as number;
    const allRanges = words[block * unitWords + layout.ranges] as number;
    const start = (name.starts[zoneSuffix - 1] as number) + 1;
    const end = start + (name.bytes[start - 1] as number);

    const isIpv4 =
      ((forms & addressNameForms.dashed) !== 0 && this.#readDashed(name.bytes, start, end)) ||
      ((forms & addressNameForms.hex) !== 0 && readHex(name.bytes, start, end, this.ipv4, ipv4At)) ||
      ((forms & addressNameForms.dotted) !== 0 && zoneSuffix >= 4 && this.#readDotted(name, zoneSuffix, 4));
    if (isIpv4 && isInRanges(bytes, ranges, 0, ipv4Ranges, this.ipv4)) this.found = held.name | held.ipv4;

    const isIpv6 =
      (forms & addressNameForms.ipv6) !== 0 &&
      (((forms & addressNameForms.dashed) !== 0 && readGroups(name.bytes, start, end, this.ipv6)) ||
        ((forms & addressNameForms.hex) !== 0 && readHex(name.bytes, start, end, this.ipv6, 0)));
    if (isIpv6 && isInRanges(bytes, ranges, ipv4Ranges, allRanges, this.ipv6)) this.found |= held.name | held.ipv6;

    // If `10.1.2.3.<zone>` exists, so does the name `2.3.<zone>` above it, without records (RFC 8020). A label that is
    // only a number from 0 to 255 is no address in the forms above.
    const canStandAbove = (forms & addressNameForms.dotted) !== 0 && zoneSuffix < 4 && !isIpv4;
    if (canStandAbove && this.#readDotted(name, zoneSuffix, zoneSuffix)) {
      if (endsInRanges(bytes, ranges, ipv4Ranges, this.ipv4, zoneSuffix)) this.found |= held.name;
    }
    return this.found;
  }

  /**
   * Reads four numbers with dashes between them, at the end of a label, into `ipv4`. A dash or the label's beginning
   * must be in front of the numbers. Returns false if there are no such numbers.
   */
  #readDashed(bytes: Uint8Array, start: number, end: number): boolean {
    let at = end;
    for (let octet = 15; ; octet -= 1) {
      if (!this.#readNumber(bytes, start, at, octet)) return false;
      at = this.#start;
      if (octet === ipv4At) return at === start || bytes[at - 1] === dash;
      if (at === start || bytes[at - 1] !== dash) return false;
      at -= 1;
    }
  }

  /** Reads the last `count` labels in front of the zone's name, one number each, into the last octets of `ipv4`. */
  #readDotted({ bytes, starts }: NameKey, zoneSuffix: number, count: number): boolean {
    for (let i = 0; i < count; i += 1) {
      const start = (starts[zoneSuffix - 1 - i] as number) + 1;
      const end = start + (bytes[start - 1] as number);
      if (!this.#readNumber(bytes, start, end, 15 - i) || this.#start !== start) return false;
    }
    return true;
  }

  /**
   * Reads a number from 0 to 255 without leading zeros, which ends before `end`, into `ipv4[octet]`. Returns false if
   * there is no such number.
   */
  #readNumber(bytes: Uint8Array, start: number, end: number, octet: number): boolean {
    let at = end;
    let value = 0;
    let weight = 1;
    while (at > start && end - at < 3 && isDigit(bytes[at - 1] as number)) {
      at -= 1;
      value += ((bytes[at] as number) - zero) * weight;
      weight *= 10;
    }
    this.#start = at;
    this.ipv4[octet] = value;
    return at < end && value <= 255 && (end - at === 1 || bytes[at] !== zero);
  }
}

function isDigit(octet: number): boolean {
  return octet >= zero && octet <= 0x39;
}

/** Returns the value of a lower-case hexadecimal digit; −1 for other octets. */
function hexDigit(octet: number): number {
  if (isDigit(octet)) return octet - zero;
  return octet >= 0x61 && octet <= 0x66 ? octet - 0x57 : -1;
}

/**
 * Reads hexadecimal digits at the end of a label into the octets of `address`, from `from` on. A dash or the label's
 * beginning must be in front of the digits.
 */
function readHex(bytes: Uint8Array, start: number, end: number, address: Uint8Array, from: number): boolean {
  const first = end - (16 - from) * 2;
  if (first < start || (first > start && bytes[first - 1] !== dash)) return false;
  for (let i = 0; from + i < 16; i += 1) {
    const high = hexDigit(bytes[first + i * 2] as number);
    const low = hexDigit(bytes[first + i * 2 + 1] as number);
    if (high < 0 || low < 0) return false;
    address[from + i] = high * 16 + low;
  }
  return true;
}

/**
 * Reads a whole label as an IPv6 address (RFC 4291 §2.2) with dashes in place of colons. The whole label is read, since
 * in `be-2001-db8--1` nobody could tell whether `be` belongs to the address.
 */
function readGroups(bytes: Uint8Array, start: number, end: number, address: Uint8Array): boolean {
  let groups = 0;
  /** The number of groups before the two dashes; −1 without two dashes. */
  let gap = -1;
  let at = start;
  if (bytes[at] === dash) {
    if (end - at < 2 || bytes[at + 1] !== dash) return false;
    gap = 0;
    at += 2;
  }
  while (at < end) {
    let value = 0;
    const from = at;
    while (at < end && at - from < 4 && hexDigit(bytes[at] as number) >= 0) {
      value = value * 16 + hexDigit(bytes[at] as number);
      at += 1;
    }
    if (at === from || groups === 8) return false;
    address[groups * 2] = value >>> 8;
    address[groups * 2 + 1] = value & 255;
    groups += 1;
    if (at === end) break;
    if (bytes[at] !== dash) return false;
    at += 1;
    if (at === end) return false;
    if (bytes[at] !== dash) continue;
    if (gap >= 0) return false;
    gap = groups;
    at += 1;
  }
  if (gap < 0) return groups === 8;
  if (groups === 8) return false;
  const after = (groups - gap) * 2;
  address.copyWithin(16 - after, gap * 2, groups * 2);
  address.fill(0, gap * 2, 16 - after);
  return true;
}

/** Returns whether an address in the `count` IPv4 ranges ends with the last `octets` octets (1 to 3) of `address`. */
function endsInRanges(bytes: Uint8Array, ranges: number, count: number, address: Uint8Array, octets: number): boolean {
  const split = 16 - octets;
  const end = number(address, split, 16);
  for (let i = 0; i < count; i += 1) {
    const first = ranges + i * rangeBytes;
    const last = first + rangeBytes / 2;
    const firstFront = number(bytes, first + ipv4At, first + split);
    const lastFront = number(bytes, last + ipv4At, last + split);
    const isAfterFirst = end >= number(bytes, first + split, first + 16);
    const isBeforeLast = end <= number(bytes, last + split, last + 16);
    const between = lastFront - firstFront;
    if (between > 1 || (between === 1 && (isAfterFirst || isBeforeLast)) || (isAfterFirst && isBeforeLast)) return true;
  }
  return false;
}

/** Returns the number in these octets, of which there are at most three. */
function number(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) value = value * 256 + (bytes[at] as number);
  return value;
}
