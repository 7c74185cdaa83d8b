// A host that comes again within the cool-down gets the address that a host of its name and owner held last.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Api } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';

interface Host {
  addresses: { address: string; pool: string }[];
}

async function prepare(t: TestContext, more: object = {}): Promise<Api> {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const pool = { name: 'p', ranges: ['10.0.0.0/24', '2001:db8::/112'], coolDownSeconds: 3600, ...more };
  await api.ok(201, 'POST', '/v1/pools', pool);
  return api;
}

const create = async (api: Api, name: string, more: object = {}): Promise<string[]> => {
  const { addresses } = await api.ok<Host>(201, 'POST', '/v1/hosts', { name, ...more });
  return addresses.map(({ address }) => address);
};
const remove = (api: Api, name: string) => api.ok(204, 'DELETE', `/v1/hosts/${name}`);

for (const strategy of ['lowest', 'random', 'least-recently-used']) {
  test(`a host gets its former addresses back within the cool-down, with the strategy ${strategy}`, async (t) => {
    const api = await prepare(t, { strategy });
    const dual = { families: ['ipv4', 'ipv6'], owner: 'me' };
    const [first, other] = [await create(api, 'a.z', dual), await create(api, 'b.z', dual)];
    await remove(api, 'a.z');
    await remove(api, 'b.z');
    const { former } = await api.ok<{ former?: object }>(200, 'GET', `/v1/addresses/${first[0]}`);
    assert.deepEqual(former, { host: 'a.z', owner: 'me' });
    const stranger = await create(api, 'c.z', dual);
    const sameName = await create(api, 'a.z', { ...dual, owner: 'you' });
    for (const taken of [...stranger, ...sameName]) assert.ok(![...first, ...other].includes(taken));
    await remove(api, 'a.z');
    assert.deepEqual(await create(api, 'b.z', { ...dual, prefer: true }), other);
    assert.deepEqual(await create(api, 'a.z', dual), first);
    const events = await api.ok<{ state: string }>(200, 'GET', `/v1/addresses/${first[0]}`);
    assert.equal(events.state, 'held');
  });
}

test('a host may name its former address within the cool-down, and nobody else may', async (t) => {
  const api = await prepare(t);
  const [address] = await create(api, 'a.z', { owner: 'me' });
  await remove(api, 'a.z');
  const ask = (name: string, owner: string) => ({ name, owner, addresses: [address] });
  for (const body of [ask('b.z', 'me'), ask('a.z', 'you')]) {
    const problem = await api.refused('address_taken', 'POST', '/v1/hosts', body, ['/addresses/0']);
    assert.match(String(problem.detail), /kept for host:a\.z/);
  }
  await api.refused('address_taken', 'POST', '/v1/pools/p/allocations', { addresses: [address] }, ['/addresses/0']);
  assert.deepEqual(await create(api, 'a.z', ask('a.z', 'me')), [address]);
});

test('a former address is not given if the pool excludes it or drains, or if records name it', async (t) => {
  const api = await prepare(t);
  const [address = ''] = await create(api, 'a.z');
  await remove(api, 'a.z');
  const other = { name: 'q', ranges: ['10.1.0.0/24'], priority: 9 };
  await api.ok(201, 'POST', '/v1/pools', other);
  const isGiven = async () => {
    const [given] = await create(api, 'a.z');
    await remove(api, 'a.z');
    // Or else the host would get that one back, because it had it last.
    const { state } = await api.ok<{ state: string }>(200, 'GET', `/v1/addresses/${given}`);
    if (given !== address && state === 'cooling-down')
      await api.ok(204, 'DELETE', `/v1/addresses/${given}?endCoolDown=true`);
    return given === address;
  };
  for (const [set, unset] of [
    [{ exclude: [address] }, { exclude: null }],
    [{ drain: true }, { drain: null }],
    [{ autoAssign: false }, { autoAssign: null }],
  ]) {
    await api.ok(200, 'PATCH', '/v1/pools/p', set);
    assert.equal(await isGiven(), false, JSON.stringify(set));
    await api.ok(200, 'PATCH', '/v1/pools/p', unset);
  }
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/own/A', { records: [address] });
  assert.equal(await isGiven(), false, 'a record names the address');
  await api.ok(204, 'DELETE', '/v1/zones/z/rrsets/own/A');
  assert.equal(await isGiven(), true);
  await api.ok(200, 'PATCH', '/v1/pools/p', { coolDownSeconds: 0 });
  await create(api, 'first.z');
  assert.equal(await isGiven(), false, 'the cool-down is over');
});

test('after the cool-down, a host gets the address that is next', async (t) => {
  const api = await prepare(t, { strategy: 'least-recently-used' });
  const [address] = await create(api, 'a.z');
  await remove(api, 'a.z');
  await api.ok(200, 'PATCH', '/v1/pools/p', { coolDownSeconds: 0 });
  assert.deepEqual([address, await create(api, 'a.z')], ['10.0.0.0', ['10.0.0.1']]);
});

test('a token that may not use the pool does not get the former address of a host', async (t) => {
  const { api, url } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  for (const [name, range, priority] of [
    ['p', '10.0.0.0/24', 1],
    ['q', '10.1.0.0/24', 2],
  ])
    await api.ok(201, 'POST', '/v1/pools', { name, ranges: [range], coolDownSeconds: 3600, priority });
  await create(api, 'a.z');
  await remove(api, 'a.z');
  const { api: scoped } = await tokenFor({ api, url }, 't', { role: 'operator', pools: ['q'] });
  assert.deepEqual(await create(scoped, 'a.z'), ['10.1.0.0']);
});

test('of several former addresses, a host gets the last one that it had, on each replica', async (t) => {
  const { api, store } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24'], coolDownSeconds: 3600 });
  await create(api, 'a.z', { addresses: ['10.0.0.10'] });
  for (const address of ['10.0.0.12', '10.0.0.11'])
    await api.ok(200, 'PATCH', '/v1/hosts/a.z', { addresses: [address] });
  await remove(api, 'a.z');
  assert.deepEqual(await create(api, 'a.z'), ['10.0.0.11']);
  await remove(api, 'a.z');
  const { api: started } = await servedApi(t, { store });
  assert.deepEqual(await create(started, 'a.z'), ['10.0.0.11']);
});
