// A pool in use is merged into another one, which takes its ranges and all that is in use there.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Api } from '../support/api-client.ts';
import { openStream } from '../support/event-stream.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import type { Items, ShownPool } from '../support/shown-pool.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Merge {
  pool: ShownPool;
  changes: { setting: string; before: unknown; after: unknown; message: string }[];
  tokens: number;
}
type Held = { address: string; pool: string | null; state: string; freeAt?: string };

/** Makes two pools. `q` has a host (.1), an allocation (.2) and an address that cools down (.3). */
async function prepare(t: TestContext, p: object = {}, q: object = {}, ledger = false): Promise<ServedApi> {
  const served = await servedApi(t, { ledger });
  const { api } = served;
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24'], ...p });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.0.1.0/24'], coolDownSeconds: 3600, ...q });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', pool: 'q', addresses: ['10.0.1.1'] });
  await api.ok(201, 'POST', '/v1/pools/q/allocations', { addresses: ['10.0.1.2', '10.0.1.3'] });
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.1.3');
  return served;
}

const merge = (api: Api, from = 'q', into = 'p') => api.ok<Merge>(200, 'POST', `/v1/pools/${into}/merge`, { from });
const read = (api: Api, pool: string) => api.ok<ShownPool>(200, 'GET', `/v1/pools/${pool}`);
const next = async (api: Api, pool: string, more: object = {}) =>
  (await api.ok<Items<Held>>(201, 'POST', `/v1/pools/${pool}/allocations`, more)).items[0];

test('the pool has the ranges and holders of the other one, which is gone', async (t) => {
  const { api, dump } = await prepare(t, { coolDownSeconds: 3600 });
  const [p, q] = [await read(api, 'p'), await read(api, 'q')];
  const before = await dump();
  const { pool, changes, tokens } = await merge(api);
  const after = await dump();
  assert.deepEqual(
    Object.keys({ ...before, ...after }).filter((key) => after[key] !== before[key]),
    [`pools/${p.id}`, `pools/${q.id}`].sort(),
  );
  assert.deepEqual([pool.id, pool.ranges, changes, tokens], [p.id, ['10.0.0.0/24', '10.0.1.0/24'], [], 0]);
  const { capacity, used, coolingDown, free } = pool.usage.ipv4;
  assert.deepEqual([capacity, used, coolingDown, free], ['512', '2', '1', '509']);
  assert.deepEqual((await read(api, 'p')).usage, pool.usage);
  const host = await api.ok<{ addresses: Held[] }>(200, 'GET', '/v1/hosts/a.z');
  assert.equal(host.addresses[0]?.pool, 'p');
  assert.equal((await api.ok<Held>(200, 'GET', '/v1/addresses/10.0.1.3')).state, 'cooling-down');
  for (const [method, path, body] of [
    ['GET', '/v1/pools/q', undefined],
    ['POST', '/v1/pools/q/allocations', {}],
    ['POST', `/v1/pools/${q.id}/allocations`, {}],
  ] as const) {
    const gone = await api.send(method, path, body);
    assert.deepEqual([gone.status, gone.body.code], [404, 'not_found'], path);
    assert.match(gone.body.detail, /GET \/v1\/pools/);
  }
  const refused = await api.send('POST', '/v1/hosts', { name: 'b.z', pool: 'q' });
  assert.deepEqual([refused.status, refused.body.code], [422, 'pool_not_found']);
});

test('hosts whose stored values name the pool that is gone can be read, written, moved and released', async (t) => {
  const { api } = await prepare(t, { coolDownSeconds: 60 });
  await api.ok(201, 'POST', '/v1/hosts', {
    name: 's.z',
    addresses: ['10.0.1.9'].map((address) => ({ address, shared: true })),
    pool: 'q',
  });
  await merge(api);
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { aliases: ['b.z'] });
  const shown = await api.ok<object>(200, 'GET', '/v1/hosts/a.z');
  await api.ok(200, 'PUT', '/v1/hosts/a.z', shown);
  assert.equal((await api.ok<Items<unknown>>(200, 'GET', '/v1/hosts?pool=p')).items.length, 2);
  await api.ok(201, 'POST', '/v1/hosts', { name: 't.z', addresses: [{ address: '10.0.1.9', shared: true }] });
  await api.ok(200, 'POST', '/v1/hosts/a.z/swap', { with: 't.z' });
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { addresses: ['10.0.0.77'] });
  await api.ok(204, 'DELETE', '/v1/hosts/s.z');
  await api.ok(204, 'DELETE', '/v1/hosts/t.z');
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.1.2');
  const { used, coolingDown } = (await read(api, 'p')).usage.ipv4;
  assert.deepEqual([used, coolingDown], ['1', '4']);
  // Force takes what the pool that is gone gave.
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.1.77'] });
  await api.ok(200, 'PATCH', '/v1/pools/p?force=true', { ranges: ['10.0.0.0/24'] });
  assert.equal((await read(api, 'p')).usage.ipv4.used, '1');
});

test('the settings of the pool win, and the answer says what is different', async (t) => {
  const { api } = await prepare(
    t,
    { strategy: 'random', priority: 3, allowFirstLast: true, reverse: false },
    { strategy: 'least-recently-used', drain: false, allowFirstLast: false, exclude: ['10.0.1.200'] },
  );
  // Exclusions beyond the ranges of a pool exclude nothing of the other.
  await api.ok(200, 'PATCH', '/v1/pools/q', { exclude: ['10.0.1.200', '10.0.0.0/25', '10.0.1.254-10.0.2.9'] });
  assert.equal((await api.send('GET', '/v1/zones/1.0.10.in-addr.arpa/rrsets/1/PTR')).status, 200);
  const planned = await api.ok<Merge>(200, 'POST', '/v1/pools/p/merge?dryRun=true', { from: 'q' });
  await read(api, 'q');
  const { pool, changes } = await merge(api);
  assert.deepEqual({ pool, changes, tokens: 0 }, planned);
  assert.deepEqual(
    changes.map(({ setting, before, after }) => [setting, before, after]),
    [
      ['priority', 0, 3],
      ['allowFirstLast', false, true],
      ['strategy', 'least-recently-used', 'random'],
      ['coolDownSeconds', 3600, 0],
      ['reverse', true, false],
    ],
  );
  assert.match(changes[3]?.message ?? '', /also those that have begun/);
  assert.deepEqual(pool.exclude, ['10.0.1.200', '10.0.1.254/31']);
  // 512 addresses without the three exclusions; a host and an allocation hold two; nothing cools down any more.
  assert.deepEqual((await read(api, 'p')).usage.ipv4, {
    ...pool.usage.ipv4,
    capacity: '509',
    coolingDown: '0',
    free: '507',
  });
  assert.equal((await api.send('GET', '/v1/zones/1.0.10.in-addr.arpa/rrsets/1/PTR')).status, 404, 'the PTR stays');
  assert.equal((await next(api, 'p', { addresses: ['10.0.1.3'] }))?.pool, 'p');
});

test('a merge is refused with the way out, and then nothing is changed', async (t) => {
  const { api, url, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab', ranges: ['10.0.1.0/24'], space: 'lab' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'quiet', ranges: ['10.7.0.0/24'], reverse: false });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab7', ranges: ['10.7.0.0/24'], space: 'lab', reverse: true });
  await api.ok(201, 'POST', '/v1/pools/p/pools', { name: 'child', prefixLength: 28 });
  const before = await dump();
  for (const [into, from, status, code, pointer, detail] of [
    ['none', 'q', 404, 'not_found', ':pool', /GET \/v1\/pools/],
    ['p', 'none', 422, 'pool_not_found', '/from', /GET \/v1\/pools/],
    ['p', 'p', 400, 'invalid_request', '/from', /another/],
    ['p', 'lab', 400, 'invalid_request', '/from', /space 'lab'/],
    ['child', 'p', 400, 'invalid_request', '/from', /POST \/v1\/pools\/p\/merge/],
    ['q', 'child', 400, 'invalid_request', '/from', /carved out of 'p'/],
    ['p', 'quiet', 409, 'reverse_conflict', '/from', /lab7/],
  ] as const) {
    for (const query of ['', '?dryRun=true']) {
      const refused = await api.send('POST', `/v1/pools/${into}/merge${query}`, { from });
      const found = [refused.status, refused.body.code, refused.body.errors?.[0]?.pointer];
      assert.deepEqual(found, [status, code, pointer], `${into} ${from}`);
      assert.match(refused.body.detail, detail);
    }
  }
  const lost = await api.send('POST', '/v1/pools/p/merge', { from: 'q' }, { 'if-match': '"1"' });
  assert.deepEqual([lost.status, lost.body.code], [412, 'precondition_failed']);
  for (const [name, scope] of Object.entries({ viewer: {}, pools: { pools: ['p', 'q'] }, owner: { owner: 'team' } })) {
    const role = name === 'viewer' ? 'viewer' : 'admin';
    const { api: scoped } = await tokenFor({ api, url }, name, { role, ...scope });
    assert.equal((await scoped.send('POST', '/v1/pools/p/merge', { from: 'q' })).body.code, 'forbidden', name);
    await api.ok(204, 'DELETE', `/v1/tokens/${name}`);
  }
  const same = (all: Record<string, string>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => /^(pools|addresses|hosts|tokens)\//.test(key)));
  assert.deepEqual(same(await dump()), same(before));
});

test('a carved pool returns to its parent, with the pools that were carved out of it', async (t) => {
  const { api } = await prepare(t, { exclude: ['10.0.0.255'] });
  await api.ok(201, 'POST', '/v1/pools/p/pools', { name: 'child', prefixLength: 28, exclude: ['10.0.0.9'] });
  await api.ok(201, 'POST', '/v1/pools/child/pools', { name: 'below', prefixLength: 30 });
  await api.ok(201, 'POST', '/v1/pools/below/allocations', {});
  await api.ok(201, 'POST', '/v1/pools/child/allocations', {});
  const { pool } = await merge(api, 'child');
  assert.deepEqual([pool.ranges, pool.exclude], [['10.0.0.0/24'], ['10.0.0.255', '10.0.0.9']]);
  assert.deepEqual((await read(api, 'p')).usage, pool.usage);
  const { capacity, used, carved } = pool.usage.ipv4;
  assert.deepEqual([capacity, used, carved], ['254', '1', '4']);
  assert.equal((await read(api, 'below')).parent, 'p');
  assert.equal((await next(api, 'p'))?.address, '10.0.0.5');
  await merge(api, 'below');
  assert.deepEqual((await read(api, 'p')).usage.ipv4.used, '3');
});

test('a merge of too many ranges, or of a pool with too many carved ones, is refused', async (t) => {
  const { api } = await servedApi(t);
  const singles = (second: number) =>
    Array.from({ length: 501 }, (_, at) => `10.${second}.${at >> 7}.${(at & 127) * 2}`);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: singles(1) });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: singles(2) });
  const { detail } = await api.refused('invalid_request', 'POST', '/v1/pools/p/merge', { from: 'q' }, ['/from']);
  assert.match(detail, /1002 ranges/);
  await api.ok(201, 'POST', '/v1/pools', { name: 'around', ranges: ['10.3.0.0/24'] });
  for (let at = 0; at < 128; at += 1)
    await api.ok(201, 'POST', '/v1/pools/around/pools', { name: `c${at}`, prefixLength: 32 });
  const many = await api.refused('pool_in_use', 'POST', '/v1/pools/p/merge', { from: 'around' }, ['/from']);
  assert.match(many.detail, /more pools were carved out of 'around'/);
});

test('two carved pools of one parent are merged', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools/p/pools', { name: 'a', prefixLength: 28 });
  await api.ok(201, 'POST', '/v1/pools/p/pools', { name: 'b', prefixLength: 28 });
  await api.ok(201, 'POST', '/v1/pools/b/allocations', {});
  const { pool } = await merge(api, 'b', 'a');
  assert.deepEqual([pool.parent, pool.ranges, pool.usage.ipv4.used], ['p', ['10.0.0.0/28', '10.0.0.16/28'], '1']);
  assert.equal((await read(api, 'p')).usage.ipv4.carved, '32');
});

test('a split that is undone by a merge gives the addresses back as they were', async (t) => {
  const { api } = await prepare(t, { allowFirstLast: false, exclude: ['10.0.0.100-10.0.0.150'] });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { count: 9 });
  const before = (await read(api, 'p')).usage;
  await api.ok(201, 'POST', '/v1/pools/p/split', { name: 's', ranges: ['10.0.0.3-10.0.0.130'] });
  await merge(api, 's');
  assert.deepEqual((await read(api, 'p')).usage, before);
});

test('a token that is limited to the pool that is gone does not get the other one, and the answer counts it', async (t) => {
  const { api, url } = await prepare(t);
  const { api: both } = await tokenFor({ api, url }, 'both', { role: 'operator', pools: ['p', 'q'] });
  const { api: lost } = await tokenFor({ api, url }, 'lost', { role: 'operator', pools: ['q'] });
  assert.equal((await merge(api)).tokens, 1);
  await both.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.1.9'] });
  assert.equal((await lost.send('POST', '/v1/pools/p/allocations', {})).body.code, 'forbidden');
  assert.equal((await lost.send('GET', '/v1/addresses/10.0.1.2')).body.code, 'forbidden');
});

test('a merge has one event for each pool, and later events name the pool that is left', async (t) => {
  const { api, url } = await prepare(t, {}, {}, true);
  const stream = await openStream(t, url);
  await merge(api);
  await until(() => stream.messages().length > 0, 'the stream does not tell the merge');
  const changes = stream.messages()[0]?.changes ?? [];
  assert.deepEqual(changes.map(({ resource, action, name }) => `${resource} ${action} ${name}`).sort(), [
    'pool changed p',
    'pool deleted q',
  ]);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.1.2');
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  interface Event {
    resource: string;
    action: string;
    name: string;
    before: { pool?: string; addresses?: Held[] };
  }
  const events = async () => (await api.ok<Items<Event>>(200, 'GET', '/v1/events?limit=6')).items;
  await until(async () => (await events())[0]?.resource !== 'pool', 'the ledger does not have the deletion');
  await until(async () => (await events()).some(({ name }) => name === 'a.z'), 'the ledger does not have the host');
  const found = await events();
  assert.equal(found.find(({ name }) => name === 'a.z')?.before.addresses?.[0]?.pool, 'p');
  assert.equal(found.find(({ name, action }) => name === '10.0.1.2' && action === 'deleted')?.before.pool, 'p');
  const ofPools = found.filter(({ resource }) => resource === 'pool').map(({ action, name }) => `${action} ${name}`);
  assert.deepEqual(ofPools.sort(), ['changed p', 'deleted q']);
});

test('a request that waits for an address of the pool that is gone ends with 404 or its time', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/30'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.0.1.0'] });
  await api.ok(201, 'POST', '/v1/pools/q/allocations', {});
  const waiting = api.send('POST', '/v1/pools/q/allocations?wait=3', {});
  await new Promise((resolve) => setTimeout(resolve, 200));
  await merge(api);
  const { status, body } = await waiting;
  assert.deepEqual([status, body.code], [404, 'not_found']);
});
