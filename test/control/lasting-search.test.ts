// The search for free addresses of a long trial: it looks at few addresses, and sees what changes between slices.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastingSearch, LastingSearches } from '../../src/control/transaction/lasting-search.ts';
import type { Address } from '../../src/model/address.ts';
import { type Pool, poolFrom } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { PoolView } from '../../src/views/pool-view.ts';
import { RecordedAddresses } from '../../src/views/recorded-addresses.ts';
import type { Views } from '../../src/views/views.ts';

const revision = 1 as unknown as Revision;
const since = '2026-01-01T00:00:00Z';
const now = Date.parse(since) + 1000;

function searchIn(range: string, settings: Partial<Pool> = {}) {
  const pools = new PoolView(new RecordedAddresses({ *addressNodes() {} }));
  const pool = { ...poolFrom('p', { ranges: [range], ...settings }), id: 'p' };
  pools.putPool(pool, revision);
  for (const _ of pools.settle());
  const claimed = new Set<string>();
  const looked = { count: 0 };
  const trial = { views: { pools } as Views, claimed };
  const search = new LastingSearch(trial, pool, function* (time) {
    for (const address of pools.candidates('p', 'ipv4', time)) {
      looked.count += 1;
      yield address;
    }
  });
  const next = (time = now) => {
    const found = search.free(time).next().value;
    if (found !== undefined) claimed.add(found.key);
    return found?.address;
  };
  const hold = (address: Address) => {
    const holders = [{ kind: 'allocation' as const, id: address, owner: '', hostname: '', note: '' }];
    pools.putAddress({ address, space: 'default', givenBy: 'p', state: 'held', holders, since } as never, revision);
  };
  return { pools, pool, trial, search, looked, next, hold };
}

test('a trial that claims 20,000 addresses passes each a few times', () => {
  const { next, looked } = searchIn('10.0.0.0/17');
  for (let n = 0; n < 20_000; n += 1) assert.equal(next(), `10.0.${n >> 8}.${n & 255}`);
  assert.ok(looked.count < 8 * 20_000, `${looked.count} addresses`);
});

test('a trial that finds no address does not search again until one is freed', () => {
  const { next, looked, hold, pools } = searchIn('10.0.0.0/24');
  hold('10.0.0.7' as Address);
  const given = Array.from({ length: 255 }, () => next());
  assert.ok(!given.includes('10.0.0.7' as Address));
  assert.equal(new Set(given).size, 255);
  assert.equal(next(), undefined);
  const before = looked.count;
  assert.equal(next(), undefined);
  assert.equal(looked.count, before);
  pools.deleteAddress('default', '10.0.0.7' as Address);
  assert.equal(next(), '10.0.0.7');
});

test('a trial that finds no address searches again when a cool-down has ended', () => {
  const { next, pools } = searchIn('10.0.0.0/31', { coolDownSeconds: 60 });
  const [address, freeAt] = ['10.0.0.1' as Address, '2026-01-01T00:01:00Z'];
  const record = { address, space: 'default', givenBy: 'p', state: 'released', since, freeAt } as const;
  pools.putAddress({ ...record, holders: [] }, revision);
  assert.deepEqual([next(), next()], ['10.0.0.0', undefined]);
  assert.equal(next(Date.parse(freeAt)), '10.0.0.1');
});

test('a decision gets each of many addresses once', () => {
  const { search } = searchIn('10.0.0.0/22');
  const all = [...search.free(now)].map(({ address }) => address);
  assert.deepEqual([all.length, new Set(all).size], [1024, 1024]);
});

test('a trial leaves addresses that a pool excludes meanwhile', () => {
  const { pools, pool, trial } = searchIn('10.0.0.0/29');
  const searches = new LastingSearches(trial);
  const first = (of: Pool) => searches.of(of, 'ipv4', now).next().value?.address;
  assert.equal(first(pool), '10.0.0.0');
  const changed = { ...pool, exclude: ['10.0.0.0'] };
  pools.putPool(changed, revision);
  for (const _ of pools.settle());
  assert.equal(first(changed), '10.0.0.1');
});

test('a trial leaves addresses that others take meanwhile', () => {
  const { next, hold } = searchIn('10.0.0.0/24');
  assert.equal(next(), '10.0.0.0');
  hold('10.0.0.1' as Address);
  assert.equal(next(), '10.0.0.2');
});

test('a decision gets several addresses before any is claimed', () => {
  const { search } = searchIn('10.0.0.0/29');
  const all = () => search.free(now).map(({ address }) => address);
  assert.deepEqual([...all()], [...all()]);
  assert.equal([...all()].length, 8);
});

test('a trial leaves addresses of a pool that was carved out meanwhile', () => {
  const { next, pools } = searchIn('10.0.0.0/24');
  assert.equal(next(), '10.0.0.0');
  pools.putPool({ ...poolFrom('c', { ranges: ['10.0.0.0/29'] }), id: 'c', parent: 'p' }, revision);
  for (const _ of pools.settle());
  assert.equal(next(), '10.0.0.8');
});
