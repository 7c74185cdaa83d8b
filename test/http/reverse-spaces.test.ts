// DNS has one reverse tree: of pools of different spaces whose ranges overlap, one has reverse names. Hosts in the
// others get no PTRs, and `reverse` of a pool can be switched while hosts stand. Cited by src/http/commit-pool.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignAllReverse } from '../../src/control/hosts/align-reverse.ts';
import { parseAddress, reverseName } from '../../src/model/address.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';

interface HostAnswer {
  addresses: { address: string; ptr: string | null }[];
  warnings?: { message: string }[];
}

async function prepare(t: Cleanup) {
  const served = await servedApi(t);
  const { api, views } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  /** Returns the target of the PTR that is served for the address. */
  const ptr = (text: string) => {
    const owner = reverseName(parseAddress(text));
    const zone = views.zones.enclosing(owner)?.value.name;
    return zone && views.zones.name(zone, owner).rrsets.find(({ type }) => type === 'PTR')?.records[0];
  };
  const shown = async (name: string) => {
    const { addresses } = await api.ok<HostAnswer>(200, 'GET', `/v1/hosts/${name}`);
    return addresses.map((one) => one.ptr);
  };
  return { ...served, ptr, shown };
}

test('of pools of two spaces that overlap, only one has reverse names', async (t) => {
  const { api } = await prepare(t);
  const pools = '/v1/pools';
  const made = await api.ok<{ reverse: boolean }>(201, 'POST', pools, { name: 'a', ranges: ['10.0.0.0/24'] });
  assert.equal(made.reverse, true);
  const lab = { name: 'lab', ranges: ['10.0.0.128/25'], space: 'lab' };
  const refused = await api.refused('reverse_conflict', 'POST', pools, { ...lab, reverse: true }, ['/reverse']);
  assert.partialDeepStrictEqual(refused, { pool: 'a', space: 'default' });
  const inLab = await api.ok<{ reverse: boolean }>(201, 'POST', pools, lab);
  assert.equal(inLab.reverse, false);
  await api.refused('reverse_conflict', 'PATCH', `${pools}/lab`, { reverse: true }, ['/reverse']);
  await api.ok(201, 'POST', pools, { name: 'far', ranges: ['10.9.0.0/24'], space: 'lab', reverse: true });
  await api.refused('reverse_conflict', 'PATCH', `${pools}/far`, { ranges: ['10.0.0.0/28'] }, ['/reverse']);
  await api.refused('reverse_conflict', 'POST', pools, { name: 'b', ranges: ['10.9.0.0/16'] }, ['/reverse']);
  await api.ok(200, 'PATCH', `${pools}/a`, { reverse: false });
  await api.ok(200, 'PATCH', `${pools}/lab`, { reverse: true });
  await api.refused('reverse_conflict', 'PATCH', `${pools}/a`, { reverse: null }, ['/reverse']);
});

test('a host in a space without reverse names gets no PTR, and its answer says so', async (t) => {
  const { api, ptr, shown } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'a', ranges: ['10.0.0.0/30'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab', ranges: ['10.0.0.0/30'], space: 'lab' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.1'] });
  const host = await api.ok<HostAnswer>(201, 'POST', '/v1/hosts', {
    name: 'b.z',
    pool: 'lab',
    addresses: ['10.0.0.1'],
  });
  assert.equal(host.addresses[0]?.ptr, null);
  assert.match(
    host.warnings?.[0]?.message ?? '',
    /10\.0\.0\.1 gets no PTR: pool 'lab' of space 'lab' has no reverse names/,
  );
  assert.equal(ptr('10.0.0.1'), 'a.z.');
  await api.ok(200, 'PATCH', '/v1/hosts/b.z', { ptr: true });
  assert.deepEqual([ptr('10.0.0.1'), await shown('b.z')], ['a.z.', [null]]);
  await api.ok(204, 'DELETE', '/v1/hosts/b.z');
  assert.equal(ptr('10.0.0.1'), 'a.z.');
});

test('switching reverse names writes and deletes the PTRs of the hosts that stand', async (t) => {
  const { api, ptr, shown, store, views, committer } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'a', ranges: ['10.0.0.0/24'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab', ranges: ['10.0.0.0/24'], space: 'lab' });
  const last = 149;
  const make = (pool: string) => (_: unknown, index: number) =>
    api.ok(201, 'POST', '/v1/hosts', { name: `${pool}${index}.z`, pool, addresses: [`10.0.0.${index}`] });
  for (const pool of ['a', 'lab']) await Promise.all(Array.from({ length: last + 1 }, make(pool)));
  await api.ok(201, 'POST', '/v1/hosts', { name: 'none.z', pool: 'lab', addresses: ['10.0.0.200'], ptr: false });
  assert.equal(ptr('10.0.0.0'), 'a0.z.');
  await api.ok(200, 'PATCH', '/v1/pools/a', { reverse: false });
  assert.deepEqual([ptr('10.0.0.0'), ptr(`10.0.0.${last}`), await shown('a0.z')], [undefined, undefined, [null]]);
  await api.ok(200, 'PATCH', '/v1/pools/lab', { reverse: true });
  assert.deepEqual([ptr('10.0.0.0'), ptr(`10.0.0.${last}`)], ['lab0.z.', `lab${last}.z.`]);
  assert.equal(ptr('10.0.0.200'), undefined);
  // A process that dies after it has switched a pool: housekeeping goes on.
  const pools = { a: views.pools.byName('a')?.value, lab: views.pools.byName('lab')?.value };
  for (const [name, reverse] of [
    ['lab', false],
    ['a', true],
  ] as const) {
    const pool = pools[name];
    assert.ok(pool !== undefined);
    const value = poolValue.encode({ ...pool, reverse });
    const { revision } = await store.commit({
      compares: [],
      operations: [{ kind: 'put', key: poolKey(pool.id), value }],
    });
    await views.reached(revision);
  }
  await alignAllReverse({ committer, views });
  await alignAllReverse({ committer, views });
  assert.deepEqual([ptr('10.0.0.0'), ptr(`10.0.0.${last}`)], ['a0.z.', `a${last}.z.`]);
  const got = await api.ok<object>(200, 'GET', '/v1/pools/a');
  const before = views.revision;
  await api.ok(200, 'PUT', '/v1/pools/a', got);
  assert.equal(views.revision, before);
});
