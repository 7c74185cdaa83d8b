// Visits many addresses in slices, so that the caller can give other work its turns between them
// (test/views/pool-slices.test.ts).

import type { AddressNumber } from '../model/address.ts';
import type { Interval } from '../model/address-range.ts';

/** The number of addresses that one slice visits. */
const addressesPerSlice = 400;

/** What to visit, and how. An item is an address with what is known of it. */
interface Visit<Item> {
  /** Yields the items from one address to another, in order. */
  itemsIn(first: AddressNumber, last: AddressNumber): IteratorObject<Item>;
  addressOf(item: Item): AddressNumber;
  visit(item: Item): void;
}

/**
 * Visits all items in the intervals. Yields after each slice. Items may change between slices: each slice continues
 * after the last item of the slice before it.
 */
export function* visitAddresses<Item>(
  intervals: Iterable<Interval>,
  { itemsIn, addressOf, visit }: Visit<Item>,
): Generator<void> {
  let left = addressesPerSlice;
  for (const { first, last } of intervals) {
    for (let from: AddressNumber | undefined = first; from !== undefined; ) {
      const items: Item[] = itemsIn(from, last).take(left).toArray();
      for (const item of items) visit(item);
      const end = items.at(-1);
      from = end === undefined || items.length < left ? undefined : addressOf(end) + 1n;
      left -= items.length;
      if (left > 0) continue;
      left = addressesPerSlice;
      yield;
    }
  }
}
