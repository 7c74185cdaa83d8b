// A pool in use is split: some of its ranges become a pool of their own, and everybody keeps what they have.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { UsageSampler } from '../../src/ledger/usage-sampler.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { tokenKey } from '../../src/store/kinds/token.ts';
import type { Api } from '../support/api-client.ts';
import { openStream } from '../support/event-stream.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import type { Items, ShownCounts, ShownPool } from '../support/shown-pool.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

type Held = { address: string; pool: string | null; state: string };

const settings = {
  strategy: 'least-recently-used',
  coolDownSeconds: 600,
  priority: 7,
  autoAssign: false,
  avoidBuggyIps: true,
  reverse: false,
  description: 'the lab',
  tags: { site: 'x' },
};

/**
 * Makes a pool with a host (.1), two allocations (.2, .130), an address that cools down (.131) and a recorded one
 * (.132).
 */
async function prepare(t: TestContext, more: object = {}, ledger = false): Promise<ServedApi> {
  const served = await servedApi(t, { ledger });
  const { api } = served;
  await api.ok(201, 'POST', '/v1/pools', {
    name: 'p',
    ranges: ['10.0.0.0/24'],
    exclude: ['10.0.0.5', '10.0.0.120-10.0.0.135'],
    ...more,
  });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(200, 'PATCH', '/v1/pools/p', { exclude: ['10.0.0.5'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', pool: 'p', addresses: ['10.0.0.130'], owner: 'team' });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.1', '10.0.0.131', '10.0.0.129'] });
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.131');
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/r/A', { records: ['10.0.0.132'] });
  return served;
}

const split = (api: Api, body: object, pool = 'p') => api.ok<ShownPool>(201, 'POST', `/v1/pools/${pool}/split`, body);
const upperHalf = { name: 'half', ranges: ['10.0.0.64-10.0.0.127'] };
const upper = { name: 'q', ranges: ['10.0.0.128/25'] };

async function counts(api: Api, pool: string): Promise<ShownCounts> {
  return (await api.ok<ShownPool>(200, 'GET', `/v1/pools/${pool}`)).usage.ipv4;
}

test('a split writes the two pools only; holders stay, and both pools count what is in their ranges', async (t) => {
  const { api, dump } = await prepare(t, settings);
  const before = await dump();
  const p = await api.ok<ShownPool>(200, 'GET', '/v1/pools/p');
  const q = await split(api, upper);
  const after = await dump();
  const written = Object.keys(after).filter((key) => after[key] !== before[key]);
  assert.deepEqual(written.sort(), [poolKey(p.id), poolKey(q.id)].sort());

  const { id: _, name: __, ranges, exclude, usage, ...rest } = q;
  assert.partialDeepStrictEqual(rest, { ...settings, parent: null, space: 'default', drain: false });
  assert.deepEqual([ranges, exclude], [['10.0.0.128/25'], []]);
  assert.deepEqual((await api.ok<ShownPool>(200, 'GET', '/v1/pools/q')).usage, usage);
  const left = await api.ok<ShownPool>(200, 'GET', '/v1/pools/p');
  assert.deepEqual([left.id, left.ranges, left.exclude], [p.id, ['10.0.0.0/25'], ['10.0.0.5']]);
  const of = ({ capacity, used, recorded, coolingDown, free }: ShownCounts) => [
    capacity,
    used,
    recorded,
    coolingDown,
    free,
  ];
  assert.deepEqual(of(left.usage.ipv4), ['126', '1', '0', '0', '125']);
  assert.deepEqual(of(usage.ipv4), ['127', '2', '1', '1', '123']);

  const host = await api.ok<{ addresses: Held[] }>(200, 'GET', '/v1/hosts/a.z');
  assert.deepEqual([host.addresses[0]?.address, host.addresses[0]?.pool], ['10.0.0.130', 'q']);
  for (const [address, pool, state] of [
    ['10.0.0.1', 'p', 'held'],
    ['10.0.0.129', 'q', 'held'],
    ['10.0.0.131', 'q', 'cooling-down'],
  ] as const) {
    const read = await api.ok<Held>(200, 'GET', `/v1/addresses/${address}`);
    assert.deepEqual([read.pool, read.state], [pool, state], address);
  }
  for (const [pool, hosts, allocations] of [
    ['p', 0, 1],
    ['q', 1, 2],
  ] as const) {
    assert.equal((await api.ok<Items<unknown>>(200, 'GET', `/v1/hosts?pool=${pool}`)).items.length, hosts);
    assert.equal((await api.ok<Items<unknown>>(200, 'GET', `/v1/pools/${pool}/allocations`)).items.length, allocations);
  }
});

test('each pool gives the addresses of its own ranges, and a release counts in the new pool', async (t) => {
  const { api } = await prepare(t, { coolDownSeconds: 600 });
  await split(api, upper);
  const elsewhere = await api.send('POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.200'] });
  assert.deepEqual([elsewhere.status, elsewhere.body.code], [422, 'address_outside_pool']);
  const next = await api.ok<Items<Held>>(201, 'POST', '/v1/pools/q/allocations', {});
  assert.deepEqual([next.items[0]?.address, next.items[0]?.pool], ['10.0.0.128', 'q']);
  const { coolingDown } = await counts(api, 'q');
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.129');
  assert.deepEqual([coolingDown, (await counts(api, 'q')).coolingDown], ['1', '2']);
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  const again = await api.ok<{ addresses: Held[] }>(201, 'POST', '/v1/hosts', {
    name: 'a.z',
    pool: 'q',
    owner: 'team',
  });
  assert.equal(again.addresses[0]?.address, '10.0.0.130', 'the host does not get its former address');
  assert.equal((await api.send('DELETE', '/v1/pools/q')).body.code, 'pool_in_use');
  await api.ok(200, 'DELETE', '/v1/pools/q?force=true');
  assert.equal((await api.send('GET', '/v1/hosts/a.z')).status, 404);
  assert.equal((await counts(api, 'p')).used, '1');
});

test('ranges keep their order, and what the pool excludes stays excluded', async (t) => {
  const { api } = await servedApi(t);
  const ranges = ['10.0.1.0/24', '10.0.0.0/24', '10.0.2.0-10.0.2.9', 'fd00::/64'];
  const exclude = ['10.0.0.100-10.0.0.140', '10.0.1.7', '10.9.0.0/24'];
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges, exclude, allowFirstLast: false });
  const before = BigInt((await counts(api, 'p')).capacity);
  const q = await split(api, { name: 'q', ranges: ['10.0.1.128-10.0.1.255', '10.0.0.0-10.0.0.127', 'fd00::/65'] });
  assert.deepEqual(q.exclude, ['10.0.0.100-10.0.0.127', '10.0.0.0', '10.0.1.255']);
  const left = await api.ok<ShownPool>(200, 'GET', '/v1/pools/p');
  assert.deepEqual(left.ranges, ['10.0.1.0/25', '10.0.0.128/25', '10.0.2.0-10.0.2.9', 'fd00::8000:0:0:0/65']);
  assert.deepEqual(left.exclude, ['10.0.0.128-10.0.0.140', '10.0.1.7', '10.9.0.0/24']);
  // The first and last addresses of the prefixes that are left: 10.0.1.127 is one more. 10.0.0.128 was excluded.
  assert.equal(BigInt((await counts(api, 'p')).capacity) + BigInt(q.usage.ipv4.capacity), before - 1n);
});

test('a split is refused with the way out, and then nothing is changed', async (t) => {
  const { api, url, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'r', ranges: ['10.1.0.0/24'] });
  await api.ok(201, 'POST', '/v1/pools/r/pools', { name: 'child', prefixLength: 28 });
  const before = await dump();
  for (const [pool, body, status, code, pointer, detail] of [
    ['none', upper, 404, 'not_found', '/pool', /GET \/v1\/pools/],
    ['p', { ...upper, name: 'r' }, 409, 'already_exists', '/name', /r/],
    ['p', { ...upper, name: 'p' }, 409, 'already_exists', '/name', /p/],
    ['p', { ...upper, ranges: ['10.1.0.0/25'] }, 422, 'address_outside_pool', '/ranges/0', /10\.0\.0\.0\/24/],
    [
      'p',
      { ...upper, ranges: ['10.0.0.9', '10.0.0.255-10.0.1.0'] },
      422,
      'address_outside_pool',
      '/ranges/1',
      /not in/,
    ],
    ['p', { ...upper, ranges: ['10.0.0.0/25', '10.0.0.9'] }, 409, 'pool_overlap', '/ranges/1', /10\.0\.0\.0\/25/],
    ['p', { ...upper, ranges: ['10.0.0.0/25', '10.0.0.128/25'] }, 409, 'pool_overlap', '/ranges', /PATCH/],
    ['p', { ...upper, ranges: ['10.0.0.300'] }, 400, 'invalid_request', '/ranges/0', /10\.0\.0\.300/],
    ['p', { ...upper, ranges: [] }, 400, 'invalid_request', '/ranges', /./],
    ['r', { ...upper, ranges: ['10.1.0.8-10.1.0.99'] }, 409, 'pool_in_use', '/ranges', /child/],
  ] as const) {
    for (const query of ['', '?dryRun=true']) {
      const refused = await api.send('POST', `/v1/pools/${pool}/split${query}`, body);
      const found = [refused.status, refused.body.code, refused.body.errors?.[0]?.pointer ?? pointer];
      assert.deepEqual(found, [status, code, pool === 'none' ? ':pool' : pointer], JSON.stringify(body));
      assert.match(refused.body.detail, detail);
    }
  }
  const { headers } = await api.send('GET', '/v1/pools/p');
  await api.ok(200, 'PATCH', '/v1/pools/p', { description: 'other' });
  const lost = await api.send('POST', '/v1/pools/p/split', upper, { 'if-match': headers.etag as string });
  assert.deepEqual([lost.status, lost.body.code], [412, 'precondition_failed']);
  await api.ok(200, 'PATCH', '/v1/pools/p', { description: '' });
  for (const [name, scope] of Object.entries({ viewer: {}, pools: { pools: ['p'] }, owner: { owner: 'team' } })) {
    const role = name === 'viewer' ? 'viewer' : 'admin';
    const { api: scoped } = await tokenFor({ api, url }, name, { role, ...scope });
    assert.equal((await scoped.send('POST', '/v1/pools/p/split', upper)).body.code, 'forbidden', name);
    await api.ok(204, 'DELETE', `/v1/tokens/${name}`);
  }
  const same = (all: Record<string, string>) =>
    Object.entries(all)
      .filter(([key]) => /^(pools|addresses|hosts|tokens)\//.test(key))
      .map(([key, value]) => [key, value.replace(/ @\d+$/, '')]);
  assert.deepEqual(same(await dump()), same(before));
});

test('a split that would leave too many ranges, or widen too many tokens, is refused', async (t) => {
  const { api } = await servedApi(t);
  const singles = Array.from({ length: 999 }, (_, at) => `10.1.${at >> 7}.${(at & 127) * 2}`);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24', ...singles] });
  const middle = { name: 'q', ranges: ['10.0.0.9-10.0.0.20'] };
  const { detail } = await api.refused('invalid_request', 'POST', '/v1/pools/p/split', middle, ['/ranges']);
  assert.match(detail, /1001 ranges/);
  await split(api, { name: 'end', ranges: ['10.0.0.128/25'] });
  for (let at = 0; at < 128; at += 1)
    await api.ok(201, 'POST', '/v1/tokens', { name: `t${at}`, role: 'viewer', pools: ['p'] });
  const many = await api.refused('pool_in_use', 'POST', '/v1/pools/p/split', upperHalf, [':pool']);
  assert.match(many.detail, /DELETE \/v1\/tokens/);
});

test('a dry run answers as the split, and writes nothing', async (t) => {
  const { api, dump } = await prepare(t);
  const before = await dump();
  const planned = await api.ok<ShownPool>(200, 'POST', '/v1/pools/p/split?dryRun=true', upper);
  assert.deepEqual(await dump(), before);
  const { id: _, ...done } = await split(api, upper);
  const { id: __, ...wanted } = planned;
  assert.deepEqual(done, wanted);
});

test('a split with If-Match and an Idempotency-Key is done once', async (t) => {
  const { api } = await prepare(t);
  const { headers } = await api.send('GET', '/v1/pools/p');
  const more = { 'if-match': headers.etag as string, 'idempotency-key': 'k' };
  const first = await api.send('POST', '/v1/pools/p/split', upper, more);
  const again = await api.send('POST', '/v1/pools/p/split', upper, more);
  assert.deepEqual([first.status, again.status, again.body], [201, 201, first.body]);
  assert.equal(first.headers.location, '/v1/pools/q');
});

test('a carved pool is split into two below the same parent', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools/p/pools', { name: 'child', prefixLength: 28 });
  const grandchild = await api.ok<ShownPool>(201, 'POST', '/v1/pools/child/pools', { name: 'below', prefixLength: 30 });
  assert.deepEqual(grandchild.ranges, ['10.0.0.16/30']);
  const q = await split(api, { name: 'q', ranges: ['10.0.0.24/29'] }, 'child');
  assert.equal(q.parent, 'p');
  assert.deepEqual([(await counts(api, 'p')).carved, (await counts(api, 'child')).carved], ['16', '4']);
  const taken = await api.send('POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.24'] });
  assert.deepEqual([taken.body.code, taken.body.pool], ['address_outside_pool', 'q']);
});

test('a pool that is renumbered, or to which another one is, is not split or merged', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'r', ranges: ['10.1.0.0/29'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 's', ranges: ['10.2.0.0/29'] });
  await api.ok(201, 'POST', '/v1/pools/p/renumber', { to: 'r' });
  for (const [path, body, pointer] of [
    ['p/split', upper, ':pool'],
    ['r/split', { name: 'q', ranges: ['10.1.0.0/30'] }, ':pool'],
    ['p/merge', { from: 's' }, ':pool'],
    ['s/merge', { from: 'r' }, '/from'],
  ] as const) {
    const { status, body: refused } = await api.send('POST', `/v1/pools/${path}`, body);
    assert.deepEqual([status, refused.code, refused.errors?.[0]?.pointer], [409, 'renumbering_running', pointer], path);
    assert.match(refused.detail, /\/v1\/pools\/p\/renumbering/);
  }
  await api.ok(204, 'DELETE', '/v1/pools/p/renumbering');
  await split(api, upper);
});

test('a token that is limited to the pool may do with the addresses what it could before', async (t) => {
  const { api, url, dump } = await prepare(t, {}, true);
  await api.ok(201, 'POST', '/v1/pools', { name: 'r', ranges: ['10.1.0.0/29'] });
  const { api: team } = await tokenFor({ api, url }, 'team', { role: 'operator', pools: ['p'], zones: ['z'] });
  const { api: others } = await tokenFor({ api, url }, 'others', { role: 'operator', pools: ['r'] });
  const { api: operator } = await tokenFor({ api, url }, 'operator', { role: 'operator' });
  const before = await dump();
  await split(operator, upper);
  const after = await dump();
  assert.notEqual(after[tokenKey('team')], before[tokenKey('team')]);
  assert.equal(after[tokenKey('others')], before[tokenKey('others')]);
  assert.deepEqual((await api.ok<{ pools: string[] }>(200, 'GET', '/v1/tokens/team')).pools, ['p', 'q']);
  await team.ok(200, 'PATCH', '/v1/hosts/a.z', { tags: { a: 'b' } });
  await team.ok(201, 'POST', '/v1/pools/q/allocations', {});
  assert.equal((await others.send('POST', '/v1/pools/q/allocations', {})).body.code, 'forbidden');
  const events = async () =>
    (await api.ok<Items<{ action: string; before: unknown; after: unknown }>>(200, 'GET', '/v1/events?subject=team'))
      .items;
  await until(async () => (await events()).length > 1, 'the ledger does not have the change of the token');
  const [change] = await events();
  assert.deepEqual(
    [change?.action, change?.before, change?.after],
    ['changed', { pools: ['p'] }, { pools: ['p', 'q'] }],
  );
});

test('a token made after the split has the pools that it names, and no others', async (t) => {
  const { api, url } = await prepare(t);
  await split(api, upper);
  const { api: team } = await tokenFor({ api, url }, 'team', { role: 'operator', pools: ['p'] });
  assert.equal((await team.send('POST', '/v1/pools/q/allocations', {})).body.code, 'forbidden');
});

test('events, uses and the usage history name the pool that an address is in at that time', async (t) => {
  const { api, url, views } = await prepare(t, {}, true);
  const sampler = new UsageSampler(views);
  const sampled = () =>
    sampler
      .sample(Date.now())
      .filter(({ family }) => family === 'ipv4')
      .map(({ pool, capacity, used }) => [views.pools.byId(pool)?.value.name, capacity, used]);
  assert.deepEqual(sampled(), [['p', 255, 3]]);
  const stream = await openStream(t, url);
  const q = await split(api, upper);
  assert.deepEqual(sampled(), [
    ['p', 127, 1],
    ['q', 128, 2],
  ]);
  await until(() => stream.messages().length > 0, 'the stream does not tell the split');
  const changes = stream.messages()[0]?.changes ?? [];
  assert.deepEqual(changes.map(({ resource, action, name }) => `${resource} ${action} ${name}`).sort(), [
    'pool changed p',
    'pool created q',
  ]);
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { addresses: ['10.0.0.130', '10.0.0.2'] });
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.129');
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  interface Event {
    resource: string;
    action: string;
    name: string;
    before: { pool?: string; addresses?: Held[]; ranges?: string[] } | null;
    after: { addresses?: Held[]; ranges?: string[] } | null;
  }
  const isTold = ({ resource }: Event) => ['host', 'allocation', 'pool'].includes(resource);
  const events = async () =>
    (await api.ok<Items<Event>>(200, 'GET', '/v1/events?limit=20')).items.filter(isTold).slice(0, 5);
  await until(async () => (await events())[0]?.resource === 'host', 'the ledger does not have the deletion');
  const [host, allocation, moved, ...pools] = await events();
  const poolsOf = (all: Held[] | undefined) => all?.map(({ pool }) => pool);
  assert.deepEqual([host?.name, poolsOf(host?.before?.addresses)], ['a.z', ['q', 'p']]);
  assert.deepEqual([allocation?.name, allocation?.before?.pool], ['10.0.0.129', 'q']);
  assert.deepEqual([poolsOf(moved?.before?.addresses), poolsOf(moved?.after?.addresses)], [['q'], ['q', 'p']]);
  assert.deepEqual(pools.map(({ action, name }) => `${action} ${name}`).sort(), ['changed p', 'created q']);
  const history = await api.ok<Items<{ pool: string }>>(200, 'GET', '/v1/addresses/10.0.0.130/history');
  assert.deepEqual(
    history.items.map(({ pool }) => pool),
    ['p'],
    'a hold names the pool in which it began',
  );
  assert.equal((await api.ok<{ pool: string }>(200, 'GET', `/v1/pools/${q.id}/usage`)).pool, 'q');
});
