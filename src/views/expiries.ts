// Address records that housekeeping must change, by the time of the change, soonest first: an allocation expires, a
// cool-down ends, or no pool needs the record of a release. A least-recently-used pool needs its records of releases,
// so these are not in here. An entry of a release depends on the pool that has its address in its ranges.

import { type AddressRecord, coolDownEnd, describeHolder, traitsOf } from '../model/allocation.ts';
import { type Pool, strategyTraits } from '../model/pool.ts';
import { SortedMap } from './sorted-map.ts';

type AroundAddress = { value: Pool } | undefined;

export class Expiries {
  readonly #records = new SortedMap<readonly [time: number, key: string], AddressRecord>(
    undefined,
    (a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0),
  );

  /** `pool`: the pool of the address. */
  add(pool: AroundAddress, record: AddressRecord): void {
    for (const expiry of expiriesOf(pool, record)) this.#records.set(expiry, record);
  }

  /** `pool`: the pool with which the record was added. */
  delete(pool: AroundAddress, record: AddressRecord): void {
    for (const expiry of expiriesOf(pool, record)) this.#records.delete(expiry);
  }

  /** Yields the records that are due. */
  *due(now: number): Generator<AddressRecord> {
    for (const [[time], record] of this.#records.entries()) {
      if (time > now) return;
      yield record;
    }
  }
}

/** Returns when the cool-down of the record's address ends, in milliseconds since 1970; undefined if it has none. */
export function endIn(pool: AroundAddress, record: AddressRecord): number | undefined {
  return coolDownEnd(record, pool?.value.coolDownSeconds);
}

/** Returns the keys of the record, each with the time at which housekeeping must change the record. */
function expiriesOf(pool: AroundAddress, record: AddressRecord): [time: number, key: string][] {
  const key = `${record.space}/${record.address}`;
  if (record.state === 'released') {
    // A pool that remembers releases needs the record even after the cool-down.
    if (pool !== undefined && strategyTraits[pool.value.strategy].remembersReleases) return [];
    return [[endIn(pool, record) ?? Date.parse(record.since), key]];
  }
  const ends: [number, string][] = [];
  for (const holder of record.holders) {
    const end = traitsOf(holder).endOf(holder);
    if (end !== undefined) ends.push([Date.parse(end), `${key}/${describeHolder(holder)}`]);
  }
  return ends;
}
