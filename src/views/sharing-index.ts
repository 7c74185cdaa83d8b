// The held addresses of one space that further holders may share, grouped by sharing key and by the ports in use. A
// search checks each group once, whatever its size. The rule of sharing: model/allocation.ts.

import type { AddressNumber } from '../model/address.ts';
import { type AddressRecord, type Holder, mayShare } from '../model/allocation.ts';
import { compareNumbers } from './free-space.ts';
import { SortedMap } from './sorted-map.ts';

/** Addresses whose holders have the same key and ports: a newcomer may share all of them, or none. */
interface Alike {
  holders: readonly Holder[];
  addresses: SortedMap<AddressNumber, true>;
}

export class SharingIndex {
  /** Sharing key → ports (as text) → addresses. */
  readonly #byKey = new Map<string, Map<string, Alike>>();

  add(value: AddressNumber, record: AddressRecord): void {
    const place = placeOf(record);
    if (place === undefined) return;
    const ofKey = this.#byKey.get(place.key) ?? new Map<string, Alike>();
    this.#byKey.set(place.key, ofKey);
    const alike = ofKey.get(place.ports) ?? {
      holders: record.holders,
      addresses: new SortedMap<AddressNumber, true>(undefined, compareNumbers),
    };
    ofKey.set(place.ports, alike);
    alike.addresses.set(value, true);
  }

  delete(value: AddressNumber, record: AddressRecord): void {
    const place = placeOf(record);
    const ofKey = place && this.#byKey.get(place.key);
    const alike = place && ofKey?.get(place.ports);
    if (place === undefined || ofKey === undefined || alike === undefined) return;
    alike.addresses.delete(value);
    if (alike.addresses.size === 0) ofKey.delete(place.ports);
    if (ofKey.size === 0) this.#byKey.delete(place.key);
  }

  /** Yields the addresses from `first` to `last` that the newcomer may share, in order. */
  *shareable(newcomer: Holder, first: AddressNumber, last: AddressNumber): Generator<AddressNumber> {
    if (newcomer.sharingKey === undefined) return;
    const sets = [...(this.#byKey.get(newcomer.sharingKey)?.values() ?? [])]
      .filter(({ holders }) => mayShare(holders, newcomer))
      .map(({ addresses }) => addresses);
    // Merges the sets in the order of their addresses. `next` has the next address of each set.
    const next = new SortedMap<AddressNumber, SortedMap<AddressNumber, true>>(undefined, compareNumbers);
    const queueNext = (set: SortedMap<AddressNumber, true>, from: AddressNumber) => {
      const value = set.has(from) ? from : set.nextHigherKey(from);
      if (value !== undefined && value <= last) next.set(value, set);
    };
    for (const set of sets) queueNext(set, first);
    for (let value = next.minKey(); value !== undefined; value = next.minKey()) {
      const set = next.get(value);
      next.delete(value);
      yield value;
      if (set !== undefined) queueNext(set, value + 1n);
    }
  }
}

/**
 * Returns the group of an address. Undefined if no allocation may share it, because nobody holds it, or a holder has no
 * sharing key or needs all ports of the address.
 */
function placeOf({ holders }: AddressRecord): { key: string; ports: string } | undefined {
  const [first] = holders;
  if (first?.sharingKey === undefined) return undefined;
  const ports = new Set<string>();
  for (const holder of holders) {
    if (holder.sharingKey !== first.sharingKey || !holder.ports?.length) return undefined;
    for (const { protocol, port } of holder.ports) ports.add(`${protocol}/${port}`);
  }
  return { key: first.sharingKey, ports: [...ports].sort().join() };
}
