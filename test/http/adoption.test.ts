// A new pool over addresses that hosts already hold adopts the addresses, and nothing is rewritten. If the pool is
// deleted, even by force, the hosts keep the addresses.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Host {
  name: string;
  addresses: { address: string; pool: string | null }[];
}
interface Pool {
  usage: { ipv4: { used: string; free: string } };
}

/** Serves a zone, hosts at 10.0.0.1 and 10.0.0.2, and then a pool over both addresses. */
async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.1'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: ['10.0.0.2', '10.9.0.1'] });
  const before = await served.dump();
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  const after = Object.entries(await served.dump()).filter(([key]) => !key.startsWith('pools/'));
  assert.deepEqual(Object.fromEntries(after), before, 'something was rewritten');
  return served;
}

test('the addresses that hosts held before a new pool are in its list, its usage and the filter by pool', async (t) => {
  const { api } = await prepare(t);
  const { usage } = await api.ok<Pool>(200, 'GET', '/v1/pools/p');
  assert.deepEqual([usage.ipv4.used, usage.ipv4.free], ['2', '6']);
  const { items } = await api.ok<{ items: { address: string; pool: string }[] }>(200, 'GET', '/v1/pools/p/allocations');
  assert.deepEqual(
    items.map(({ address, pool }) => [address, pool]),
    [
      ['10.0.0.1', 'p'],
      ['10.0.0.2', 'p'],
    ],
  );
  const filtered = await api.ok<{ items: Host[] }>(200, 'GET', '/v1/hosts?pool=p');
  assert.deepEqual(
    filtered.items.map(({ name }) => name),
    ['a.z', 'b.z'],
  );
  const { addresses } = await api.ok<Host>(200, 'GET', '/v1/hosts/b.z');
  assert.deepEqual(
    addresses.map(({ address, pool }) => [address, pool]),
    [
      ['10.0.0.2', 'p'],
      ['10.9.0.1', null],
    ],
  );
  assert.equal((await api.ok<{ pool: string }>(200, 'GET', '/v1/addresses/10.0.0.1')).pool, 'p');
  assert.deepEqual(await api.ok(200, 'GET', '/v1/pools/p/next?count=2'), { items: ['10.0.0.0', '10.0.0.3'] });
});

test('after a pool has adopted the addresses of a host, the old entity tag of the host gets no 304, but still allows a write', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const created = await api.send('POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.1'] });
  const tag = String(created.headers.etag);
  assert.equal((await api.send('GET', '/v1/hosts/a.z')).headers.etag, tag);
  assert.equal((await api.send('GET', '/v1/hosts/a.z', undefined, { 'if-none-match': tag })).status, 304);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  const read = await api.send('GET', '/v1/hosts/a.z', undefined, { 'if-none-match': tag });
  assert.equal(read.status, 200, '304 although the body has changed');
  const written = await api.send('PATCH', '/v1/hosts/a.z', { owner: 'me' }, { 'if-match': tag });
  assert.equal(written.status, 200, written.text);
  assert.equal((await api.send('GET', '/v1/hosts/a.z')).headers.etag, written.headers.etag);
});

test('a host keeps its address, whether a request names the address, the pool around it, or both', async (t) => {
  const { api } = await prepare(t);
  for (const [method, body] of [
    ['PUT', { addresses: ['10.0.0.1'] }],
    ['PATCH', { addresses: ['10.0.0.1'] }],
    ['PUT', { pool: 'p', addresses: ['10.0.0.1'] }],
    ['PATCH', { pool: 'p', addresses: ['10.0.0.1'] }],
    ['PUT', { pool: 'p' }],
    ['PATCH', { pool: 'p' }],
  ] as const) {
    const { addresses } = await api.ok<Host>(200, method, '/v1/hosts/a.z', body);
    const shown = addresses.map(({ address, pool }) => [address, pool]);
    assert.deepEqual(shown, [['10.0.0.1', 'p']], `${method} ${JSON.stringify(body)}`);
  }
  const { addresses } = await api.ok<Host>(200, 'PATCH', '/v1/hosts/b.z', { pool: 'p' });
  assert.deepEqual(
    addresses.map(({ address }) => address),
    ['10.0.0.2'],
  );
});

test('a pool over addresses of hosts is deleted by force, and the hosts keep addresses that it did not give', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'c.z', pool: 'p' });
  const problem = await api.refused('pool_in_use', 'DELETE', '/v1/pools/p');
  assert.equal(problem.inUse, 3);
  await api.refused('pool_in_use', 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.4/30'] });
  await api.ok(200, 'PATCH', '/v1/pools/p?force=true', { ranges: ['10.0.0.2/31'] });
  await api.refused('not_found', 'GET', '/v1/hosts/c.z');
  await api.ok(204, 'DELETE', '/v1/pools/p?force=true');
  for (const [name, kept] of [
    ['a.z', ['10.0.0.1']],
    ['b.z', ['10.0.0.2', '10.9.0.1']],
  ] as const) {
    const { addresses } = await api.ok<Host>(200, 'GET', `/v1/hosts/${name}`);
    assert.deepEqual(
      addresses.map(({ address, pool }) => [address, pool]),
      kept.map((address) => [address, null]),
    );
  }
});

test('an adopted address cools down as long as its pool says when its host is deleted', async (t) => {
  const { api } = await prepare(t);
  await api.ok(200, 'PATCH', '/v1/pools/p', { coolDownSeconds: 60 });
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  assert.equal((await api.ok<{ state: string }>(200, 'GET', '/v1/addresses/10.0.0.1')).state, 'cooling-down');
});
