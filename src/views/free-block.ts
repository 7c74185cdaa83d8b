// Finds the first aligned block of addresses that nobody uses, without a look at each address.

import type { AddressNumber } from '../model/address.ts';
import type { Interval } from '../model/address-range.ts';

/**
 * Returns the first block of `size` addresses in the intervals, in their order, that begins at a multiple of its size
 * and has no address in use. `size`: a power of 2. `inUse` returns an address in use in a block, or a later one up to
 * which all are in use.
 */
export function firstFreeBlock(
  intervals: Iterable<Interval>,
  size: bigint,
  inUse: (block: Interval) => AddressNumber | undefined,
): Interval | undefined {
  const aligned = (value: bigint) => ((value + size - 1n) / size) * size;
  for (const { first, last } of intervals) {
    for (let start = aligned(first); start + size - 1n <= last; ) {
      const block = { first: start, last: start + size - 1n };
      const used = inUse(block);
      if (used === undefined) return block;
      start = aligned(used + 1n);
    }
  }
  return undefined;
}
