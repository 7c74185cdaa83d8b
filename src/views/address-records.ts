// The address records in memory, by space and address. What they mean for a pool: pool-view.ts.

import { type Address, type AddressNumber, addressNumber } from '../model/address.ts';
import type { AddressRecord } from '../model/allocation.ts';
import type { Revision } from '../model/revision.ts';
import { addressKey } from '../store/kinds/address.ts';
import { compareNumbers } from './free-space.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';

export class AddressRecords {
  readonly #spaces = new Map<string, SortedMap<AddressNumber, Versioned<AddressRecord>>>();

  get(space: string, address: Address): Versioned<AddressRecord> | undefined {
    return this.at(space, addressNumber(address));
  }

  at(space: string, value: AddressNumber): Versioned<AddressRecord> | undefined {
    return this.#spaces.get(space)?.get(value);
  }

  /** Yields the records of a space from address `from` to address `last`, in order. */
  *between(space: string, from: AddressNumber, last: AddressNumber): Generator<Versioned<AddressRecord>> {
    for (const [value, record] of this.#spaces.get(space)?.entries(from) ?? []) {
      if (value > last) return;
      yield record;
    }
  }

  /** Yields the keys under which the records are stored. */
  *keys(): Generator<string> {
    for (const records of this.#spaces.values())
      for (const { value } of records.values()) yield addressKey(value.space, value.address);
  }

  set(record: AddressRecord, modified: Revision): void {
    const records = this.#spaces.getOrInsertComputed(record.space, () => new SortedMap(undefined, compareNumbers));
    records.set(addressNumber(record.address), { value: record, modified });
  }

  delete(space: string, value: AddressNumber): void {
    this.#spaces.get(space)?.delete(value);
  }
}
