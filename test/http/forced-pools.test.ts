// What a pool that is deleted or shrunk by force took from its holders: the answer lists it, in the shape of the
// refusal without force. Cited by src/control/pools/evict.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { maxListed, Released } from '../../src/control/pools/released.ts';
import { type Address, parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import type { Store } from '../../src/store/store.ts';
import type { Api } from '../support/api-client.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Shown {
  count: number;
  addresses: { address: string; heldBy: string[] }[];
  deletedHosts: { count: number; names: string[] };
}
interface Written {
  released?: Shown;
}

async function etcdStore(t: TestContext): Promise<Store | undefined> {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return undefined;
  t.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/forced' });
  t.after(() => store.close());
  return store;
}

async function prepare(t: TestContext, store: Store): Promise<ServedApi> {
  const served = await servedApi(t, { store });
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24'] });
  return served;
}

async function allocate(api: Api, address: string): Promise<string> {
  const path = '/v1/pools/p/allocations';
  const { items } = await api.ok<{ items: { id: string }[] }>(201, 'POST', path, { addresses: [address] });
  return `allocation:${items[0]?.id}`;
}

for (const [name, open] of [
  ['embedded', embeddedStore],
  ['etcd', etcdStore],
] as const) {
  test(`a pool that shrinks by force tells who lost which addresses, and which hosts are gone (${name})`, async (t) => {
    const store = await open(t);
    if (store === undefined) return;
    const { api } = await prepare(t, store);
    const shared = { address: '10.0.0.5', shared: true };
    await api.ok(201, 'POST', '/v1/hosts', { name: 'whole.z', addresses: ['10.0.0.4', shared] });
    await api.ok(201, 'POST', '/v1/hosts', { name: 'part.z', addresses: ['10.0.0.1', shared] });
    await api.ok(201, 'POST', '/v1/hosts', { name: 'kept.z', addresses: ['10.0.0.2'] });
    const allocation = await allocate(api, '10.0.0.6');
    const lost = [
      { address: '10.0.0.4', heldBy: ['host:whole.z'] },
      { address: '10.0.0.5', heldBy: ['host:whole.z', 'host:part.z'] },
      { address: '10.0.0.6', heldBy: [allocation] },
    ];
    const ranges = ['10.0.0.0/30'];
    assert.deepEqual((await api.refused('pool_in_use', 'PATCH', '/v1/pools/p', { ranges })).addresses, lost);
    const answer = await api.send('PATCH', '/v1/pools/p?force=true', { ranges });
    const deletedHosts = { count: 1, names: ['whole.z'] };
    assert.deepEqual(answer.body.released, { count: 3, addresses: lost, deletedHosts });
    const read = await api.send('GET', '/v1/pools/p');
    assert.equal(read.body.released, undefined);
    assert.equal(answer.headers.etag, read.headers.etag);
    await api.refused('not_found', 'GET', '/v1/hosts/whole.z');
    await api.ok(200, 'GET', '/v1/hosts/part.z');

    const wider = await api.ok<Written>(200, 'PUT', '/v1/pools/p?force=true', { ranges: ['10.0.0.0/24'] });
    assert.equal(wider.released, undefined);
    const put = await api.ok<Written>(200, 'PUT', '/v1/pools/p?force=true', { ranges: ['10.0.0.2-10.0.0.9'] });
    assert.deepEqual(put.released?.addresses, [{ address: '10.0.0.1', heldBy: ['host:part.z'] }]);
    assert.deepEqual(put.released?.deletedHosts, { count: 1, names: ['part.z'] });

    assert.deepEqual(await api.ok<Written>(200, 'DELETE', '/v1/pools/p?force=true'), {
      released: {
        count: 1,
        addresses: [{ address: '10.0.0.2', heldBy: ['host:kept.z'] }],
        deletedHosts: { count: 1, names: ['kept.z'] },
      },
    });
    await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24'] });
    await api.ok(204, 'DELETE', '/v1/pools/p?force=true');
  });

  test(`a pool deleted by force in many transactions tells what all of them released (${name})`, async (t) => {
    const store = await open(t);
    if (store === undefined) return;
    const { api, views } = await prepare(t, store);
    const names = Array.from({ length: 200 }, (_, index) => `h${String(index).padStart(3, '0')}.z`);
    const addressOf = (index: number) => `10.0.0.${index}`;
    await api.ok(200, 'POST', '/v1/hosts:batch', {
      hosts: names.map((host, index) => ({ name: host, addresses: [addressOf(index)] })),
    });
    const before = views.revision;
    const { released } = await api.ok<Written>(200, 'DELETE', '/v1/pools/p?force=true');
    assert.ok(views.revision > before + 2, 'one transaction had room for all');
    assert.deepEqual(
      released?.addresses,
      names.map((host, index) => ({ address: addressOf(index), heldBy: [`host:${host}`] })),
    );
    assert.deepEqual(released?.deletedHosts, { count: names.length, names });
    assert.equal(released?.count, names.length);
  });
}

test('a request by force that is refused after it has released addresses tells of them', async (t) => {
  const { api, committer } = await prepare(t, await embeddedStore(t));
  const allocation = await allocate(api, '10.0.0.6');
  const { etag = '' } = (await api.send('GET', '/v1/pools/p')).headers;
  const commit = committer.commit.bind(committer);
  committer.commit = async (...asked) => {
    const committed = await commit(...asked);
    committer.commit = commit;
    await api.ok(200, 'PATCH', '/v1/pools/p', { description: 'changed in between' });
    return committed;
  };
  const answer = await api.send('DELETE', '/v1/pools/p?force=true', undefined, { 'if-match': String(etag) });
  assert.equal(answer.body.code, 'precondition_failed', answer.text);
  assert.deepEqual(answer.body.released.addresses, [{ address: '10.0.0.6', heldBy: [allocation] }]);
  assert.match(answer.body.detail, /1 addresses? .*released/);
});

test('of many holders an answer lists the first ones, and counts all', () => {
  const released = new Released();
  const address = (index: number): Address => parseAddress(`10.0.${index >> 8}.${index & 255}`);
  for (let part = 0; part < 3; part += 1) {
    released.add({
      left: 1,
      released: Array.from({ length: 700 }, (_, index) => ({
        address: address(700 * part + index),
        heldBy: ['host:a.z'],
      })),
      deletedHosts: Array.from({ length: 600 }, (_, index) => parseName(`h${600 * part + index}.z`)),
    });
  }
  const { released: shown } = released.shown();
  assert.deepEqual([shown?.count, shown?.addresses.length], [2100, maxListed]);
  assert.deepEqual([shown?.deletedHosts.count, shown?.deletedHosts.names.length], [1800, maxListed]);
  assert.equal(shown?.addresses.at(-1)?.address, '10.0.3.231');
  assert.equal(shown?.deletedHosts.names.at(-1), 'h999.z');
});

test('without force, the refusal says how many addresses and hosts there are to lose, and how to see them', async (t) => {
  const { api } = await prepare(t, await embeddedStore(t));
  await api.ok(201, 'POST', '/v1/hosts', { name: 'whole.z', addresses: ['10.0.0.128', '10.0.0.129'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'part.z', addresses: ['10.0.0.1', '10.0.0.130'] });
  await allocate(api, '10.0.0.131');
  const problem = await api.refused('pool_in_use', 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/25'] });
  assert.deepEqual([problem.inUse, problem.deletedHosts], [4, 1]);
  const { detail } = problem;
  assert.match(
    detail,
    /4 that it would lose: .*deletes 1 hosts .*\(GET \/v1\/hosts\?within=10\.0\.0\.128-10\.0\.0\.255\)/,
  );
  assert.match(detail, /POST \/v1\/pools\/p\/renumber/);
  const { items } = await api.ok<{ items: unknown[] }>(200, 'GET', '/v1/hosts?within=10.0.0.128-10.0.0.255');
  assert.equal(items.length, 2);
});

test('who holds an address that is excluded later keeps it, and a full pool counts it apart', async (t) => {
  const { api } = await prepare(t, await embeddedStore(t));
  await api.ok(200, 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/30'] });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { count: 4 });
  await api.ok(200, 'PATCH', '/v1/pools/p', { exclude: ['10.0.0.2/31'] });
  const { detail } = await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', {});
  assert.match(detail, /p: 2 of 2 used, 2 held though excluded/);
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.2');
  await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', {});
});

test('a pool is deleted by force also if more hosts share one of its addresses than one transaction can delete', async (t) => {
  const { api } = await prepare(t, await embeddedStore(t));
  const names = Array.from({ length: 100 }, (_, at) => `h${at}.z`);
  const addresses = [{ address: '10.0.0.1', shared: true }];
  for (const name of names) await api.ok(201, 'POST', '/v1/hosts', { name, addresses });
  const { body } = await api.send('DELETE', '/v1/pools/p?force=true');
  const heldBy = names.map((name) => `host:${name}`);
  const deletedHosts = { count: names.length, names };
  assert.deepEqual(body.released, { count: 1, addresses: [{ address: '10.0.0.1', heldBy }], deletedHosts });
  assert.deepEqual((await api.ok<{ items: unknown[] }>(200, 'GET', '/v1/hosts')).items, []);
});
