// Pools that are carved out of others: the next free block, and what the pools around them may do.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Api, apiAt } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import type { Items, ShownCounts, ShownPool } from '../support/shown-pool.ts';

async function prepare(t: TestContext, more: object = {}): Promise<Api> {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'site', ranges: ['10.0.0.0/24', '2001:db8::/48'], ...more });
  return api;
}
const carve = (api: Api, from: string, body: object) => api.ok<ShownPool>(201, 'POST', `/v1/pools/${from}/pools`, body);

async function usage(api: Api, pool: string): Promise<ShownCounts> {
  const { ipv4 } = (await api.ok<ShownPool>(200, 'GET', `/v1/pools/${pool}`)).usage;
  const sum = ['used', 'recorded', 'coolingDown', 'carved', 'free'] as const;
  const total = sum.reduce((all, one) => all + BigInt(ipv4[one]), 0n);
  assert.equal(String(total), ipv4.capacity);
  return ipv4;
}

test('a pool gets the first aligned block without addresses in use, exclusions and other pools', async (t) => {
  const api = await prepare(t, { exclude: ['10.0.0.20'], coolDownSeconds: 600 });
  await api.ok(201, 'POST', '/v1/pools/site/allocations', { addresses: ['10.0.0.1', '10.0.0.40'] });
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.40');
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/a/A', { records: ['10.0.0.50'] });
  const first = await carve(api, 'site', { name: 'a', prefixLength: 28, priority: 7 });
  assert.deepEqual([first.parent, first.ranges, first.space], ['site', ['10.0.0.64/28'], 'default']);
  assert.deepEqual((await carve(api, 'site', { name: 'b', prefixLength: 28 })).ranges, ['10.0.0.80/28']);
  assert.deepEqual((await carve(api, 'site', { name: 'c', prefixLength: 29 })).ranges, ['10.0.0.8/29']);
  assert.deepEqual((await carve(api, 'a', { name: 'a1', prefixLength: 30 })).ranges, ['10.0.0.64/30']);
  assert.deepEqual((await carve(api, 'site', { name: 'six', prefixLength: 64 })).ranges, ['2001:db8::/64']);
  const six = await carve(api, 'site', { name: 'seven', prefixLength: 64, family: 'ipv6' });
  assert.deepEqual(six.ranges, ['2001:db8:0:1::/64']);
  const { used, carved, coolingDown, recorded, capacity } = await usage(api, 'site');
  assert.deepEqual([capacity, used, carved, coolingDown, recorded], ['255', '1', '40', '1', '1']);
  assert.deepEqual((await usage(api, 'a')).carved, '4');
});

test('the pool around gives no address of the block, and gets it back when the new pool is deleted', async (t) => {
  const api = await prepare(t);
  await carve(api, 'site', { name: 'rack', prefixLength: 28 });
  const [first] = (await api.ok<Items<{ address: string }>>(201, 'POST', '/v1/pools/site/allocations', {})).items;
  assert.equal(first?.address, '10.0.0.16');
  const taken = await api.send('POST', '/v1/pools/site/allocations', { addresses: ['10.0.0.3'] });
  assert.deepEqual([taken.status, taken.body.code, taken.body.pool], [422, 'address_outside_pool', 'rack']);
  await api.ok(201, 'POST', '/v1/pools/rack/allocations', { addresses: ['10.0.0.3'] });
  assert.equal((await api.ok<Items<unknown>>(200, 'GET', '/v1/pools/site/allocations')).items.length, 1);
  assert.equal((await api.ok<{ pool: string }>(200, 'GET', '/v1/addresses/10.0.0.3')).pool, 'rack');
  assert.equal((await api.send('DELETE', '/v1/pools/rack')).body.code, 'pool_in_use');
  await api.ok(200, 'DELETE', '/v1/pools/rack?force=true');
  assert.deepEqual([(await usage(api, 'site')).carved, (await usage(api, 'site')).free], ['0', '255']);
  const next = await api.ok<Items<{ address: string }>>(201, 'POST', '/v1/pools/site/allocations', {});
  assert.equal(next.items[0]?.address, '10.0.0.0');
});

test('a carved pool gives addresses only to requests that name it, unless it is made automatic', async (t) => {
  const { api, url } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'site', ranges: ['10.0.0.0/24'], priority: 9 });
  await carve(api, 'site', { name: 'team', prefixLength: 30 });
  const autoAssign = async () => (await api.ok<{ autoAssign: boolean }>(200, 'GET', '/v1/pools/team')).autoAssign;
  const addressOf = async (name: string) => {
    const { addresses } = await api.ok<{ addresses: { address: string }[] }>(201, 'POST', '/v1/hosts', { name });
    return addresses[0]?.address;
  };
  assert.equal(await autoAssign(), false);
  assert.equal(await addressOf('everybody.z'), '10.0.0.4');
  const { token } = await api.ok<{ token: string }>(201, 'POST', '/v1/tokens', {
    name: 'team',
    role: 'operator',
    pools: ['team'],
  });
  const team = apiAt(url, token);
  const refused = await team.send('POST', '/v1/hosts', { name: 'own.z' });
  assert.equal(refused.body.code, 'pool_exhausted');
  assert.match(String(refused.body.detail), /name the pool: "pool": "team"/);
  assert.equal((await team.send('POST', '/v1/hosts', { name: 'own.z', pool: 'team' })).status, 201);
  await api.ok(200, 'PUT', '/v1/pools/team', { ranges: ['10.0.0.0/30'] });
  assert.equal(await autoAssign(), false, 'a PUT that does not say it');
  await api.ok(200, 'PATCH', '/v1/pools/team', { autoAssign: true });
  assert.equal(await addressOf('other.z'), '10.0.0.1');
  await api.ok(200, 'PATCH', '/v1/pools/team', { autoAssign: null });
  assert.equal(await autoAssign(), false, 'a PATCH with null');
});

test('a pool around others cannot be deleted, moved or shrunk below them, not even by force', async (t) => {
  const api = await prepare(t);
  await carve(api, 'site', { name: 'rack', prefixLength: 28 });
  for (const force of ['', '?force=true']) {
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PATCH', { ranges: ['10.0.0.128/25', '2001:db8::/48'] }],
      ['PATCH', { space: 'lab' }],
    ] as const) {
      const refused = await api.send(method, `/v1/pools/site${force}`, body);
      assert.deepEqual([refused.status, refused.body.code], [409, 'pool_in_use'], `${method} ${force}`);
      assert.match(refused.body.detail, /rack.*\?force=true does not help/);
    }
  }
  await api.ok(200, 'PATCH', '/v1/pools/site', { ranges: ['10.0.0.0/25', '10.1.0.0/24'] });
  const overlap = await api.send('POST', '/v1/pools', { name: 'other', ranges: ['10.0.0.4/30'] });
  assert.equal(overlap.body.code, 'pool_overlap');
  await api.ok(200, 'PATCH', '/v1/pools/rack', { ranges: ['10.0.0.0/27'] });
  assert.equal((await usage(api, 'site')).carved, '32');
  const outside = await api.send('PATCH', '/v1/pools/rack', { ranges: ['10.0.0.0/27', '10.2.0.0/28'] });
  assert.deepEqual([outside.body.code, outside.body.errors?.[0]?.pointer], ['address_outside_pool', '/ranges/1']);
});

test('a request without a family gets none that is carved out as a whole', async (t) => {
  const api = await prepare(t);
  await carve(api, 'site', { name: 'low', prefixLength: 25 });
  const four = await api.ok<Items<{ address: string }>>(201, 'POST', '/v1/pools/site/allocations', {});
  assert.equal(four.items[0]?.address, '10.0.0.128');
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.128');
  await carve(api, 'site', { name: 'high', prefixLength: 25 });
  const six = await api.ok<Items<{ address: string }>>(201, 'POST', '/v1/pools/site/allocations', {});
  assert.equal(six.items[0]?.address, '2001:db8::');
});

test('a full pool refuses with its largest free block', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools/site/allocations', { addresses: ['10.0.0.1', '10.0.0.130', '10.0.0.240'] });
  const { body, status } = await api.send('POST', '/v1/pools/site/pools', { name: 'big', prefixLength: 25 });
  assert.deepEqual([status, body.code, body.largest], [409, 'pool_exhausted', '10.0.0.64/26']);
  const long = await api.send('POST', '/v1/pools/site/pools', { name: 'x', prefixLength: 40, family: 'ipv4' });
  assert.deepEqual([long.status, long.body.errors?.[0]?.pointer], [400, '/prefixLength']);
});

test('a pool with one free address names it as its largest block', async (t) => {
  const api = await prepare(t, { ranges: ['10.0.0.0/30'] });
  await api.ok(201, 'POST', '/v1/pools/site/allocations', { count: 3 });
  const { body } = await api.send('POST', '/v1/pools/site/pools', { name: 'a', prefixLength: 31 });
  assert.deepEqual([body.code, body.largest], ['pool_exhausted', '10.0.0.3/32']);
});

test('a carved pool has the reverse names of its parent, unless the request says otherwise', async (t) => {
  const api = await prepare(t, { space: 'lab', reverse: true });
  const reverse = async (name: string, more: object = {}) =>
    ((await carve(api, 'site', { name, prefixLength: 28, ...more })) as { reverse?: boolean }).reverse;
  assert.deepEqual([await reverse('a'), await reverse('b', { reverse: false })], [true, false]);
});

test('pools are listed by the pool around them, which answers name and requests may repeat', async (t) => {
  const api = await prepare(t);
  await carve(api, 'site', { name: 'b', prefixLength: 28 });
  await carve(api, 'site', { name: 'a', prefixLength: 28 });
  await carve(api, 'a', { name: 'a1', prefixLength: 30 });
  const named = async (query: string) =>
    (await api.ok<Items<ShownPool>>(200, 'GET', `/v1/pools?${query}`)).items.map(({ name }) => name);
  assert.deepEqual(await named('parent=site'), ['a', 'b']);
  const listed = await api.refused('method_not_allowed', 'GET', '/v1/pools/site/pools');
  assert.match(listed.detail, /GET \/v1\/pools\?parent=site lists/);
  assert.deepEqual(await named('parent='), ['site']);
  assert.deepEqual(await named('parent=none'), []);
  await api.ok(200, 'PATCH', '/v1/pools/site', { name: 'campus' });
  const read = await api.ok<ShownPool>(200, 'GET', '/v1/pools/a');
  assert.equal(read.parent, 'campus');
  assert.equal((await api.ok<ShownPool>(200, 'PUT', '/v1/pools/a', read)).parent, 'campus');
  assert.equal(
    (await api.ok<ShownPool>(200, 'PATCH', '/v1/pools/a', { parent: 'campus', drain: true })).parent,
    'campus',
  );
  for (const [method, body] of [
    ['PUT', { ...read, parent: null }],
    ['PATCH', { parent: 'b' }],
  ] as const) {
    const refused = await api.send(method, '/v1/pools/a', body);
    assert.deepEqual([refused.status, refused.body.errors?.[0]?.pointer], [412, '/parent'], method);
  }
});

test('a carved pool takes no addresses from its parent that are in use', async (t) => {
  const api = await prepare(t);
  await carve(api, 'site', { name: 'rack', prefixLength: 28 });
  await api.ok(201, 'POST', '/v1/pools/site/allocations', { addresses: ['10.0.0.18'] });
  const wider = { ranges: ['10.0.0.0/27'] };
  const refused = await api.refused('pool_in_use', 'PATCH', '/v1/pools/rack', wider, ['/ranges']);
  assert.match(refused.detail, /^addresses of pool 'site' are in use there: 10\.0\.0\.18 /);
  await api.refused('pool_in_use', 'PATCH', '/v1/pools/rack?force=true', wider, ['/ranges']);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.18');
  await api.ok(200, 'PATCH', '/v1/pools/rack', wider);
  assert.equal((await usage(api, 'site')).carved, '32');
});
