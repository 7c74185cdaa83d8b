// An operator has written or deleted values in the store by hand, past the API. Only these values stop working, no
// address is allocated twice, and the operator can repair the values.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { decideClearZone, decideDeleteClearedZone } from '../../src/control/zones/delete-zone.ts';
import { parseAddress } from '../../src/model/address.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { addressKey, addressValue } from '../../src/store/kinds/address.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Operation } from '../../src/store/store.ts';
import { assertWhole, contentsOf } from '../control/whole.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { storeEntries } from '../support/store-dump.ts';

type Allocated = { items: { address: string }[] };
type Host = { addresses: { address: string }[] };
type Held = { state: string; pool: string | null; fault?: string; holders: { kind: string; host?: string }[] };

async function prepare(t: TestContext, ranges = ['10.0.0.1-10.0.0.4']): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges });
  return served;
}

async function byHand({ store, views }: ServedApi, ...operations: Operation[]): Promise<void> {
  await views.reached((await store.commit({ compares: [], operations })).revision);
}

const keyOf = (address: string) => addressKey('default', parseAddress(address));
const put = (key: string, value: string): Operation => ({ kind: 'put', key, value });
const drop = (key: string): Operation => ({ kind: 'delete', key });

test('an address with an unreadable value counts as taken, until the value is repaired or deleted', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const next = async () => (await api.ok<{ items: string[] }>(200, 'GET', '/v1/pools/p/next?count=4')).items;
  await byHand(served, put(keyOf('10.0.0.2'), 'junk'));
  assert.deepEqual(await next(), ['10.0.0.1', '10.0.0.3', '10.0.0.4']);
  const held = await api.ok<Held>(200, 'GET', '/v1/addresses/10.0.0.2');
  assert.deepEqual([held.state, held.pool, held.holders], ['unreadable', 'p', []]);
  assert.match(held.fault ?? '', /JSON/);
  const { usage } = await api.ok<{ usage: { ipv4: object } }>(200, 'GET', '/v1/pools/p');
  assert.deepEqual(usage.ipv4, { capacity: '4', used: '1', recorded: '0', coolingDown: '0', carved: '0', free: '3' });
  const named = await api.refused('address_taken', 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.2'] });
  assert.match(named.detail, /cannot be read/);
  await api.refused('address_taken', 'POST', '/v1/hosts', { name: 'a.foo.k8s', addresses: ['10.0.0.2'] });
  const host = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  const host2 = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'b.foo.k8s' });
  assert.deepEqual(
    [host, host2].map(({ addresses }) => addresses[0]?.address),
    ['10.0.0.1', '10.0.0.3'],
  );
  await api.ok<Allocated>(201, 'POST', '/v1/pools/p/allocations', {});
  await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', {});
  await api.ok(200, 'PATCH', '/v1/pools/p', { strategy: 'random' });
  await api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', {});
  await byHand(served, drop(keyOf('10.0.0.2')));
  assert.equal((await api.ok<Held>(200, 'GET', '/v1/addresses/10.0.0.2')).state, 'free');
  assert.deepEqual(await next(), ['10.0.0.2']);
});

test('an address of a host stays taken when its value becomes unreadable, and the host can be deleted', async (t) => {
  const served = await prepare(t);
  const { api, store } = served;
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  const good = await store.get(keyOf('10.0.0.1'));
  await byHand(served, put(keyOf('10.0.0.1'), '{}'));
  assert.equal((await api.ok<Held>(200, 'GET', '/v1/addresses/10.0.0.1')).state, 'unreadable');
  await api.ok(204, 'DELETE', '/v1/hosts/a.foo.k8s');
  await api.refused('address_taken', 'POST', '/v1/hosts', { name: 'b.foo.k8s', addresses: ['10.0.0.1'] });
  await byHand(served, put(keyOf('10.0.0.1'), good?.value ?? ''));
  assert.equal((await api.ok<Held>(200, 'GET', '/v1/addresses/10.0.0.1')).state, 'held');
  assert.equal((await store.get(keyOf('10.0.0.1')))?.value, good?.value);
});

/** Serves a store with three pools whose ranges overlap. The API would refuse such pools. */
async function overlapping(t: TestContext): Promise<ServedApi> {
  const served = await prepare(t);
  for (const name of ['a', 'q', 'z']) {
    const pool = {
      id: name,
      name,
      ...poolDefaults,
      ranges: ['10.0.0.0-10.0.0.3'],
      coolDownSeconds: name === 'q' ? 60 : 0,
    };
    await byHand(served, put(poolKey(name), poolValue.encode(pool)));
  }
  return served;
}

test('no address is allocated twice where pools overlap', async (t) => {
  const { api } = await overlapping(t);
  const given: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    for (const pool of ['q', 'p', 'z', 'a']) {
      const answer = await api.send('POST', `/v1/pools/${pool}/allocations`, {});
      if (answer.status === 201) given.push(...(answer.body as Allocated).items.map(({ address }) => address));
      else assert.equal(answer.body.code, 'pool_exhausted');
    }
  }
  assert.deepEqual(given.sort(), ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
  for (const address of given)
    await api.refused('address_taken', 'POST', '/v1/hosts', { name: 'h.foo.k8s', addresses: [address] });
  await api.refused('pool_exhausted', 'POST', '/v1/hosts', { name: 'h.foo.k8s' });
});

test('a request that names no address gets the next free one, whoever holds the first', async (t) => {
  const { api } = await overlapping(t);
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.1'] });
  await api.ok(201, 'POST', '/v1/pools/a/allocations', { addresses: ['10.0.0.0'] });
  for (const name of ['a', 'b', 'c']) await api.ok(201, 'POST', '/v1/hosts', { name: `${name}.foo.k8s` });
  await api.refused('address_taken', 'POST', '/v1/hosts', { name: 'd.foo.k8s', addresses: ['10.0.0.1'] });
});

test('a host that is deleted, moved or renamed takes nothing from other holders of its address', async (t) => {
  const served = await prepare(t);
  const { api, store } = served;
  for (const name of ['a', 'b', 'c', 'd'])
    await api.ok(201, 'POST', '/v1/hosts', { name: `${name}.foo.k8s`, owner: name });
  const value = (await store.get(keyOf('10.0.0.4')))?.value.replace('10.0.0.4', '10.0.0.1') ?? '';
  await byHand(served, put(keyOf('10.0.0.1'), value), put(keyOf('10.0.0.2'), value.replace('10.0.0.1', '10.0.0.2')));
  await byHand(served, put(keyOf('10.0.0.3'), value.replace('10.0.0.1', '10.0.0.3')));
  await api.ok(204, 'DELETE', '/v1/hosts/a.foo.k8s');
  await api.ok(200, 'PATCH', '/v1/hosts/b.foo.k8s', { name: 'b2.foo.k8s', owner: 'x' });
  await api.ok(200, 'PATCH', '/v1/hosts/c.foo.k8s', { addresses: ['192.0.2.1'] });
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
    const { holders } = await api.ok<Held>(200, 'GET', `/v1/addresses/${address}`);
    assert.deepEqual(
      holders.map(({ host }) => host),
      [parseName('d.foo.k8s')],
      address,
    );
  }
});

async function withoutHost(t: TestContext, body: object = {}): Promise<ServedApi> {
  const served = await prepare(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'bar.k8s' });
  await served.api.ok(201, 'POST', '/v1/hosts', {
    name: 'a.foo.k8s',
    aliases: ['x.foo.k8s', 'y.bar.k8s'],
    owner: 'me',
    ...body,
  });
  await byHand(served, drop(hostKey(parseName('a.foo.k8s'))));
  return served;
}

test('the records of a host that was deleted by hand can be replaced and deleted, its addresses released', async (t) => {
  const served = await withoutHost(t);
  const { api } = served;
  const path = '/v1/zones/foo.k8s/rrsets';
  const written = await api.ok<{ managedBy?: string; warnings?: { name: string; message: string }[] }>(
    200,
    'PUT',
    `${path}/a/A`,
    { records: ['192.0.2.1'] },
  );
  assert.equal(written.managedBy, undefined);
  assert.match(written.warnings?.[0]?.message ?? '', /host:a\.foo\.k8s.*does not exist/);
  await api.ok(204, 'DELETE', `${path}/x/CNAME`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'y.bar.k8s', addresses: ['10.0.0.3'] });
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.1');
  await api.ok(204, 'DELETE', '/v1/zones/0.0.10.in-addr.arpa/rrsets/1/PTR');
  await api.refused('managed_record', 'DELETE', '/v1/addresses/10.0.0.3');
  await api.refused('managed_record', 'DELETE', '/v1/zones/bar.k8s/rrsets/y/A');
});

test('an unreadable host keeps its records and its address', async (t) => {
  const served = await withoutHost(t);
  const { api } = served;
  await byHand(served, put(hostKey(parseName('a.foo.k8s')), 'junk'));
  await api.refused('managed_record', 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: ['192.0.2.1'] });
  await api.refused('managed_record', 'DELETE', '/v1/addresses/10.0.0.1');
  const problem = await api.refused('zone_in_use', 'DELETE', '/v1/zones/foo.k8s?force=true');
  assert.match(problem.detail, /cannot be read.*a\.foo\.k8s/);
});

test('a zone with records of a missing host is deleted only by force, and the refusal without force names the host', async (t) => {
  const { api, dump } = await withoutHost(t);
  const problem = await api.refused('zone_in_use', 'DELETE', '/v1/zones/foo.k8s');
  assert.match(problem.detail, /do not exist.*a\.foo\.k8s/);
  for (const zone of ['foo.k8s', 'bar.k8s', '0.0.10.in-addr.arpa'])
    await api.ok(204, 'DELETE', `/v1/zones/${zone}?force=true`);
  assert.deepEqual(
    Object.keys(await dump()).filter((key) => /^(names|addresses|hosts|zones)\//.test(key)),
    [],
  );
});

test('an address that two missing hosts hold is free after their zone is deleted by force', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const hosts = ['a.foo.k8s', 'b.foo.k8s'].map(parseName);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s', ptr: false });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.foo.k8s', ptr: false, addresses: ['10.0.0.2'] });
  const held = addressValue.decode((await served.store.get(keyOf('10.0.0.1')))?.value ?? '');
  const holders = hosts.map((host) => ({ kind: 'host' as const, host, owner: '' }));
  const generation = served.views.zones.get(parseName('foo.k8s'))?.value.generation ?? 0;
  const name = parseName('b.foo.k8s');
  const rrsets = served.views.zones.name(parseName('foo.k8s'), name).rrsets;
  const moved = rrsets.map((rrset) => ({ ...rrset, records: ['10.0.0.1'] }));
  await byHand(
    served,
    put(keyOf('10.0.0.1'), addressValue.encode({ ...held, holders })),
    drop(keyOf('10.0.0.2')),
    put(nameKey(parseName('foo.k8s'), generation, name), nameValue.encode({ name, rrsets: moved })),
    ...hosts.map((host) => drop(hostKey(host))),
  );
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s?force=true');
  assert.equal((await api.ok<Held>(200, 'GET', '/v1/addresses/10.0.0.1')).state, 'free');
});

for (const [what, body, kept] of [
  ['with the same request', {}, '10.0.0.1'],
  ['with another owner', { owner: 'you' }, '10.0.0.1'],
  ['with its old address', { addresses: ['10.0.0.1'], owner: 'me' }, '10.0.0.1'],
  ['with another address', { addresses: ['10.0.0.4'], owner: 'me' }, '10.0.0.4'],
] as const) {
  test(`a deleted host that is created again ${what} takes over its old records and addresses`, async (t) => {
    for (const method of ['POST', 'PUT'] as const) {
      const { api, store } = await withoutHost(t);
      const wanted = { name: 'a.foo.k8s', aliases: ['x.foo.k8s', 'y.bar.k8s'], ...body };
      const path = method === 'POST' ? '/v1/hosts' : '/v1/hosts/a.foo.k8s';
      const host = await api.ok<Host>(201, method, path, wanted);
      assert.deepEqual(
        host.addresses.map(({ address }) => address),
        [kept],
      );
      assertWhole(contentsOf(await storeEntries(store)));
    }
  });
}

test('a pool can be deleted by force even if missing hosts, or hosts without the address, hold its addresses', async (t) => {
  const served = await withoutHost(t);
  const { api, store } = served;
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.foo.k8s', addresses: ['192.0.2.1'] });
  const value = (await store.get(keyOf('10.0.0.1')))?.value ?? '';
  const other = value.replace('10.0.0.1', '10.0.0.2').replace('a.foo.k8s', 'b.foo.k8s');
  await byHand(served, put(keyOf('10.0.0.2'), other), put(keyOf('10.0.0.3'), 'junk'));
  await api.refused('pool_in_use', 'DELETE', '/v1/pools/p');
  await api.ok(200, 'DELETE', '/v1/pools/p?force=true');
  await api.ok(200, 'GET', '/v1/hosts/b.foo.k8s');
});

test('an unreadable zone is named in refusals that it causes, and can be deleted by force', async (t) => {
  const served = await prepare(t);
  const { api, dump } = served;
  const key = zoneKey(parseName('in-addr.arpa'));
  await byHand(
    served,
    put(key, 'junk'),
    put(`names/in-addr.arpa/1/arpa.in-addr.x`, '{}'),
    put('serials/in-addr.arpa', ''),
  );
  const problem = await api.refused('value_unreadable', 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  assert.equal(problem.key, key);
  assert.ok(problem.detail.includes(key), problem.detail);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.foo.k8s', ptr: false });
  await api.refused('value_unreadable', 'POST', '/v1/zones', { name: 'in-addr.arpa' });
  await api.refused('value_unreadable', 'DELETE', '/v1/zones/in-addr.arpa');
  await api.ok(204, 'DELETE', '/v1/zones/in-addr.arpa?force=true');
  assert.deepEqual(
    Object.keys(await dump()).filter((one) => one.includes('in-addr')),
    [],
  );
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
});

for (const served of [true, false]) {
  test(`deleting an unreadable zone${served ? ' that is still served' : ''} by force deletes the hosts whose names are in it`, async (t) => {
    const before = await prepare(t);
    const { store, views } = before;
    await before.api.ok(201, 'POST', '/v1/zones', { name: 'bar.k8s' });
    await before.api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['x.foo.k8s', 'y.bar.k8s'] });
    await before.api.ok(201, 'POST', '/v1/hosts', { name: 'b.bar.k8s', aliases: ['y.foo.k8s'] });
    await byHand(before, put(zoneKey(parseName('foo.k8s')), 'junk'));
    // A replica that starts now has never read the zone.
    const { api } = served ? before : await servedApi(t, { store });
    await api.refused('value_unreadable', 'DELETE', '/v1/zones/foo.k8s');
    await api.ok(204, 'DELETE', '/v1/zones/foo.k8s?force=true');
    await views.reached((await store.list('', { limit: 1 })).revision);
    assertWhole(contentsOf(await storeEntries(store)));
    assert.equal((await api.send('GET', '/v1/hosts/a.foo.k8s')).status, 404);
    assert.equal((await api.send('GET', '/v1/hosts/b.bar.k8s')).status, 200);
    assert.equal(views.zones.get(parseName('foo.k8s')), undefined);
    await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
    await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  });
}

test('an unreadable automatic zone that is still served can be deleted by force with its PTR records', async (t) => {
  const served = await prepare(t);
  const { api, store } = served;
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  await byHand(served, put(zoneKey(parseName('0.0.10.in-addr.arpa')), 'junk'));
  await api.refused('value_unreadable', 'DELETE', '/v1/hosts/a.foo.k8s');
  await api.ok(204, 'DELETE', '/v1/zones/0.0.10.in-addr.arpa?force=true');
  assertWhole(contentsOf(await storeEntries(store)));
  await api.ok(204, 'DELETE', '/v1/hosts/a.foo.k8s');
});

test('clearing a zone by force counts its orphans too, so that the zone is deleted without a refusal', async (t) => {
  const served = await prepare(t);
  const { api, commit } = served;
  const [zone, first, second] = ['foo.k8s', 'a.foo.k8s', 'b.foo.k8s'].map(parseName) as [Fqdn, Fqdn, Fqdn];
  await api.ok(201, 'POST', '/v1/hosts', { name: first, aliases: [`www.${first}`] });
  await api.ok(201, 'POST', '/v1/hosts', { name: second });
  await byHand(served, drop(hostKey(first)));
  const deletion = { name: zone, precondition: {} };
  const left = [];
  do left.push((await commit((context) => decideClearZone(context, deletion))).left);
  while (left.at(-1) !== 0);
  assert.deepEqual(left, [2, 0]);
  await commit((context) => decideDeleteClearedZone(context, deletion));
});
