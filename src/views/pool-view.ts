// The pools and addresses of the store, as memory holds them: who holds which address, what is free, cooling down or about to expire.
// Kept by the watch through views.ts; decides nothing.

import {
  type Address,
  type AddressNumber,
  addressNumber,
  type Family,
  familyOf,
  formatAddress,
} from '../model/address.ts';
import { type AddressRange, rangesOverlap } from '../model/address-range.ts';
import { type AddressRecord, coolDownEnd, type Holder } from '../model/allocation.ts';
import { capacityOf, isExcluded, type Pool, poolShape } from '../model/pool.ts';
import type { Revision } from '../model/revision.ts';
import { compareNumbers, FreeSpace } from './free-space.ts';
import { SharingIndex } from './sharing-index.ts';
import { SortedMap } from './sorted-map.ts';

/** A value of the store with the revision that wrote it. */
export interface Versioned<T> {
  value: T;
  modified: Revision;
}

/** Decimal counts: IPv6 does not fit a number. */
export interface FamilyUsage {
  capacity: bigint;
  used: bigint;
  coolingDown: bigint;
  free: bigint;
}

interface PoolState extends Versioned<Pool> {
  space: FreeSpace;
  usage: Record<Family, { used: bigint; unusable: bigint; coolingDown: bigint; capacity: bigint }>;
  /** Given back and not free yet, by the time when they are: [milliseconds, address]. */
  cooling: SortedMap<TimedAddress, true>;
  /** Least-recently-used pools only: given back and free, by the time when that was. */
  resting: SortedMap<TimedAddress, true>;
}

type TimedAddress = readonly [time: number, address: AddressNumber];
const compareTimed = (a: TimedAddress, b: TimedAddress): number => a[0] - b[0] || compareNumbers(a[1], b[1]);
const timedTree = () => new SortedMap<TimedAddress, true>(undefined, compareTimed);

export class PoolView {
  readonly #pools = new SortedMap<string, PoolState>();
  /** By space: every address that has a record. */
  readonly #addresses = new Map<string, SortedMap<AddressNumber, Versioned<AddressRecord>>>();
  /** By space: first address of each pool range → its pool. */
  readonly #ranges = new Map<string, SortedMap<AddressNumber, { range: AddressRange; pool: PoolState }>>();
  /** By space: which held addresses others may share. */
  readonly #sharing = new Map<string, SharingIndex>();
  /**
   * Records with something to do at a time, soonest first: an allocation that expires, a cool-down that ends, a release that no pool remembers any more. Not
   * those that a least-recently-used pool remembers: nothing is to be done with them.
   */
  readonly #expiries = new SortedMap<readonly [time: number, key: string], AddressRecord>(
    undefined,
    (a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0),
  );

  get(name: string): Versioned<Pool> | undefined {
    return this.#pools.get(name);
  }

  /** All pools by name, after the pool of that name (or from the first). */
  *list(after?: string): Generator<Versioned<Pool>> {
    for (const [name, pool] of this.#pools.entries(after)) if (name !== after) yield pool;
  }

  /** The pool of this space that has the address in its ranges. */
  poolAt(space: string, address: Address): Versioned<Pool> | undefined {
    return this.#stateAt(space, addressNumber(address));
  }

  /** A pool of the space whose ranges meet the range, leaving out the pool of that name. */
  overlapping(space: string, range: AddressRange, except: string): { pool: Pool; range: AddressRange } | undefined {
    const ranges = this.#ranges.get(space);
    if (ranges === undefined) return undefined;
    for (let pair = ranges.nextLowerPair(range.last + 1n); pair !== undefined; pair = ranges.nextLowerPair(pair[0])) {
      const { range: other, pool } = pair[1];
      if (other.last < range.first) return undefined; // ranges of a space never overlap: none before this one reaches further
      if (pool.value.name !== except) return { pool: pool.value, range: other };
    }
    return undefined;
  }

  address(space: string, address: Address): Versioned<AddressRecord> | undefined {
    return this.#addresses.get(space)?.get(addressNumber(address));
  }

  /** Address records of a space in address order, from an address on. */
  *addresses(space: string, from: AddressNumber, last: AddressNumber): Generator<Versioned<AddressRecord>> {
    const records = this.#addresses.get(space);
    if (records === undefined) return;
    for (const [value, record] of records.entries(from)) {
      if (value > last) return;
      yield record;
    }
  }

  /** The addresses that the pool gave and that are held, in address order, after that address (or from the first). */
  *heldFrom(pool: Pool, after?: Address): Generator<Versioned<AddressRecord>> {
    const start = after === undefined ? 0n : addressNumber(after) + 1n;
    for (const range of rangesInOrder(pool)) {
      const first = range.first > start ? range.first : start;
      for (const record of this.addresses(pool.space, first, range.last)) {
        if (record.value.state === 'held' && record.value.pool === pool.name) yield record;
      }
    }
  }

  /**
   * Free addresses of a pool in the order in which its strategy gives them. `random` is 0 ≤ random < 1.
   * Least recently used: addresses that nobody had yet first, then those given back longest ago.
   */
  *candidates(name: string, family: Family, now: number, random: () => number = Math.random): Generator<Address> {
    const state = this.#pools.get(name);
    if (state === undefined) return;
    this.#endCoolDowns(state, now);
    const { strategy } = state.value;
    const fresh = strategy === 'random' ? state.space.freeFromRandom(family, random) : state.space.free(family);
    for (const value of fresh) yield formatAddress(value);
    for (const [, value] of state.resting.keys()) {
      const address = formatAddress(value);
      if (familyOf(address) === family) yield address;
    }
  }

  /** Whether the address may be given now. */
  isFree(space: string, address: Address, now: number): boolean {
    const record = this.address(space, address)?.value;
    if (record === undefined) return true;
    return record.state === 'released' && (this.coolDownEnd(record) ?? now) <= now;
  }

  /** When the address may be given again, in milliseconds; undefined where it has no cool-down. */
  coolDownEnd(record: AddressRecord): number | undefined {
    return endIn(this.#stateAt(record.space, addressNumber(record.address)), record);
  }

  usage(name: string, now: number): Record<Family, FamilyUsage> | undefined {
    const state = this.#pools.get(name);
    if (state === undefined) return undefined;
    this.#endCoolDowns(state, now);
    const count = ({ capacity, used, unusable, coolingDown }: PoolState['usage']['ipv4']): FamilyUsage => ({
      capacity,
      used,
      coolingDown,
      free: capacity - (used - unusable) - coolingDown,
    });
    return { ipv4: count(state.usage.ipv4), ipv6: count(state.usage.ipv6) };
  }

  /** When the pool's next cool-down ends, in milliseconds; undefined when none is running. */
  nextCoolDownEnd(name: string, now: number): number | undefined {
    const state = this.#pools.get(name);
    if (state === undefined) return undefined;
    this.#endCoolDowns(state, now);
    return state.cooling.minKey()?.[0];
  }

  /** The held records in the pool's ranges of that family that the newcomer may share, in address order. */
  *shareable(pool: Pool, family: Family, newcomer: Holder): Generator<AddressRecord> {
    for (const range of rangesInOrder(pool)) {
      if (range.family !== family) continue;
      for (const value of this.#sharing.get(pool.space)?.shareable(newcomer, range.first, range.last) ?? []) {
        const record = this.#addresses.get(pool.space)?.get(value)?.value;
        if (record !== undefined) yield record;
      }
    }
  }

  /** Records with a holder whose time is over, or that have cooled down and are only in the way. */
  *expired(now: number): Generator<AddressRecord> {
    for (const [[time], record] of this.#expiries.entries()) {
      if (time > now) return;
      yield record;
    }
  }

  putPool(pool: Pool, modified: Revision): void {
    const before = this.#pools.get(pool.name);
    if (before !== undefined) this.#takeOut(before);
    this.#bringIn(pool, modified);
    if (before !== undefined) this.#giveWay(before);
  }

  deletePool(name: string): void {
    const state = this.#pools.get(name);
    if (state === undefined) return;
    this.#takeOut(state);
    this.#giveWay(state);
  }

  #bringIn(pool: Pool, modified: Revision): void {
    const shape = poolShape(pool);
    const count = (family: Family) => ({
      used: 0n,
      unusable: 0n,
      coolingDown: 0n,
      capacity: capacityOf(shape, family),
    });
    const state: PoolState = {
      value: pool,
      modified,
      space: new FreeSpace(shape),
      usage: { ipv4: count('ipv4'), ipv6: count('ipv6') },
      cooling: timedTree(),
      resting: timedTree(),
    };
    this.#pools.set(pool.name, state);
    const ranges = getOrMake(this.#ranges, pool.space, () => new SortedMap(undefined, compareNumbers));
    for (const range of shape.ranges) {
      ranges.set(range.first, { range, pool: state });
      for (const { value } of this.addresses(pool.space, range.first, range.last)) {
        this.#count(state, value, 1n);
        for (const expiry of expiriesOf(undefined, value)) this.#expiries.delete(expiry);
        for (const expiry of expiriesOf(state, value)) this.#expiries.set(expiry, value);
      }
    }
  }

  #takeOut(state: PoolState): void {
    const { name, space } = state.value;
    this.#pools.delete(name);
    const ranges = this.#ranges.get(space);
    for (const { first, last } of state.space.shape.ranges) {
      if (ranges?.get(first)?.pool === state) ranges.delete(first);
      for (const { value } of this.addresses(space, first, last)) {
        for (const expiry of expiriesOf(state, value)) this.#expiries.delete(expiry);
        for (const expiry of expiriesOf(undefined, value)) this.#expiries.set(expiry, value);
      }
    }
  }

  /** In a load a pool may come before the one goes that had its ranges: what lay below both is counted again. */
  #giveWay({ value: { name, space }, space: { shape } }: PoolState): void {
    const isBelow = (range: AddressRange) => shape.ranges.some((other) => rangesOverlap(range, other));
    for (const other of [...this.#pools.values()]) {
      const { value, modified } = other;
      if (value.name === name || value.space !== space || !other.space.shape.ranges.some(isBelow)) continue;
      this.#takeOut(other);
      this.#bringIn(value, modified);
    }
  }

  putAddress(record: AddressRecord, modified: Revision): void {
    this.deleteAddress(record.space, record.address);
    const value = addressNumber(record.address);
    const records = getOrMake(this.#addresses, record.space, () => new SortedMap(undefined, compareNumbers));
    records.set(value, { value: record, modified });
    getOrMake(this.#sharing, record.space, () => new SharingIndex()).add(value, record);
    const state = this.#stateAt(record.space, value);
    if (state !== undefined) this.#count(state, record, 1n);
    for (const expiry of expiriesOf(state, record)) this.#expiries.set(expiry, record);
  }

  /**
   * The store's value cannot be read: until it is mended or deleted the address counts as held, by those who were last known to hold it, or by someone
   * whom nobody knows.
   */
  putUnreadable(space: string, address: Address, modified: Revision): void {
    if (this.address(space, address)?.value.state === 'held') return;
    this.putAddress({ address, space, pool: null, state: 'held', holders: [], since: '' }, modified);
  }

  deleteAddress(space: string, address: Address): void {
    const value = addressNumber(address);
    const records = this.#addresses.get(space);
    const record = records?.get(value)?.value;
    if (records === undefined || record === undefined) return;
    records.delete(value);
    this.#sharing.get(space)?.delete(value, record);
    const state = this.#stateAt(space, value);
    for (const expiry of expiriesOf(state, record)) this.#expiries.delete(expiry);
    if (state !== undefined) this.#count(state, record, -1n);
  }

  #stateAt(space: string, value: AddressNumber): PoolState | undefined {
    const pair = this.#ranges.get(space)?.getPairOrNextLower(value);
    return pair !== undefined && value <= pair[1].range.last ? pair[1].pool : undefined;
  }

  /** Adds a record to what its pool counts (`sign` 1n), or takes it out again (-1n). */
  #count(state: PoolState, record: AddressRecord, sign: 1n | -1n): void {
    const value = addressNumber(record.address);
    const usage = state.usage[familyOf(record.address)];
    const usable = !isExcluded(state.space.shape, value);
    if (sign === -1n) state.space.vacate(value);
    if (record.state === 'held') {
      usage.used += sign;
      if (!usable) usage.unusable += sign;
      if (sign === 1n) state.space.occupy(value);
      return;
    }
    const rest: TimedAddress = [Date.parse(record.since), value];
    const end = endIn(state, record);
    const coolDown: TimedAddress | undefined = end === undefined ? undefined : [end, value];
    if (sign === 1n) {
      if (coolDown !== undefined) {
        state.space.occupy(value);
        state.cooling.set(coolDown, true);
        if (usable) usage.coolingDown += 1n;
      } else this.#rest(state, rest);
      return;
    }
    state.resting.delete(rest);
    if (coolDown !== undefined && state.cooling.delete(coolDown) && usable) usage.coolingDown -= 1n;
  }

  /** An address that is free again but was in use before. */
  #rest(state: PoolState, rest: TimedAddress): void {
    if (state.value.strategy === 'least-recently-used' && !isExcluded(state.space.shape, rest[1])) {
      state.space.occupy(rest[1]);
      state.resting.set(rest, true);
    } else state.space.vacate(rest[1]);
  }

  #endCoolDowns(state: PoolState, now: number): void {
    for (
      let soonest = state.cooling.minKey();
      soonest !== undefined && soonest[0] <= now;
      soonest = state.cooling.minKey()
    ) {
      state.cooling.delete(soonest);
      const record = this.#addresses.get(state.value.space)?.get(soonest[1])?.value;
      if (record === undefined) continue;
      if (!isExcluded(state.space.shape, soonest[1])) state.usage[familyOf(record.address)].coolingDown -= 1n;
      this.#rest(state, [Date.parse(record.since), soonest[1]]);
    }
  }
}

function endIn(pool: PoolState | undefined, record: AddressRecord): number | undefined {
  return coolDownEnd(record, pool?.value.coolDownSeconds);
}

function rangesInOrder(pool: Pool): AddressRange[] {
  return poolShape(pool).ranges.toSorted((a, b) => compareNumbers(a.first, b.first));
}

/** When there is something to do with the record of an address of this pool. */
function expiriesOf(pool: PoolState | undefined, record: AddressRecord): [time: number, key: string][] {
  const key = `${record.space}/${record.address}`;
  if (record.state === 'released') {
    // A least-recently-used pool needs to know when its free addresses were given back; nobody else does.
    if (pool?.value.strategy === 'least-recently-used') return [];
    return [[endIn(pool, record) ?? Date.parse(record.since), key]];
  }
  const ends: [number, string][] = [];
  for (const holder of record.holders) {
    if (holder.kind === 'host' || holder.expiresAt === undefined) continue;
    ends.push([Date.parse(holder.expiresAt), `${key}/${holder.id}`]);
  }
  return ends;
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
