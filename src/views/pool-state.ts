// One pool in memory: how many of its addresses are held or cool down, and which address it offers next. pool-view.ts
// has the address records, and passes each to the pool that counts it.

import {
  type Address,
  type AddressNumber,
  addressNumber,
  type Family,
  familyOf,
  familyOfNumber,
  formatAddress,
} from '../model/address.ts';
import type { Interval } from '../model/address-range.ts';
import { type AddressRecord, coolDownEnd } from '../model/allocation.ts';
import {
  capacityOf,
  carvedShape,
  isExcluded,
  type Pool,
  type PoolShape,
  poolShape,
  strategyTraits,
} from '../model/pool.ts';
import type { Revision } from '../model/revision.ts';
import { compareNumbers, FreeSpace } from './free-space.ts';
import { SortedMap } from './sorted-map.ts';

/** Counts of addresses, as BigInts, since a JavaScript number is not exact for an IPv6 pool. */
export interface FamilyUsage {
  capacity: bigint;
  used: bigint;
  /** Addresses that only records name: nobody holds them, and they do not cool down. */
  recorded: bigint;
  coolingDown: bigint;
  /** Addresses that pools have which were carved out of this one. */
  carved: bigint;
  free: bigint;
}

type TimedAddress = readonly [time: number, address: AddressNumber];
const compareTimed = (a: TimedAddress, b: TimedAddress): number => a[0] - b[0] || compareNumbers(a[1], b[1]);

interface Counts {
  used: bigint;
  /** Addresses that are held although the pool excludes them. */
  unusable: bigint;
  recorded: bigint;
  coolingDown: bigint;
  carved: bigint;
  capacity: bigint;
}

export class PoolState {
  /** The shape without the ranges that were carved out. */
  readonly shape: PoolShape;
  #value: Pool;
  #modified: Revision;
  readonly #space: FreeSpace;
  readonly #counts: Record<Family, Counts>;
  /** [end of the cool-down, address] → time of the release. Times are in milliseconds since 1970. */
  readonly #cooling = new SortedMap<TimedAddress, number>(undefined, compareTimed);
  /**
   * Free addresses that were in use before, by the time of their release. Only for the strategy least-recently-used.
   */
  readonly #resting = new SortedMap<TimedAddress, true>(undefined, compareTimed);

  readonly #isRecorded: (value: AddressNumber) => boolean;

  /** Creates the state of a pool without addresses. The caller adds the address records and the recorded addresses. */
  constructor(
    pool: Pool,
    modified: Revision,
    isRecorded: (value: AddressNumber) => boolean = () => false,
    carved: readonly Interval[] = [],
  ) {
    this.#value = pool;
    this.#modified = modified;
    this.#isRecorded = isRecorded;
    const whole = poolShape(pool);
    this.shape = carvedShape(whole, carved);
    this.#space = new FreeSpace(this.shape);
    const countsOf = (family: Family): Counts => {
      const capacity = capacityOf(whole, family);
      const left = this.shape === whole ? capacity : capacityOf(this.shape, family);
      return { used: 0n, unusable: 0n, recorded: 0n, coolingDown: 0n, carved: capacity - left, capacity };
    };
    this.#counts = { ipv4: countsOf('ipv4'), ipv6: countsOf('ipv6') };
  }

  get value(): Pool {
    return this.#value;
  }

  get modified(): Revision {
    return this.#modified;
  }

  /** Sets new settings, for which {@link countsAs} must be true. */
  renew(pool: Pool, modified: Revision): void {
    this.#value = pool;
    this.#modified = modified;
  }

  /** Returns whether a pool with these settings counts and offers addresses in the same way as this one. */
  countsAs(pool: Pool): boolean {
    const settingsOf = ({ space, ranges, exclude, avoidBuggyIps, allowFirstLast, strategy, coolDownSeconds }: Pool) =>
      JSON.stringify([space, ranges, exclude, avoidBuggyIps, allowFirstLast, strategy, coolDownSeconds]);
    return settingsOf(pool) === settingsOf(this.#value);
  }

  /** Counts the record of an address in the pool's ranges. */
  add(record: AddressRecord): void {
    const { value, counts, usable, end } = this.#placeOf(record);
    this.#leave(value, undefined);
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
    if (record.state === 'held') {
      counts.used -= 1n;
      if (!usable) counts.unusable -= 1n;
    } else if (end !== undefined && this.#cooling.delete([end, value])) {
      if (usable) counts.coolingDown -= 1n;
    } else this.#leave(value, Date.parse(record.since));
    this.#rest(value, undefined);
  }

  /**
   * Call this before DNS records begin or cease to name the address, and {@link enterRecorded} afterwards. `record` is
   * the address record, if the address has one.
   */
  leaveRecorded(value: AddressNumber, record: AddressRecord | undefined): void {
    if (this.#isAtRest(record)) this.#leave(value, record && Date.parse(record.since));
  }

  /** Counts the address after DNS records began or ceased to name it. */
  enterRecorded(value: AddressNumber, record: AddressRecord | undefined): void {
    if (this.#isAtRest(record)) this.#rest(value, record && Date.parse(record.since));
  }

  /**
   * Yields the free addresses in the order of the pool's strategy. With least-recently-used, addresses that were never
   * in use come first, then the others in the order of their release. `random` works like Math.random.
   */
  *candidates(family: Family, now: number, random: () => number): Generator<Address> {
    this.#endCoolDowns(now);
    const isRandom = strategyTraits[this.value.strategy].order === 'random';
    const fresh = isRandom ? this.#space.freeFromRandom(family, random) : this.#space.free(family);
    for (const value of fresh) yield formatAddress(value);
    for (const [, value] of this.#resting.keys()) {
      const address = formatAddress(value);
      if (familyOf(address) === family) yield address;
    }
  }

  /**
   * Yields the free addresses of a family in the order of the ranges, then those that rest. With `within`, only those
   * in this interval. Leaves out what was carved out.
   */
  *freeInOrder(family: Family, now: number, within?: Interval): Generator<Address> {
    this.#endCoolDowns(now);
    for (const value of this.#space.free(family, within)) yield formatAddress(value);
    for (const [, value] of this.#resting.keys()) {
      const isIn = within === undefined || (within.first <= value && value <= within.last);
      if (isIn && familyOfNumber(value) === family) yield formatAddress(value);
    }
  }

  capacityLeft(family: Family): bigint {
    const { capacity, carved } = this.#counts[family];
    return capacity - carved;
  }

  usage(now: number): Record<Family, FamilyUsage> {
    this.#endCoolDowns(now);
    const usageOf = ({ capacity, used, unusable, recorded, coolingDown, carved }: Counts): FamilyUsage => ({
      capacity,
      used,
      recorded,
      coolingDown,
      carved,
      free: capacity - (used - unusable) - recorded - coolingDown - carved,
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

  /** Returns whether the address is neither held nor cooling down. */
  #isAtRest(record: AddressRecord | undefined): boolean {
    if (record === undefined) return true;
    const { value, end } = this.#placeOf(record);
    return record.state === 'released' && !(end !== undefined && this.#cooling.has([end, value]));
  }

  /**
   * Counts an address as recorded or as free. `since` is when the address was released; undefined if it was never in
   * use.
   */
  #rest(value: AddressNumber, since: number | undefined): void {
    const usable = !isExcluded(this.shape, value);
    if (this.#isRecorded(value)) {
      this.#space.occupy(value);
      if (usable) this.#counts[familyOfNumber(value)].recorded += 1n;
    } else if (since !== undefined && strategyTraits[this.value.strategy].remembersReleases && usable) {
      this.#space.occupy(value);
      this.#resting.set([since, value], true);
    } else this.#space.vacate(value);
  }

  /** Reverses the counts of {@link #rest}. What `#space` has of the address stays; the caller changes it. */
  #leave(value: AddressNumber, since: number | undefined): void {
    if (this.#isRecorded(value)) {
      if (!isExcluded(this.shape, value)) this.#counts[familyOfNumber(value)].recorded -= 1n;
    } else if (since !== undefined) this.#resting.delete([since, value]);
  }

  #endCoolDowns(now: number): void {
    const soonest = () => this.#cooling.nextHigherPair(undefined);
    for (let pair = soonest(); pair !== undefined && pair[0][0] <= now; pair = soonest()) {
      const [ended, since] = pair;
      const [, value] = ended;
      this.#cooling.delete(ended);
      if (!isExcluded(this.shape, value)) this.#counts[familyOfNumber(value)].coolingDown -= 1n;
      this.#rest(value, since);
    }
  }
}
