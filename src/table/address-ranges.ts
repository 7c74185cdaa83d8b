// Writes ranges of addresses into a block of the table, and searches them. A range is its first and its last address,
// 16 octets each. IPv4 addresses are IPv4-mapped.

import { addressBytes } from '../model/address.ts';
import type { AddressRange } from '../model/address-range.ts';
import { rangeBytes } from './layout.ts';

/** Writes the ranges into the block, from octet `at` on. */
export function writeRanges(ranges: readonly AddressRange[], block: Uint8Array, at: number): void {
  for (const [index, { first, last }] of ranges.entries()) {
    block.set(addressBytes(first), at + index * rangeBytes);
    block.set(addressBytes(last), at + index * rangeBytes + rangeBytes / 2);
  }
}

/**
 * Returns whether the address (IPv6 or IPv4-mapped) is in one of the ranges number `from` to `to` - 1, counted from 0.
 * `ranges` is the octet of `bytes` at which range number 0 begins.
 */
export function isInRanges(bytes: Uint8Array, ranges: number, from: number, to: number, address: Uint8Array): boolean {
  for (let i = from; i < to; i += 1) {
    const range = ranges + i * rangeBytes;
    if (compare(bytes, range, address) <= 0 && compare(bytes, range + rangeBytes / 2, address) >= 0) return true;
  }
  return false;
}

function compare(bytes: Uint8Array, at: number, address: Uint8Array): number {
  for (let i = 0; i < 16; i += 1) {
    const difference = (bytes[at + i] as number) - (address[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
