// Pools, allocations and addresses over HTTP.

import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Api } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import { until } from '../support/until.ts';

interface Allocation {
  address: string;
  pool: string | null;
  space: string;
  state: string;
  freeAt?: string;
  holders: { kind: string; id?: string; owner: string; sharingKey?: string; expiresAt?: string }[];
}
type Items = { items: Allocation[]; nextCursor: string | null };
interface Usage {
  capacity: string;
  used: string;
  coolingDown: string;
  free: string;
}

async function prepare(t: TestContext): Promise<Api> {
  return (await servedApi(t)).api;
}

async function take(api: Api, pool: string, body: unknown = {}): Promise<string[]> {
  const { items } = await api.ok<Items>(201, 'POST', `/v1/pools/${pool}/allocations`, body);
  return items.map(({ address }) => address);
}

async function usage(api: Api, pool: string, family: 'ipv4' | 'ipv6' = 'ipv4'): Promise<string> {
  const body = await api.ok<{ usage: Record<string, Usage> }>(200, 'GET', `/v1/pools/${pool}`);
  const { capacity, used, coolingDown, free } = body.usage[family] as Usage;
  return `${used}+${coolingDown}+${free}/${capacity}`;
}

test('a prefix with host bits is refused with what it may mean, in each place that takes ranges', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'site', ranges: ['10.20.0.0/24'] });
  const prefix = '10.20.0.16/27';
  const way = "'10.20.0.16/27' has host bits: write 10.20.0.0/27, or 10.20.0.16-10.20.0.31";
  for (const [method, path, body, pointer] of [
    ['POST', '/v1/pools', { name: 'x', ranges: [prefix] }, '/ranges/0'],
    ['PUT', '/v1/pools/x', { ranges: ['10.20.1.0/24'], exclude: [prefix] }, '/exclude/0'],
    ['PATCH', '/v1/pools/site', { exclude: [prefix] }, '/exclude/0'],
    ['POST', '/v1/pools/site/pools', { name: 'x', prefixLength: 28, exclude: [prefix] }, '/exclude/0'],
    ['POST', '/v1/pools/site/renumber', { to: prefix }, '/to'],
  ] as const) {
    const refused = await api.refused('invalid_request', method, path, body, [pointer]);
    assert.equal(refused.errors?.[0]?.message, way, `${method} ${path}`);
  }
  assert.equal((await api.send('GET', `/v1/hosts?within=${prefix}`)).status, 200, 'a filter');
});

test('a pool is read as it was written, in canonical form and with every default', async (t) => {
  const api = await prepare(t);
  const ranges = ['172.17.201.100 - 172.17.201.125', '10.2.1.0/28', 'FD00:2::/112', '10.9.9.9'];
  const answer = await api.send('POST', '/v1/pools', { name: 'subnet-201', ranges, exclude: ['10.2.1.1'] });
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.location, '/v1/pools/subnet-201');
  assert.deepEqual(answer.body, {
    id: answer.body.id,
    name: 'subnet-201',
    parent: null,
    ranges: ['172.17.201.100-172.17.201.125', '10.2.1.0/28', 'fd00:2::/112', '10.9.9.9'],
    exclude: ['10.2.1.1'],
    autoAssign: true,
    priority: 0,
    avoidBuggyIps: false,
    allowFirstLast: true,
    strategy: 'lowest',
    coolDownSeconds: 0,
    drain: false,
    space: 'default',
    reverse: true,
    description: '',
    tags: {},
    usage: {
      ipv4: { capacity: '42', used: '0', recorded: '0', coolingDown: '0', carved: '0', free: '42' },
      ipv6: { capacity: '65536', used: '0', recorded: '0', coolingDown: '0', carved: '0', free: '65536' },
    },
  });
  const patched = await api.ok(200, 'PATCH', '/v1/pools/subnet-201', { tags: { a: 'b' }, priority: 3, exclude: null });
  assert.deepEqual([patched.tags, patched.priority, patched.exclude], [{ a: 'b' }, 3, []]);
  const cleared = await api.ok(200, 'PATCH', '/v1/pools/subnet-201', { tags: { a: null }, priority: null });
  assert.deepEqual([cleared.tags, cleared.priority], [{}, 0]);
  const put = await api.ok(200, 'PUT', '/v1/pools/subnet-201', { ranges: ['10.2.1.0/28'] });
  assert.deepEqual(put.ranges, ['10.2.1.0/28']);
  await api.ok(204, 'DELETE', '/v1/pools/subnet-201');
  await api.refused('not_found', 'GET', '/v1/pools/subnet-201');
});

test('IPv6 counts are exact beyond 2^53', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'six', ranges: ['2001:db8::/32'] });
  await take(api, 'six', { count: 3 });
  assert.equal(await usage(api, 'six', 'ipv6'), `3+0+${2n ** 96n - 3n}/${2n ** 96n}`);
});

test('addresses are allocated range by range, the lowest first, and `next` shows the next ones without allocating them', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.1.0/30', '10.0.0.0/30'], allowFirstLast: false });
  const next = async () => (await api.ok<{ items: string[] }>(200, 'GET', '/v1/pools/p/next?count=5')).items;
  assert.deepEqual(await next(), ['10.0.1.1', '10.0.1.2', '10.0.0.1', '10.0.0.2']);
  assert.deepEqual(await take(api, 'p', { count: 3 }), ['10.0.1.1', '10.0.1.2', '10.0.0.1']);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.1.1');
  assert.deepEqual(await next(), ['10.0.1.1', '10.0.0.2']);
  await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', { count: 3 });
  assert.equal(await usage(api, 'p'), '2+0+2/4');
  await api.refused('address_excluded', 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.0'] });
});

test('avoidBuggyIps leaves out .0 and .255 of IPv4 only', async (t) => {
  const api = await prepare(t);
  const ranges = ['10.0.0.254-10.0.1.1', '2001:db8::/126'];
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges, avoidBuggyIps: true });
  assert.deepEqual(await take(api, 'p', { count: 2 }), ['10.0.0.254', '10.0.1.1']);
  assert.deepEqual(await take(api, 'p', { family: 'ipv6' }), ['2001:db8::']);
  assert.equal(await usage(api, 'p'), '2+0+0/2');
});

test('a pool whose addresses are all excluded is reported as full in its family', async (t) => {
  const api = await prepare(t);
  for (const [name, range, family] of [
    ['four', '10.0.0.1', 'ipv4'],
    ['six', '2001:db8::1', 'ipv6'],
  ]) {
    await api.ok(201, 'POST', '/v1/pools', { name, ranges: [range], exclude: [range] });
    assert.equal((await api.refused('pool_exhausted', 'POST', `/v1/pools/${name}/allocations`, {})).family, family);
  }
  await api.ok(201, 'POST', '/v1/pools', { name: 'both', ranges: ['10.0.0.2', '2001:db8::2'], exclude: ['10.0.0.2'] });
  assert.deepEqual(await take(api, 'both', {}), ['2001:db8::2']);
});

test('a request without a pool takes automatic pools that do not drain, by priority, then name, skipping full ones', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const pools = [
    { name: 'd', ranges: ['10.0.3.0/24'], priority: 9 },
    { name: 'b', ranges: ['10.0.1.1'], priority: 5 },
    { name: 'a', ranges: ['10.0.2.1'], priority: 5 },
    { name: 'manual', ranges: ['10.0.4.0/24'], priority: 1, autoAssign: false },
    { name: 'draining', ranges: ['10.0.5.0/24'], priority: 1, drain: true },
  ];
  for (const pool of pools) await api.ok(201, 'POST', '/v1/pools', pool);
  const given: (string | undefined)[] = [];
  for (const name of ['1.z', '2.z', '3.z']) {
    const host = await api.ok<{ addresses: { pool: string }[] }>(201, 'POST', '/v1/hosts', { name });
    given.push(host.addresses[0]?.pool);
  }
  assert.deepEqual(given, ['a', 'b', 'd']);
  const named = { name: '4.z', pool: 'manual' };
  assert.equal(
    (await api.ok<{ addresses: { pool: string }[] }>(201, 'POST', '/v1/hosts', named)).addresses[0]?.pool,
    'manual',
  );
});

test('a draining pool allocates nothing, not even a named or a shared address, and allocated addresses stay', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24'] });
  const share = (port: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp', port }] });
  await take(api, 'p', share(1));
  await api.ok(200, 'PATCH', '/v1/pools/p', { drain: true });
  for (const body of [{}, { addresses: ['10.0.0.9'] }, share(2), { ...share(2), addresses: ['10.0.0.0'] }]) {
    const problem = await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', body);
    assert.match(problem.detail, /'p' is draining/);
  }
  assert.deepEqual((await api.ok<{ items: string[] }>(200, 'GET', '/v1/pools/p/next')).items, []);
  assert.equal(await usage(api, 'p'), '1+0+255/256');
});

test('holders with the same sharing key and different ports share an address, which is free when the last has released it', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24'] });
  const share = (protocol: string, port: number, sharingKey = 'k') => ({
    sharingKey,
    ports: [{ protocol, port }],
    owner: `${protocol}${port}`,
  });
  assert.deepEqual(await take(api, 'p', share('tcp', 53)), ['10.0.0.0']);
  assert.deepEqual(await take(api, 'p', share('udp', 53)), ['10.0.0.0']);
  assert.deepEqual(await take(api, 'p', share('tcp', 53)), ['10.0.0.1']);
  assert.deepEqual(await take(api, 'p', share('tcp', 80, 'other')), ['10.0.0.2']);
  assert.deepEqual(await take(api, 'p', { sharingKey: 'k' }), ['10.0.0.3']);
  await api.refused('address_taken', 'POST', '/v1/pools/p/allocations', {
    ...share('udp', 53),
    addresses: ['10.0.0.0'],
  });
  await take(api, 'p', { ...share('udp', 80), addresses: ['10.0.0.0'] });
  const { holders } = await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.0');
  assert.deepEqual(
    holders.map(({ owner }) => owner),
    ['tcp53', 'udp53', 'udp80'],
  );
  await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.0?id=nobody');
  await api.ok(204, 'DELETE', `/v1/addresses/10.0.0.0?id=${holders[0]?.id}`);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.0?owner=udp53');
  assert.equal((await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.0')).holders.length, 1);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.0');
  const free = await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.0');
  assert.deepEqual(free, { address: '10.0.0.0', pool: 'p', space: 'default', state: 'free', holders: [] });
});

test('with force, a deleted pool releases all its addresses, and a smaller one those that it no longer has', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/26'] });
  const aliases = (i: number) => Array.from({ length: 12 }, (_, alias) => `a${alias}.h${i}.foo.k8s`);
  for (let i = 0; i < 12; i += 1) {
    await api.ok(201, 'POST', '/v1/hosts', { name: `h${i}.foo.k8s`, aliases: aliases(i) });
  }
  await take(api, 'p', { count: 40 });
  await api.refused('pool_in_use', 'PUT', '/v1/pools/p', { ranges: ['10.0.0.0/30'] });
  await api.ok(200, 'PUT', '/v1/pools/p?force=true', { ranges: ['10.0.0.0/30'] });
  assert.equal(await usage(api, 'p'), '4+0+0/4');
  assert.equal((await api.ok<{ items: unknown[] }>(200, 'GET', '/v1/hosts')).items.length, 4);
  await api.refused('pool_in_use', 'DELETE', '/v1/pools/p');
  await api.ok(200, 'DELETE', '/v1/pools/p?force=true');
  assert.equal((await api.ok<{ items: unknown[] }>(200, 'GET', '/v1/hosts')).items.length, 0);
});

suite('cool-downs and allocations that end', { concurrency: true }, () => {
  test('an address cools down before it is allocated again, and a refusal meanwhile says until when', async (t) => {
    const api = await prepare(t);
    await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.1'], coolDownSeconds: 4 });
    await take(api, 'p');
    await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.1');
    const cooling = await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.1');
    assert.equal(cooling.state, 'cooling-down');
    assert.equal(await usage(api, 'p'), '0+1+0/1');
    const full = await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', {});
    assert.equal((full.pools as { nextCoolDownEnd: string }[])[0]?.nextCoolDownEnd, cooling.freeAt);
    const taken = await api.refused('address_taken', 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.1'] });
    assert.equal(taken.freeAt, cooling.freeAt);
    await until(
      async () => (await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.1')).state === 'free',
      'the address is not free in time',
    );
    assert.equal(await usage(api, 'p'), '0+0+1/1');
    assert.deepEqual(await take(api, 'p'), ['10.0.0.1']);
  });

  test('a cool-down that has ended leaves nothing in the store, unless the pool allocates least recently used first', async (t) => {
    const { api, dump } = await servedApi(t);
    const cooling = { coolDownSeconds: 4, autoAssign: false };
    await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.1'], ...cooling });
    await api.ok(201, 'POST', '/v1/pools', {
      name: 'lru',
      ranges: ['10.0.1.1'],
      ...cooling,
      strategy: 'least-recently-used',
    });
    for (const [pool, address] of [
      ['p', '10.0.0.1'],
      ['lru', '10.0.1.1'],
    ] as const) {
      await take(api, pool);
      await api.ok(204, 'DELETE', `/v1/addresses/${address}`);
    }
    const held = async () => Object.keys(await dump()).filter((key) => key.startsWith('addresses/'));
    assert.equal((await held()).length, 2);
    await until(async () => (await held()).length === 1, 'the address is still in the store after its cool-down');
    const isFree = async () => (await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.1.1')).state === 'free';
    await until(isFree, 'the address in the least-recently-used pool does not become free');
    assert.equal(await usage(api, 'p'), '0+0+1/1');
    assert.deepEqual(await take(api, 'lru'), ['10.0.1.1']);
  });

  test('an allocation ends when its time is over, and other holders of the address stay', async (t) => {
    const api = await prepare(t);
    await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/30'] });
    const ports = (port: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp', port }] });
    const before = Date.now();
    const { items } = await api.ok<Items>(201, 'POST', '/v1/pools/p/allocations', { ...ports(1), expiresInSeconds: 5 });
    const taken = Date.parse(items[0]?.holders[0]?.expiresAt ?? '') - 5000;
    assert.ok(before <= taken && taken <= Date.now());
    await take(api, 'p', ports(2));
    await take(api, 'p', { expiresInSeconds: 5 });
    assert.equal(await usage(api, 'p'), '2+0+2/4');
    await until(async () => (await usage(api, 'p')) === '1+0+3/4', 'the allocations do not end in time');
    assert.equal((await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.0')).holders.length, 1);
  });
});

test('the strategy least-recently-used takes unused addresses, then the one that was released first', async (t) => {
  const api = await prepare(t);
  const strategy = 'least-recently-used';
  await api.ok(201, 'POST', '/v1/pools', { name: 'lru', ranges: ['10.0.0.0/30'], strategy, autoAssign: false });
  await take(api, 'lru', { count: 3 });
  for (const last of [1, 0, 2]) {
    await api.ok(204, 'DELETE', `/v1/addresses/10.0.0.${last}`);
    await delay(2);
  }
  assert.deepEqual(await take(api, 'lru', { count: 4 }), ['10.0.0.3', '10.0.0.1', '10.0.0.0', '10.0.0.2']);
});

test('the strategy random takes each address once, in an order of its own', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'r', ranges: ['10.1.0.0/28', '10.2.0.0/28'], strategy: 'random' });
  const random = await take(api, 'r', { count: 32 });
  assert.equal(new Set(random).size, 32);
  assert.notDeepEqual(random, [...random].sort());
});

test('two spaces can have the same address, each with its own holder', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'a', ranges: ['10.0.0.0/30'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'b', ranges: ['10.0.0.0/30'], space: 'lab' });
  assert.deepEqual(await take(api, 'a', { owner: 'x' }), ['10.0.0.0']);
  assert.deepEqual(await take(api, 'b', { owner: 'y' }), ['10.0.0.0']);
  // A request that names no pool gets none of another space, whatever its priority.
  await api.ok(200, 'PATCH', '/v1/pools/b', { priority: -1 });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const host = await api.ok<{ addresses: { pool: string }[] }>(201, 'POST', '/v1/hosts', { name: 'a.z' });
  assert.equal(host.addresses[0]?.pool, 'a');
  const lab = await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.0?space=lab');
  assert.deepEqual([lab.pool, lab.holders[0]?.owner], ['b', 'y']);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.0?space=lab');
  assert.equal((await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.0')).state, 'held');
  await api.refused('pool_overlap', 'PATCH', '/v1/pools/b', { space: 'default' });
});

test('shrinking or deleting a pool by force ends allocations, and deletes hosts that lose their last address', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  await take(api, 'p', { addresses: ['10.0.0.7'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'one.z', addresses: ['10.0.0.6'], aliases: ['alias.z'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'two.z', addresses: ['10.0.0.5', '10.0.0.1', '10.9.0.1'] });
  const shrunk = await api.ok<{ usage: Record<'ipv4', Usage> }>(200, 'PATCH', '/v1/pools/p?force=true', {
    ranges: ['10.0.0.0/30'],
  });
  assert.deepEqual(shrunk.usage.ipv4, {
    capacity: '4',
    used: '1',
    recorded: '0',
    coolingDown: '0',
    carved: '0',
    free: '3',
  });
  await api.refused('not_found', 'GET', '/v1/hosts/one.z');
  await api.refused('not_found', 'GET', '/v1/zones/z/rrsets/alias/CNAME');
  const { records } = await api.ok<{ records: string[] }>(200, 'GET', '/v1/zones/z/rrsets/two/A');
  assert.deepEqual(records, ['10.0.0.1', '10.9.0.1']);
  await api.refused('not_found', 'GET', '/v1/addresses/10.0.0.7');
  await api.ok(200, 'DELETE', '/v1/pools/p?force=true');
  const { addresses } = await api.ok<{ addresses: unknown[] }>(200, 'GET', '/v1/hosts/two.z');
  assert.deepEqual(addresses, [{ address: '10.9.0.1', pool: null, ptr: '1.0.9.10.in-addr.arpa' }]);
});

test('allocations are listed in the order of their addresses, page by page', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.1.0/24', '10.0.0.0/24', '2001:db8::/64'] });
  const taken = ['10.0.1.7', '10.0.0.10', '10.0.0.9', '2001:db8::2', '10.0.0.100'];
  await take(api, 'p', { addresses: taken });
  const seen: string[] = [];
  for (let cursor = ''; ; ) {
    const page = await api.ok<Items>(200, 'GET', `/v1/pools/p/allocations?limit=2${cursor}`);
    seen.push(...page.items.map(({ address }) => address));
    if (page.nextCursor === null) break;
    cursor = `&cursor=${page.nextCursor}`;
  }
  assert.deepEqual(seen, ['10.0.0.9', '10.0.0.10', '10.0.0.100', '10.0.1.7', '2001:db8::2']);
});

test('a DELETE that says so ends a cool-down, and so does a shorter cool-down of the pool', async (t) => {
  const { api, dump } = await servedApi(t);
  const state = async (address: string) => (await api.ok<Allocation>(200, 'GET', `/v1/addresses/${address}`)).state;
  const addresses = ['10.0.0.0', '10.0.0.1', '10.0.0.2'];
  const settings = { ranges: ['10.0.0.0-10.0.0.2'], coolDownSeconds: 3600 };
  for (const strategy of ['lowest', 'least-recently-used']) {
    await api.ok(201, 'POST', '/v1/pools', { name: 'p', ...settings, strategy });
    await take(api, 'p', { addresses });
    for (const address of addresses) await api.ok(204, 'DELETE', `/v1/addresses/${address}`);
    await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.0?owner=x');
    assert.equal(await usage(api, 'p'), '0+3+0/3');
    await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.0');
    assert.deepEqual([await state('10.0.0.0'), await usage(api, 'p')], ['cooling-down', '0+3+0/3'], 'a repetition');
    await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.0?endCoolDown=true');
    assert.deepEqual([await state('10.0.0.0'), await usage(api, 'p')], ['free', '0+2+1/3']);
    await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.0?endCoolDown=true');
    await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.0');
    const before = await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.1');
    await api.ok(200, 'PATCH', '/v1/pools/p', { coolDownSeconds: 1800 });
    const after = await api.ok<Allocation>(200, 'GET', '/v1/addresses/10.0.0.1');
    assert.equal(Date.parse(before.freeAt ?? '') - Date.parse(after.freeAt ?? ''), 1_800_000);
    await api.ok(200, 'PATCH', '/v1/pools/p', { coolDownSeconds: 0 });
    assert.equal(await usage(api, 'p'), '0+0+3/3');
    assert.deepEqual(await take(api, 'p', { count: 3 }), addresses);
    await api.ok(200, 'DELETE', '/v1/pools/p?force=true');
    const left = async () => Object.keys(await dump()).filter((key) => key.startsWith('addresses/')).length;
    await until(async () => (await left()) === 0, 'the pool left something in the store');
  }
});

test('an address that cools down is refused with the request that ends its cool-down, in every space', async (t) => {
  const { api } = await servedApi(t);
  const ranges = ['10.0.0.0/30', '2001:db8::/126'];
  for (const [name, query] of [
    ['default', ''],
    ['lab', '?space=lab'],
  ] as const) {
    await api.ok(201, 'POST', '/v1/pools', { name, ranges, space: name, coolDownSeconds: 1000 });
    for (const address of ['10.0.0.1', '2001:db8::1']) {
      const wanted = { addresses: [address] };
      await api.ok(201, 'POST', `/v1/pools/${name}/allocations`, wanted);
      await api.ok(204, 'DELETE', `/v1/addresses/${address}${query}`);
      const { detail } = await api.refused('address_taken', 'POST', `/v1/pools/${name}/allocations`, wanted);
      const [, path = ''] = /or end the cool-down \(DELETE (\S+)\)$/.exec(detail) ?? [];
      assert.equal(path, `/v1/addresses/${address}${query}${query === '' ? '?' : '&'}endCoolDown=true`, detail);
      await api.ok(204, 'DELETE', path);
      await api.ok(201, 'POST', `/v1/pools/${name}/allocations`, wanted);
    }
  }
});
