// The ranges of all pools, by space and first address: which pool has an address, and which pools overlap a range.

import type { AddressNumber } from '../model/address.ts';
import type { AddressRange } from '../model/address-range.ts';
import type { Pool } from '../model/pool.ts';
import { compareNumbers } from './free-space.ts';
import type { PoolState } from './pool-state.ts';
import { SortedMap } from './sorted-map.ts';

export class PoolRanges {
  readonly #spaces = new Map<string, SortedMap<AddressNumber, { range: AddressRange; pool: PoolState }>>();

  /** Returns the pool of the space that has the address in its ranges. */
  at(space: string, value: AddressNumber): PoolState | undefined {
    const pair = this.#spaces.get(space)?.getPairOrNextLower(value);
    return pair !== undefined && value <= pair[1].range.last ? pair[1].pool : undefined;
  }

  /** Returns the pools that have the address in their ranges, one a space. */
  allAt(value: AddressNumber): PoolState[] {
    return [...this.#spaces.keys()].flatMap((space) => this.at(space, value) ?? []);
  }

  /**
   * Finds a pool of the space with a range that overlaps `range`. Returns the pool and that range. Ignores pools for
   * which `isRelated` returns true.
   */
  overlapping(
    space: string,
    range: AddressRange,
    isRelated: (pool: Pool) => boolean,
  ): { pool: Pool; range: AddressRange } | undefined {
    const ranges = this.#spaces.get(space);
    if (ranges === undefined) return undefined;
    for (let pair = ranges.nextLowerPair(range.last + 1n); pair !== undefined; pair = ranges.nextLowerPair(pair[0])) {
      const { range: other, pool } = pair[1];
      // In a space, control accepts no ranges that overlap, so no earlier range ends after this one. Overlaps that were
      // written into the store by hand may be missed.
      if (other.last < range.first) return undefined;
      if (!isRelated(pool.value)) return { pool: pool.value, range: other };
    }
    return undefined;
  }

  add(pool: PoolState): void {
    const ranges = this.#spaces.getOrInsertComputed(pool.value.space, () => new SortedMap(undefined, compareNumbers));
    for (const range of pool.shape.ranges) ranges.set(range.first, { range, pool });
  }

  delete(pool: PoolState): void {
    const ranges = this.#spaces.get(pool.value.space);
    for (const { first } of pool.shape.ranges) if (ranges?.get(first)?.pool === pool) ranges.delete(first);
  }
}
