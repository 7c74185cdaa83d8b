// The free addresses of one pool. A B-tree has the intervals that are not free, so that the next free address is found
// without a scan, even in a /64. Who holds an address: pool-view.ts. The ranges and exclusions of a pool:
// model/pool.ts.

import type { AddressNumber, Family } from '../model/address.ts';
import type { Interval } from '../model/address-range.ts';
import { isBuggy, isExcluded, type PoolShape, shapeHolds } from '../model/pool.ts';
import { SortedMap } from './sorted-map.ts';

export const compareNumbers = (a: AddressNumber, b: AddressNumber): number => (a < b ? -1 : a > b ? 1 : 0);

export class FreeSpace {
  readonly shape: PoolShape;
  /** First → last address of each interval that is occupied or excluded. No two intervals touch. */
  readonly #occupied = new SortedMap<AddressNumber, AddressNumber>(undefined, compareNumbers);

  constructor(shape: PoolShape) {
    this.shape = shape;
    for (const { first, last } of shape.excluded) this.#occupied.set(first, last);
  }

  /** Marks an address as not free. */
  occupy(value: AddressNumber): void {
    const before = this.#occupied.getPairOrNextLower(value);
    if (before !== undefined && value <= before[1]) return;
    let first = value;
    let last = value;
    if (before !== undefined && before[1] === value - 1n) first = before[0];
    const nextLast = this.#occupied.get(value + 1n);
    if (nextLast !== undefined) {
      last = nextLast;
      this.#occupied.delete(value + 1n);
    }
    this.#occupied.set(first, last);
  }

  /** Marks an address as free again, if the pool does not exclude it. */
  vacate(value: AddressNumber): void {
    const stretch = this.#occupied.getPairOrNextLower(value);
    if (stretch === undefined || value > stretch[1] || isExcluded(this.shape, value)) return;
    const [first, last] = stretch;
    if (first === value) this.#occupied.delete(first);
    else this.#occupied.set(first, value - 1n);
    if (last > value) this.#occupied.set(value + 1n, last);
  }

  isFree(value: AddressNumber): boolean {
    if (!shapeHolds(this.shape, value) || isExcluded(this.shape, value)) return false;
    const stretch = this.#occupied.getPairOrNextLower(value);
    return stretch === undefined || value > stretch[1];
  }

  /**
   * Yields the free addresses of a family, in the order in which the pool lists its ranges, the lowest address of a
   * range first. With `within`, only those in this interval. The space must not change while the caller iterates.
   */
  *free(family: Family, within?: Interval): Generator<AddressNumber> {
    for (const range of this.shape.ranges) {
      if (range.family !== family) continue;
      const { first, last } = within ?? range;
      yield* this.#freeBetween(first > range.first ? first : range.first, last < range.last ? last : range.last);
    }
  }

  /**
   * Yields the same addresses as {@link free}, but from a random address on, and after the last one from the beginning.
   * `random` works like Math.random.
   */
  *freeFromRandom(family: Family, random: () => number): Generator<AddressNumber> {
    const ranges = this.shape.ranges.filter((range) => range.family === family);
    const size = ranges.reduce((sum, range) => sum + (range.last - range.first + 1n), 0n);
    if (size === 0n) return;
    let offset = randomBelow(size, random);
    const split = ranges.findIndex((range) => {
      const length = range.last - range.first + 1n;
      if (offset < length) return true;
      offset -= length;
      return false;
    });
    const start = ranges[split];
    if (start === undefined) return;
    yield* this.#freeBetween(start.first + offset, start.last);
    for (const range of [...ranges.slice(split + 1), ...ranges.slice(0, split)]) {
      yield* this.#freeBetween(range.first, range.last);
    }
    yield* this.#freeBetween(start.first, start.first + offset - 1n);
  }

  *#freeBetween(first: AddressNumber, last: AddressNumber): Generator<AddressNumber> {
    for (let at = first; at <= last; at += 1n) {
      const stretch = this.#occupied.getPairOrNextLower(at);
      if (stretch !== undefined && at <= stretch[1]) at = stretch[1];
      // `avoidBuggyIps` excludes single addresses, which the tree does not have yet. Later searches find them there.
      else if (this.shape.avoidBuggyIps && isBuggy(at)) this.occupy(at);
      else yield at;
    }
  }
}

/** Returns a random number below the limit, made from 53 bits at a time. The slight bias does not matter here. */
function randomBelow(limit: bigint, random: () => number): bigint {
  let value = 0n;
  for (let drawn = 1n; drawn < limit; drawn <<= 53n) value = (value << 53n) | BigInt(Math.floor(random() * 2 ** 53));
  return value % limit;
}
