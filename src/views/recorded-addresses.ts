// The recorded addresses with the names of their records. To save memory, only addresses in the ranges of pools are
// kept. Records that a host manages do not count, and neither do pending generations of zones. The pools that count the
// addresses: pool-view.ts.

import type { AddressNumber } from '../model/address.ts';
import type { Interval } from '../model/address-range.ts';
import type { Fqdn } from '../model/name.ts';
import type { ZoneId } from '../table/layout.ts';
import type { AddressListener, AddressNode } from '../table/writer.ts';
import { compareNumbers } from './free-space.ts';
import { SortedMap } from './sorted-map.ts';
import { visitAddresses } from './visit-addresses.ts';

/** The part of the table that this file reads. */
interface Source {
  addressNodes(zone: ZoneId): Iterable<AddressNode | undefined>;
}

/** The part of the pools that this file uses. */
interface Pools {
  exist(): boolean;
  /** Returns whether a pool has the address in its ranges. */
  covers(value: AddressNumber): boolean;
  /** Calls `change`, with which the address begins or ceases to be recorded. The pools count the address anew. */
  aroundChange(value: AddressNumber, change: () => void): void;
}

/** A zone in the table and a name in it: `<zone id> <name>`. */
type Place = string;

/** A withdrawn zone with at most this many names is removed at once, a larger one in slices. */
const maxRemovedAtOnce = 1000;
const allAddresses: Interval = { first: 0n, last: 2n ** 128n - 1n };

export class RecordedAddresses implements AddressListener {
  readonly #table: Source;
  /** The places of each address: a single one, as for most addresses, or a set. */
  readonly #places = new SortedMap<AddressNumber, Place | Set<Place>>(undefined, compareNumbers);
  /** The current generations of zones, each with its number of places here. */
  readonly #served = new Map<ZoneId, number>();
  readonly #unread = new Set<ZoneId>();
  readonly #withdrawn = new Set<ZoneId>();
  /** The changes that came while {@link settle} ran: {@link endSettle} applies them. Undefined at other times. */
  #late: (() => void)[] | undefined;
  #pools: Pools = { exist: () => false, covers: () => false, aroundChange: (_, change) => change() };

  constructor(table: Source) {
    this.#table = table;
  }

  /** Sets the pools. Call this once. */
  connect(pools: Pools): void {
    this.#pools = pools;
  }

  /** Returns whether {@link settle} has work to do. */
  get unsettled(): boolean {
    return this.#unread.size > 0 || this.#withdrawn.size > 0;
  }

  has(value: AddressNumber): boolean {
    return this.#places.has(value);
  }

  /** Returns the names with records of the address, sorted, each once. */
  namesAt(value: AddressNumber): Fqdn[] {
    const places = this.#places.get(value);
    const list = places === undefined ? [] : typeof places === 'string' ? [places] : [...places];
    return [...new Set(list.map((place) => place.slice(place.indexOf(' ') + 1) as Fqdn))].sort();
  }

  /** Yields the recorded addresses from `first` to `last`, in order. They must not change while the caller iterates. */
  *between(first: AddressNumber, last: AddressNumber): Generator<AddressNumber> {
    for (const value of this.#places.keys(first)) {
      if (value > last) return;
      yield value;
    }
  }

  tracks(zone: ZoneId): boolean {
    return this.#served.has(zone) && this.#pools.exist();
  }

  changed(zone: ZoneId, owner: Fqdn, before: readonly AddressNumber[], after: readonly AddressNumber[]): void {
    if (this.#late !== undefined) {
      this.#late.push(() => this.changed(zone, owner, before, after));
      return;
    }
    for (const value of before) if (!after.includes(value)) this.#remove(value, zone, owner);
    for (const value of after) if (!before.includes(value)) this.#add(value, zone, owner);
  }

  /** Adds a zone. {@link settle} reads its names. */
  serve(zone: ZoneId): void {
    this.#served.set(zone, 0);
    this.#unread.add(zone);
  }

  /** Removes a zone. Call this before the table withdraws it. {@link settle} removes large zones, in slices. */
  withdraw(zone: ZoneId, names: number): void {
    const places = this.#served.get(zone) ?? 0;
    this.#unread.delete(zone);
    if (places > 0 && names > maxRemovedAtOnce) this.#withdrawn.add(zone);
    else if (places > 0) {
      for (const node of this.#table.addressNodes(zone)) {
        for (const value of node?.addresses ?? []) this.#remove(value, zone, (node as AddressNode).name);
      }
    }
    this.#served.delete(zone);
  }

  /**
   * Reads the names of new zones. From all zones, reads the addresses in `fresh`: ranges that no pool covered before.
   * Removes withdrawn zones. Yields after each slice; names may change meanwhile. Afterwards, the caller calls
   * {@link endSettle}.
   */
  *settle(fresh: readonly Interval[]): Generator<void> {
    this.#late ??= [];
    for (const zone of this.#withdrawn) yield* this.#removeZone(zone);
    this.#withdrawn.clear();
    if (fresh.length === 0 && !this.#pools.exist()) this.#unread.clear();
    const isFresh = testFor(fresh);
    for (const zone of fresh.length > 0 ? [...this.#served.keys()] : [...this.#unread]) {
      const isNew = this.#unread.has(zone);
      for (const node of this.#table.addressNodes(zone)) {
        if (node === undefined) yield;
        else {
          for (const value of node.addresses) {
            if (isFresh(value)) this.#put(value, zone, node.name);
            else if (isNew) this.#add(value, zone, node.name);
          }
        }
      }
      this.#unread.delete(zone);
    }
  }

  /**
   * Returns the recorded addresses in these ranges, even if no pool covers them. Yields after each slice; addresses may
   * change meanwhile.
   */
  *find(ranges: readonly Interval[]): Generator<void, Set<AddressNumber>> {
    const found = new Set<AddressNumber>();
    const isWanted = testFor(ranges);
    for (const zone of [...this.#served.keys()]) {
      if (!this.#served.has(zone)) continue;
      for (const node of this.#table.addressNodes(zone)) {
        if (node === undefined) yield;
        else for (const value of node.addresses) if (isWanted(value)) found.add(value);
      }
    }
    return found;
  }

  /** Removes the addresses in `parts` that no pool covers any more. Yields after each slice. */
  *forgetOutside(parts: readonly Interval[]): Generator<void> {
    yield* visitAddresses(parts, {
      itemsIn: (first, last) => this.between(first, last),
      addressOf: (value) => value,
      visit: (value) => {
        if (!this.#pools.covers(value)) this.#forget(value);
      },
    });
  }

  /** Applies the changes that came while {@link settle} ran. */
  endSettle(): void {
    const late = this.#late ?? [];
    this.#late = undefined;
    for (const change of late) change();
  }

  /** Adds a place of the address, if a pool covers the address. */
  #add(value: AddressNumber, zone: ZoneId, owner: Fqdn): void {
    if (!this.#pools.covers(value)) return;
    if (this.has(value)) this.#put(value, zone, owner);
    else this.#pools.aroundChange(value, () => this.#put(value, zone, owner));
  }

  #put(value: AddressNumber, zone: ZoneId, owner: Fqdn): void {
    const place = `${zone} ${owner}`;
    const before = this.#places.get(value);
    if (before === undefined) this.#places.set(value, place);
    else if (typeof before !== 'string') {
      if (before.has(place)) return;
      before.add(place);
    } else if (before === place) return;
    else this.#places.set(value, new Set([before, place]));
    this.#served.set(zone, (this.#served.get(zone) ?? 0) + 1);
  }

  #remove(value: AddressNumber, zone: ZoneId, owner: Fqdn): void {
    const place = `${zone} ${owner}`;
    const before = this.#places.get(value);
    if (before === place) this.#pools.aroundChange(value, () => this.#places.delete(value));
    else if (typeof before === 'string' || before?.delete(place) !== true) return;
    else if (before.size === 1) this.#places.set(value, [...before][0] as Place);
    const count = this.#served.get(zone);
    if (count !== undefined) this.#served.set(zone, count - 1);
  }

  #forget(value: AddressNumber): void {
    const places = this.#places.get(value) ?? [];
    for (const place of typeof places === 'string' ? [places] : places) {
      const zone = Number(place.slice(0, place.indexOf(' '))) as ZoneId;
      const count = this.#served.get(zone);
      if (count !== undefined) this.#served.set(zone, count - 1);
    }
    this.#places.delete(value);
  }

  *#removeZone(zone: ZoneId): Generator<void> {
    const prefix = `${zone} `;
    yield* visitAddresses([allAddresses], {
      itemsIn: (first) => Iterator.from(this.#places.entries(first)),
      addressOf: ([value]) => value,
      visit: ([value, places]) => {
        for (const place of typeof places === 'string' ? [places] : [...places]) {
          if (place.startsWith(prefix)) this.#remove(value, zone, place.slice(prefix.length) as Fqdn);
        }
      },
    });
  }
}

/** Returns a function that tells whether an address is in one of the intervals. The intervals must not overlap. */
function testFor(intervals: readonly Interval[]): (value: AddressNumber) => boolean {
  const lastOf = new SortedMap<AddressNumber, AddressNumber>(
    intervals.map(({ first, last }) => [first, last]),
    compareNumbers,
  );
  return (value) => (lastOf.getPairOrNextLower(value)?.[1] ?? -1n) >= value;
}
