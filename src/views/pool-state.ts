// One pool in memory: how many of its addresses are held or cooling down, and which address it offers next. The address
// records, and which pool counts each of them: pool-view.ts.

import {
  type Address,
  type AddressNumber,
  addressNumber,
  type Family,
  familyOf,
  formatAddress,
} from '../model/address.ts';
import { type AddressRecord, coolDownEnd } from '../model/allocation.ts';
import { capacityOf, isExcluded, type Pool, type PoolShape, poolShape } from '../model/pool.ts';
import type { Revision } from '../model/revision.ts';
import { compareNumbers, FreeSpace } from './free-space.ts';
import { SortedMap } from './sorted-map.ts';

/** Counts of addresses. They are BigInts, because the counts of an IPv6 pool do not fit a number. */
export interface FamilyUsage {
  capacity: bigint;
  used: bigint;
  coolingDown: bigint;
  free: bigint;
}

type TimedAddress = readonly [time: number, address: AddressNumber];
const compareTimed = (a: TimedAddress, b: TimedAddress): number => a[0] - b[0] || compareNumbers(a[1], b[1]);

interface Counts {
  used: bigint;
  /** Addresses that are held although the pool excludes them. */
  unusable: bigint;
  coolingDown: bigint;
  capacity: bigint;
}

export class PoolState {
  readonly value: Pool;
  readonly modified: Revision;
  readonly shape: PoolShape;
  readonly #space: FreeSpace;
  readonly #counts: Record<Family, Counts>;
  /** The end of its cool-down, and the address → the time of its release. Both in milliseconds since 1970. */
  readonly #cooling = new SortedMap<TimedAddress, number>(undefined, compareTimed);
  /** Free addresses that were in use before, by the time of their release. Only in least-recently-used pools. */
  readonly #resting = new SortedMap<TimedAddress, true>(undefined, compareTimed);

  constructor(pool: Pool, modified: Revision) {
    this.value = pool;
    this.modified = modified;
    this.shape = poolShape(pool);
    this.#space = new FreeSpace(this.shape);
    const none = { used: 0n, unusable: 0n, coolingDown: 0n };
    this.#counts = {
      ipv4: { ...none, capacity: capacityOf(this.shape, 'ipv4') },
      ipv6: { ...none, capacity: capacityOf(this.shape, 'ipv6') },
    };
  }

  /** Counts the record of an address in the pool's ranges. */
  add(record: AddressRecord): void {
    const { value, counts, usable, end } = this.#placeOf(record);
    if (record.state === 'held') {
      counts.used += 1n;
      if (!usable) counts.unusable += 1n;
      this.#space.occupy(value);
    } else if (end !== undefined) {
      this.#space.occupy(value);
      this.#cooling.set([end, value], Date.parse(record.since));
      if (usable) counts.coolingDown += 1n;
    } else this.#rest(value, Date.parse(record.since));
  }

  /** Reverses {@link add}. */
  delete(record: AddressRecord): void {
    const { value, counts, usable, end } = this.#placeOf(record);
    this.#space.vacate(value);
    if (record.state === 'held') {
      counts.used -= 1n;
      if (!usable) counts.unusable -= 1n;
      return;
    }
    this.#resting.delete([Date.parse(record.since), value]);
    if (end !== undefined && this.#cooling.delete([end, value]) && usable) counts.coolingDown -= 1n;
  }

  /**
   * Yields the free addresses in the order of the pool's strategy. A least-recently-used pool offers the addresses that
   * were never in use first, then the others by the time of their release. `random` works as Math.random.
   */
  *candidates(family: Family, now: number, random: () => number): Generator<Address> {
    this.#endCoolDowns(now);
    const isRandom = this.value.strategy === 'random';
    const fresh = isRandom ? this.#space.freeFromRandom(family, random) : this.#space.free(family);
    for (const value of fresh) yield formatAddress(value);
    for (const [, value] of this.#resting.keys()) {
      const address = formatAddress(value);
      if (familyOf(address) === family) yield address;
    }
  }

  usage(now: number): Record<Family, FamilyUsage> {
    this.#endCoolDowns(now);
    const usageOf = ({ capacity, used, unusable, coolingDown }: Counts): FamilyUsage => ({
      capacity,
      used,
      coolingDown,
      free: capacity - (used - unusable) - coolingDown,
    });
    return { ipv4: usageOf(this.#counts.ipv4), ipv6: usageOf(this.#counts.ipv6) };
  }

  /** Returns when the next cool-down ends, in milliseconds since 1970. Undefined if no address cools down. */
  nextCoolDownEnd(now: number): number | undefined {
    this.#endCoolDowns(now);
    return this.#cooling.minKey()?.[0];
  }

  #placeOf(record: AddressRecord) {
    const value = addressNumber(record.address);
    return {
      value,
      counts: this.#counts[familyOf(record.address)],
      usable: !isExcluded(this.shape, value),
      end: coolDownEnd(record, this.value.coolDownSeconds),
    };
  }

  /** Makes an address free that was in use before. */
  #rest(value: AddressNumber, since: number): void {
    if (this.value.strategy === 'least-recently-used' && !isExcluded(this.shape, value)) {
      this.#space.occupy(value);
      this.#resting.set([since, value], true);
    } else this.#space.vacate(value);
  }

  #endCoolDowns(now: number): void {
    const soonest = () => this.#cooling.nextHigherPair(undefined);
    for (let pair = soonest(); pair !== undefined && pair[0][0] <= now; pair = soonest()) {
      const [ended, since] = pair;
      const [, value] = ended;
      this.#cooling.delete(ended);
      if (!isExcluded(this.shape, value)) this.#counts[familyOf(formatAddress(value))].coolingDown -= 1n;
      this.#rest(value, since);
    }
  }
}
