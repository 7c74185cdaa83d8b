// Address ranges as pools and filters list them: `a-b`, a CIDR prefix, or one address. views/free-space.ts finds free
// addresses.

import {
  type AddressNumber,
  addressNumber,
  type Family,
  familyOfNumber,
  formatAddress,
  ipv4Base,
  parseAddress,
} from './address.ts';
import { InvalidValue } from './invalid-value.ts';

/** An interval, both ends included. */
export interface Interval {
  first: AddressNumber;
  last: AddressNumber;
}

/** A range, both ends included. `prefixLength` is set if the range was written as a prefix. */
export interface AddressRange extends Interval {
  text: string;
  family: Family;
  prefixLength?: number;
}

/**
 * Parses one range of a pool or of `addressNames`, and makes the text canonical. Throws InvalidValue, also for a prefix
 * with host bits: it may mean the whole prefix, or the addresses from there on.
 */
export function parseRange(text: string): AddressRange {
  const range = parseFilterRange(text);
  if (range.family === 'ipv6' && range.first < ipv4Base && range.last > ipv4Base)
    throw new InvalidValue(`'${text}' holds the IPv4-mapped addresses: write them as IPv4`);
  if (range.prefixLength === undefined) return range;
  const base = addressNumber(parseAddress(text.slice(0, text.indexOf('/')).trim()));
  if (base === range.first) return range;
  const rest = base === range.last ? formatAddress(base) : `${formatAddress(base)}-${formatAddress(range.last)}`;
  throw new InvalidValue(`'${text}' has host bits: write ${range.text}, or ${rest}`);
}

/**
 * Parses one range of a filter, as {@link parseRange} does, but clears the host bits of a prefix, and accepts an IPv6
 * range that contains the IPv4-mapped addresses (`::/0`).
 * These addresses are IPv4, so {@link rangeHolds} does not find them in an IPv6 range.
 */
export function parseFilterRange(text: string): AddressRange {
  if (text.includes('/')) return parsePrefix(text);
  const [first, last, extra] = text.split('-').map((part) => part.trim());
  if (first === undefined || extra !== undefined) throw new InvalidValue(`'${text}' is not a range`);
  return makeRange(addressNumber(parseAddress(first)), addressNumber(parseAddress(last ?? first)), text);
}

function parsePrefix(text: string): AddressRange {
  const [base, length, extra] = text.split('/').map((part) => part.trim());
  if (base === undefined || length === undefined || extra !== undefined || !/^\d{1,3}$/.test(length)) {
    throw new InvalidValue(`'${text}' is not a prefix such as 10.2.1.0/28 or fd00:2::/112`);
  }
  const value = addressNumber(parseAddress(base));
  const family = familyOfNumber(value);
  if (family === 'ipv4' && base.includes(':')) throw new InvalidValue(`'${text}' is IPv4-mapped: write it as IPv4`);
  const bits = family === 'ipv4' ? 32 : 128;
  const prefixLength = Number(length);
  if (prefixLength > bits) throw new InvalidValue(`'${text}': a prefix length of at most ${bits} is allowed`);
  const size = 1n << BigInt(bits - prefixLength);
  const first = value - (value % size);
  return { text: `${formatAddress(first)}/${prefixLength}`, family, first, last: first + size - 1n, prefixLength };
}

function makeRange(first: AddressNumber, last: AddressNumber, text: string): AddressRange {
  const family = familyOfNumber(first);
  if (family !== familyOfNumber(last))
    throw new InvalidValue(`'${text}' begins in one address family and ends in the other`);
  if (first > last)
    throw new InvalidValue(`'${text}' runs backwards: write ${formatAddress(last)}-${formatAddress(first)}`);
  const canonical = first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`;
  return { text: canonical, family, first, last };
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function rangeHolds(range: AddressRange, value: AddressNumber): boolean {
  return range.first <= value && value <= range.last && range.family === familyOfNumber(value);
}

/** Returns the text of an interval as {@link parseRange} makes it canonical: a prefix if the interval is one. */
export function rangeText({ first, last }: Interval): string {
  const size = last - first + 1n;
  const isPrefix = size > 1n && (size & (size - 1n)) === 0n && first % size === 0n;
  if (!isPrefix) return makeRange(first, last, '').text;
  const bits = familyOfNumber(first) === 'ipv4' ? 32 : 128;
  return `${formatAddress(first)}/${bits - size.toString(2).length + 1}`;
}

/** Returns the parts of `ranges` that are also in `others`, in address order. */
export function rangesWithin(ranges: readonly Interval[], others: readonly Interval[]): Interval[] {
  return rangesWithout(ranges, rangesWithout(ranges, others));
}

/** Returns the parts of `ranges` that are in none of `others`, in address order. */
export function rangesWithout(ranges: readonly Interval[], others: readonly Interval[]): Interval[] {
  const parts: Interval[] = [];
  const holes = others.toSorted((a, b) => (a.first < b.first ? -1 : 1));
  for (const { first, last } of ranges.toSorted((a, b) => (a.first < b.first ? -1 : 1))) {
    let from = first;
    for (const hole of holes) {
      if (hole.last < from || hole.first > last) continue;
      if (hole.first > from) parts.push({ first: from, last: hole.first - 1n });
      from = hole.last + 1n;
    }
    if (from <= last) parts.push({ first: from, last });
  }
  return parts;
}
