// The stored pools and address records in memory: who holds an address, which pool has it, and when it expires.
// views.ts keeps them current. The rules of allocation are in control/addresses. The addresses of one pool:
// pool-state.ts.

import { type Address, type AddressNumber, addressNumber, type Family } from '../model/address.ts';
import { type AddressRange, type Interval, rangesOverlap, rangesWithout } from '../model/address-range.ts';
import type { AddressRecord, Holder } from '../model/allocation.ts';
import type { Fqdn } from '../model/name.ts';
import { exclusionIn, type Pool, poolShape } from '../model/pool.ts';
import { noRevision, type Revision } from '../model/revision.ts';
import { AddressRecords } from './address-records.ts';
import { Expiries, endIn } from './expiries.ts';
import { FormerAddresses } from './former-addresses.ts';
import { firstFreeBlock } from './free-block.ts';
import { compareNumbers } from './free-space.ts';
import { PoolIndex } from './pool-index.ts';
import { PoolRanges } from './pool-ranges.ts';
import { type FamilyUsage, PoolState } from './pool-state.ts';
import type { RecordedAddresses } from './recorded-addresses.ts';
import { SharingIndex } from './sharing-index.ts';
import type { Versioned } from './versioned.ts';
import { visitAddresses } from './visit-addresses.ts';

export class PoolView {
  readonly #recorded: RecordedAddresses;
  /** Pools that were put, or deleted (undefined), since the last {@link settle}, by id. */
  readonly #pending = new Map<string, Versioned<Pool> | undefined>();
  readonly #pools = new PoolIndex();
  #freed = 0;
  readonly #records = new AddressRecords();
  readonly #ranges = new PoolRanges();
  readonly #former = new FormerAddresses();
  readonly #expiries = new Expiries();
  /** The held addresses that further holders may share, by space. */
  readonly #sharing = new Map<string, SharingIndex>();

  constructor(recorded: RecordedAddresses) {
    this.#recorded = recorded;
    recorded.connect({
      exist: () => this.#pools.size > 0,
      covers: (value) => this.#ranges.allAt(value).length > 0,
      aroundChange: (value, change) => this.#aroundChange(value, change),
    });
  }

  /** Returns a number that changes whenever a change of the store may have made an address free, or deletes a pool. */
  get freed(): number {
    return this.#freed;
  }

  byId(id: string): Versioned<Pool> | undefined {
    return this.#pools.byId(id);
  }

  byName(name: string): Versioned<Pool> | undefined {
    return this.#pools.byName(name);
  }

  /** Returns the pool that a request names: the pool of that name, or else the pool with that id. */
  find(nameOrId: string): Versioned<Pool> | undefined {
    return this.#pools.byName(nameOrId) ?? this.#pools.byId(nameOrId);
  }

  /** Yields the pools in the order of their names. With `after`, only those after that name. */
  list(after?: string): Generator<Versioned<Pool>> {
    return this.#pools.list(after);
  }

  /** Returns the pool of the space that has the address in its ranges; undefined if there is none. */
  poolAt(space: string, address: Address): Versioned<Pool> | undefined {
    return this.#ranges.at(space, addressNumber(address));
  }

  /** Yields the pools that were carved out of the pool with this id, in the order of their names. */
  *childrenOf(id: string): Generator<Versioned<Pool>> {
    for (const pool of this.#pools.list()) if (pool.value.parent === id) yield pool;
  }

  /**
   * Returns the first block of `size` addresses that can be carved out of the pool: none of them is held, cools down,
   * is recorded, excluded or in another pool.
   */
  freeBlock({ id, space }: Pool, family: Family, size: bigint, now: number): Interval | undefined {
    const shape = this.#pools.byId(id)?.shape;
    const ranges = shape?.ranges.filter((range) => range.family === family) ?? [];
    return firstFreeBlock(ranges, size, (block) => {
      const excluded = shape && exclusionIn(shape, block);
      if (excluded !== undefined) return excluded.last;
      for (const value of this.#recorded.between(block.first, block.last)) return value;
      for (const { value } of this.addresses(space, block.first, block.last)) {
        if (!this.isFree(space, value.address, now)) return addressNumber(value.address);
      }
      return undefined;
    });
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
    return this.#ranges.overlapping(space, range, isRelated);
  }

  address(space: string, address: Address): Versioned<AddressRecord> | undefined {
    return this.#records.get(space, address);
  }

  /**
   * Returns the names with A or AAAA records of the address that no host manages. Returns none for an address outside
   * the ranges of all pools.
   */
  namesAt(address: Address): Fqdn[] {
    return this.#recorded.namesAt(addressNumber(address));
  }

  /** Returns whether the address is recorded and in the ranges of a pool of the space. */
  isRecorded(space: string, address: Address): boolean {
    const value = addressNumber(address);
    return this.#recorded.has(value) && this.#ranges.at(space, value) !== undefined;
  }

  /** Yields the address records of a space from address `from` to address `last`, in order. */
  addresses(space: string, from: AddressNumber, last: AddressNumber): Generator<Versioned<AddressRecord>> {
    return this.#records.between(space, from, last);
  }

  /** Yields the keys under which the address records are stored. */
  addressKeys(): Generator<string> {
    return this.#records.keys();
  }

  /** Returns the id of the pool that has the address in its ranges; null if no pool has it. */
  poolIdAt(space: string, address: Address): string | null {
    return this.poolAt(space, address)?.value.id ?? null;
  }

  /** Returns the name of the pool that has the address in its ranges; null if no pool has it. */
  poolNameAt(space: string, address: Address): string | null {
    return this.poolAt(space, address)?.value.name ?? null;
  }

  /**
   * Yields the held addresses in the pool's ranges, in order, including those that hosts held before the pool was
   * created. With `after`, only those after that address.
   */
  *heldIn(pool: Pool, after?: Address): Generator<Versioned<AddressRecord>> {
    const start = after === undefined ? 0n : addressNumber(after) + 1n;
    for (const { first, last } of this.#rangesInOrder(pool)) {
      yield* this.heldBetween(pool.space, first > start ? first : start, last);
    }
  }

  /** Yields the held addresses of a space from `first` to `last`, in order. */
  *heldBetween(space: string, first: AddressNumber, last: AddressNumber): Generator<Versioned<AddressRecord>> {
    for (const record of this.addresses(space, first, last)) if (record.value.state === 'held') yield record;
  }

  /** Yields the free addresses of a pool in the order of its strategy. `random` works like Math.random. */
  *candidates(id: string, family: Family, now: number, random: () => number = Math.random): Generator<Address> {
    yield* this.#pools.byId(id)?.candidates(family, now, random) ?? [];
  }

  /** Yields the free addresses of a pool in the order of its ranges ({@link PoolState.freeInOrder}). */
  *freeInOrder(id: string, family: Family, now: number, within?: Interval): Generator<Address> {
    yield* this.#pools.byId(id)?.freeInOrder(family, now, within) ?? [];
  }

  /** Returns whether the address is neither held nor cooling down. Its pool may exclude it. */
  isFree(space: string, address: Address, now: number): boolean {
    const record = this.address(space, address)?.value;
    if (record === undefined) return true;
    return record.state === 'released' && (this.coolDownEnd(record) ?? now) <= now;
  }

  /** Returns whether the address is free, and no records name it. */
  isUnused(space: string, address: Address, now: number): boolean {
    return this.isFree(space, address, now) && !this.isRecorded(space, address);
  }

  /**
   * Returns the released addresses that a host of this name held last, the latest release first. Their cool-downs may
   * have ended.
   */
  formerOf(host: Fqdn): AddressRecord[] {
    return this.#former.of(host);
  }

  /** Returns when the cool-down of the record's address ends, in milliseconds since 1970; undefined if it has none. */
  coolDownEnd(record: AddressRecord): number | undefined {
    return endIn(this.#ranges.at(record.space, addressNumber(record.address)), record);
  }

  /** Returns how many addresses the pool could give if none was in use: not excluded, and not carved out of it. */
  capacityLeft(id: string, family: Family): bigint {
    return this.#pools.byId(id)?.capacityLeft(family) ?? 0n;
  }

  usage(id: string, now: number): Record<Family, FamilyUsage> | undefined {
    return this.#pools.byId(id)?.usage(now);
  }

  /** Returns when the pool's next cool-down ends, in milliseconds since 1970; undefined if no address cools down. */
  nextCoolDownEnd(id: string, now: number): number | undefined {
    return this.#pools.byId(id)?.nextCoolDownEnd(now);
  }

  /** Yields the held addresses of a family in the pool's ranges that the newcomer may share, range by range. */
  *shareable(pool: Pool, family: Family, newcomer: Holder): Generator<AddressRecord> {
    for (const range of this.#rangesInOrder(pool)) {
      if (range.family !== family) continue;
      for (const value of this.#sharing.get(pool.space)?.shareable(newcomer, range.first, range.last) ?? []) {
        const record = this.#records.at(pool.space, value)?.value;
        if (record !== undefined) yield record;
      }
    }
  }

  /** Yields the records that housekeeping must change now: a holder has expired, or a release is no longer needed. */
  expired(now: number): Generator<AddressRecord> {
    return this.#expiries.due(now);
  }

  /**
   * Takes a new or changed pool. A change that does not affect the counts is visible at once. {@link settle} makes any
   * other visible.
   */
  putPool(pool: Pool, modified: Revision): void {
    this.#freed += 1;
    const current = this.#pools.byId(pool.id);
    if (current?.countsAs(pool) && !this.#pending.has(pool.id)) this.#pools.renew(current, pool, modified);
    else this.#pending.set(pool.id, { value: pool, modified });
  }

  /** Notes that a pool was deleted. {@link settle} makes the deletion visible. */
  deletePool(id: string): void {
    this.#freed += 1;
    this.#pending.set(id, undefined);
  }

  /**
   * Makes all noted changes of pools visible in one step, with the held and the recorded addresses in their ranges.
   * Reads the records of new zones. Yields after each slice of the work, however many addresses there are
   * (test/views/pool-slices.test.ts). The caller must put and delete no pool, address or name until the end: nothing
   * checks this.
   */
  *settle(): Generator<void> {
    if (this.#pending.size === 0 && !this.#recorded.unsettled) return;
    const { before, next } = this.#replacements();
    const fresh = next.flatMap(({ shape }) => shape.ranges);
    yield* this.#recorded.settle(rangesWithout(fresh, this.#allRanges()));
    for (const state of next) yield* this.#fill(state);
    for (const state of before) {
      this.#pools.delete(state);
      this.#ranges.delete(state);
    }
    for (const state of next) {
      this.#pools.add(state);
      this.#ranges.add(state);
    }
    this.#pending.clear();
    for (const state of before) {
      yield* this.#renewExpiries(state, state, ({ space, address }) => this.#ranges.at(space, addressNumber(address)));
    }
    for (const state of next) yield* this.#renewExpiries(state, undefined, () => state);
    const left = before.flatMap(({ shape }) => shape.ranges);
    if (left.length > 0) yield* this.#recorded.forgetOutside(rangesWithout(left, this.#allRanges()));
    this.#recorded.endSettle();
  }

  /**
   * Returns the usage that a pool with these settings would have, out of which the `children` were carved. Yields after
   * each slice. Addresses may change meanwhile.
   */
  *preview(pool: Pool, now: number, children: readonly Pool[] = []): Generator<void, Record<Family, FamilyUsage>> {
    const named = yield* this.#recorded.find(poolShape(pool).ranges);
    const carved = children.flatMap((child) => poolShape(child).ranges);
    const state = new PoolState(pool, noRevision, (value) => named.has(value), carved);
    const { ranges } = state.shape;
    for (const value of named) state.enterRecorded(value, undefined);
    yield* this.#visitRecords(pool.space, ranges, (record) => state.add(record));
    return state.usage(now);
  }

  /**
   * Returns the states to unlink, and the states to link. The pool around a new, changed or deleted one is counted
   * again, and pools that overlap a changed or deleted pool are, too: during a load, a new pool can arrive before the
   * old pool of its ranges is deleted, and pools that were written into the store by hand may overlap.
   */
  #replacements(): { before: PoolState[]; next: PoolState[] } {
    const before = new Map<string, PoolState>();
    const next = new Map<string, Versioned<Pool>>();
    for (const [id, pool] of this.#pending) {
      const state = this.#pools.byId(id);
      if (state !== undefined) before.set(id, state);
      if (pool !== undefined) next.set(id, pool);
    }
    for (const { value } of [...before.values(), ...next.values()]) {
      const { parent } = value;
      const around = parent === undefined || this.#pending.has(parent) ? undefined : this.#pools.byId(parent);
      if (around === undefined) continue;
      before.set(around.value.id, around);
      next.set(around.value.id, { value: around.value, modified: around.modified });
    }
    for (const { value: removed, shape } of [...before.values()]) {
      const isBelow = (range: AddressRange) => shape.ranges.some((other) => rangesOverlap(range, other));
      for (const other of this.#pools.list()) {
        const { value, modified } = other;
        if (this.#pending.has(value.id) || value.space !== removed.space || !other.shape.ranges.some(isBelow)) continue;
        before.set(value.id, other);
        next.set(value.id, { value, modified });
      }
    }
    const isRecorded = (value: AddressNumber) => this.#recorded.has(value);
    const stays = [...this.#pools.list()].filter(({ value }) => !before.has(value.id)).map(({ value }) => value);
    const carved = Map.groupBy([...stays, ...[...next.values()].map(({ value }) => value)], ({ parent }) => parent);
    const carvedOf = ({ id, space }: Pool) =>
      (carved.get(id) ?? []).filter((child) => child.space === space).flatMap((child) => poolShape(child).ranges);
    return {
      before: [...before.values()],
      next: [...next.values()].map(
        ({ value, modified }) => new PoolState(value, modified, isRecorded, carvedOf(value)),
      ),
    };
  }

  /** Counts the addresses in the ranges of a new state. Yields after each slice. */
  *#fill(state: PoolState): Generator<void> {
    const { ranges } = state.shape;
    yield* visitAddresses(ranges, {
      itemsIn: (first, last) => this.#recorded.between(first, last),
      addressOf: (value) => value,
      visit: (value) => state.enterRecorded(value, undefined),
    });
    yield* this.#visitRecords(state.value.space, ranges, (record) => state.add(record));
  }

  /** Visits the address records in these ranges. Yields after each slice. */
  #visitRecords(
    space: string,
    ranges: readonly AddressRange[],
    visit: (record: AddressRecord) => void,
  ): Generator<void> {
    return visitAddresses(ranges, {
      itemsIn: (first, last) => this.addresses(space, first, last),
      addressOf: ({ value }) => addressNumber(value.address),
      visit: ({ value }) => visit(value),
    });
  }

  /**
   * Replaces the entries of `#expiries` for releases in the ranges of a state, since they depend on the pool: `before`
   * is the pool of the old entries, `afterOf` returns the pool for the new one. Yields after each slice.
   */
  *#renewExpiries(
    { value: { space }, shape }: PoolState,
    before: PoolState | undefined,
    afterOf: (record: AddressRecord) => PoolState | undefined,
  ): Generator<void> {
    yield* this.#visitRecords(space, shape.ranges, (record) => {
      if (record.state !== 'released') return;
      this.#expiries.delete(before, record);
      this.#expiries.add(afterOf(record), record);
    });
  }

  #allRanges(): AddressRange[] {
    return [...this.#pools.list()].flatMap(({ shape }) => shape.ranges);
  }

  #aroundChange(value: AddressNumber, change: () => void): void {
    const counted = this.#ranges
      .allAt(value)
      .map((state) => ({ state, record: this.#records.at(state.value.space, value)?.value }));
    for (const { state, record } of counted) state.leaveRecorded(value, record);
    this.#freed += 1;
    change();
    for (const { state, record } of counted) state.enterRecorded(value, record);
  }

  putAddress(record: AddressRecord, modified: Revision): void {
    this.#removeAddress(record.space, record.address);
    if (record.state === 'released') this.#freed += 1;
    const value = addressNumber(record.address);
    this.#records.set(record, modified);
    this.#former.add(record);
    this.#sharing.getOrInsertComputed(record.space, () => new SharingIndex()).add(value, record);
    const state = this.#ranges.at(record.space, value);
    state?.add(record);
    this.#expiries.add(state, record);
  }

  /**
   * Marks an address as held because its stored record cannot be read, until the record is repaired or deleted. If the
   * address was held before, its holders stay; else it has none.
   */
  putUnreadable(space: string, address: Address, modified: Revision): void {
    if (this.address(space, address)?.value.state === 'held') return;
    this.putAddress({ address, space, givenBy: null, state: 'held', holders: [], since: '' }, modified);
  }

  deleteAddress(space: string, address: Address): void {
    this.#freed += 1;
    this.#removeAddress(space, address);
  }

  #removeAddress(space: string, address: Address): void {
    const value = addressNumber(address);
    const record = this.#records.at(space, value)?.value;
    if (record === undefined) return;
    this.#records.delete(space, value);
    this.#former.delete(record);
    this.#sharing.get(space)?.delete(value, record);
    const state = this.#ranges.at(space, value);
    this.#expiries.delete(state, record);
    state?.delete(record);
  }

  /** Returns the ranges of the pool without those that were carved out of it, in address order. */
  #rangesInOrder(pool: Pool): AddressRange[] {
    const { ranges } = this.#pools.byId(pool.id)?.shape ?? poolShape(pool);
    return ranges.toSorted((a, b) => compareNumbers(a.first, b.first));
  }
}
