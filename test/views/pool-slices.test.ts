// The work that a new pool causes is done in slices: the event loop gets its turn between them, however many addresses
// are held, and however many records there are. Cited by src/views/pool-view.ts and src/views/visit-addresses.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressNumber, formatAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { emptyViews } from '../support/control-plane.ts';

const base = addressNumber('10.0.0.0' as never);
const at = (index: number) => formatAddress(base + BigInt(index));
const count = 10_000;

/** Returns views with held addresses and, higher than those, as many addresses that records name. */
function crowdedViews() {
  const { pools, zones } = emptyViews();
  const zone = parseName('z');
  const settings = { name: zone, generation: 1, defaultTtl: 60, nameservers: [parseName('ns.example')], soa: {} };
  zones.beginLoad();
  zones.putZone({ ...settings, skydns: false, automatic: false }, 1 as Revision);
  for (let index = 0; index < count; index += 1) {
    const owner = parseName(`n${index}.z`);
    zones.putName(zone, 1, owner, [{ type: 'A' as never, ttl: 60, records: [at(count + index)] }], 1 as Revision);
    const holders = [{ kind: 'allocation' as const, id: String(index), owner: '' }];
    pools.putAddress(
      { address: at(index), space: 'default', givenBy: null, state: 'held', holders, since: '2026-01-01T00:00:00Z' },
      1 as Revision,
    );
  }
  zones.endLoad();
  return { pools, slicesOf: () => [...pools.settle()].length };
}

test('a pool over many held addresses and many records is made and deleted in slices', () => {
  const { pools, slicesOf } = crowdedViews();
  assert.equal(slicesOf(), 0, 'records make work although there is no pool');
  const pool = { id: 'p', name: 'p', ...poolDefaults, ranges: ['10.0.0.0/16'] };
  pools.putPool(pool, 2 as Revision);
  assert.equal(pools.byName('p'), undefined, 'the pool is visible before it knows its addresses');
  // Visits the names of the zone, their addresses, the held addresses, and the releases among those.
  assert.ok(slicesOf() >= (4 * count) / 1100);
  const { used, recorded } = pools.usage('p', 0)?.ipv4 ?? {};
  assert.deepEqual([used, recorded], [BigInt(count), BigInt(count)]);
  pools.putPool({ ...pool, description: 'another text', drain: true }, 3 as Revision);
  assert.equal(slicesOf(), 0, 'settings that change no counts make work');
  assert.equal(pools.byName('p')?.value.drain, true);
  pools.deletePool('p');
  assert.ok(slicesOf() >= (2 * count) / 1100);
  assert.deepEqual(pools.namesAt(at(count)), []);
});

test('a pool of many short ranges is made, counted and deleted in as many slices as one of a long range', () => {
  const length = 100;
  const short = Array.from({ length: (2 * count) / length }, (_, index) => {
    return `${at(index * length)}-${at((index + 1) * length - 1)}`;
  });
  const slicesWith = (ranges: string[]) => {
    const { pools, slicesOf } = crowdedViews();
    slicesOf();
    const pool = { id: 'p', name: 'p', ...poolDefaults, ranges };
    const counted = [...pools.preview(pool, 0)].length;
    pools.putPool(pool, 2 as Revision);
    const made = slicesOf();
    const { used, recorded } = pools.usage('p', 0)?.ipv4 ?? {};
    assert.deepEqual([used, recorded], [BigInt(count), BigInt(count)]);
    pools.deletePool('p');
    return { counted, made, deleted: slicesOf() };
  };
  assert.deepEqual(slicesWith(short), slicesWith([`${at(0)}-${at(2 * count - 1)}`]));
});
