// No address is allocated to two holders, however many requests come at the same time, and on however many replicas.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Allocated, decideAllocateAddresses } from '../../src/control/allocations/allocate-addresses.ts';
import { decideReleaseAddress } from '../../src/control/allocations/release-address.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Refusal } from '../../src/errors.ts';
import { type Address, addressNumber } from '../../src/model/address.ts';
import { maxHolders } from '../../src/model/allocation.ts';
import { parseName } from '../../src/model/name.ts';
import { type Pool, poolDefaults } from '../../src/model/pool.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';
import { assertWhole, contentsOf } from './whole.ts';

const zone = parseName('k8s');

function pool(ranges: string[], more: Partial<Pool> = {}): Decide<unknown> {
  const whole: Pool = {
    id: 'p',
    name: 'p',
    ranges,
    ...poolDefaults,
    ...more,
  };
  return (context) => decidePutPool(context, { name: 'p', precondition: {}, change: () => whole });
}

const makeZone = putZone(zone);

let ids = 0;
function allocate(count = 1, addresses?: Address[]): Decide<Allocated[]> {
  const wanted = {
    pool: 'p',
    count,
    family: 'ipv4' as const,
    owner: '',
    ids: Array.from({ length: count }, () => `${++ids}`),
  };
  return (context) => decideAllocateAddresses(context, { ...wanted, ...(addresses && { addresses }) });
}

function createHost(name: string): Decide<unknown> {
  const wanted = { name: parseName(name), aliases: [], ttl: null, ptr: true, owner: '', tags: {} };
  return (context) => decideCreateHost(context, wanted);
}

async function twoReplicas(test: Cleanup, endpoint: string): Promise<[ControlPlane, ControlPlane]> {
  const open = async () => {
    const store = await openEtcdStore({ endpoints: [endpoint], prefix: '/zonewright/v1' });
    test.after(() => store.close());
    return openReplica(test, store);
  };
  return [await open(), await open()];
}

test('while hundreds of requests on two replicas race for the last addresses, each address gets one holder', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const replicas = await twoReplicas(t, etcd.endpoint);
  const [first] = replicas;
  await first.commit(makeZone);
  await first.commit(pool(['10.0.0.0/26']));
  await replicas[1].views.reached(first.views.revision);
  let asked = 0;
  for (let round = 0; round < 12; round += 1) {
    const tries = Array.from({ length: 200 }, async (_, index) => {
      const replica = replicas[index % 2] as ControlPlane;
      const isHost = index % 4 > 1;
      const outcome = await replica.attempt(isHost ? createHost(`h${++asked}.k8s`) : allocate());
      if (outcome instanceof Refusal) assert.equal(outcome.code, 'pool_exhausted');
      return outcome instanceof Refusal ? 0 : 1;
    });
    const given = (await Promise.all(tries)).reduce<number>((sum, one) => sum + one, 0);
    const contents = contentsOf(await storeEntries(first.store));
    assertWhole(contents);
    const held = [...contents.addresses.values()];
    assert.equal(held.length, 64);
    assert.ok(held.every(({ holders }) => holders.length === 1));
    const free = round === 0 ? 64 : 32;
    assert.equal(given, free, 'the number of allocated addresses is not the number of free ones');
    const { revision } = await first.store.list('', { limit: 1 });
    for (const { views } of replicas) await views.reached(revision);
    const leaving = held.filter((_, index) => index % 2 === round % 2);
    const left = leaving.map(({ space, address, holders }, index) => {
      const holder = holders[0];
      const decide: Decide<unknown> = (context) =>
        holder?.kind === 'host'
          ? decideDeleteHost(context, { name: holder.host, precondition: {} })
          : decideReleaseAddress(context, { space, address, precondition: {} });
      return (replicas[index % 2] as ControlPlane).commit(decide);
    });
    await Promise.all(left);
    const { revision: now } = await first.store.list('', { limit: 1 });
    for (const { views } of replicas) await views.reached(now);
  }
});

test('one address that many requests name is allocated once', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(pool(['10.0.0.0/24']));
  for (const last of [0, 7, 255]) {
    const tries = Array.from({ length: 20 }, () => replica.attempt(allocate(1, [`10.0.0.${last}` as Address])));
    const outcomes = await Promise.all(tries);
    const refusals = outcomes.filter((outcome) => outcome instanceof Refusal);
    assert.equal(refusals.length, 19);
    for (const { code, members } of refusals) {
      assert.equal(code, 'address_taken');
      assert.equal((members.heldBy as string[]).length, 1, 'the refusal does not name the holder');
    }
  }
});

for (const strategy of ['lowest', 'random'] as const) {
  test(`simultaneous allocations with the same sharing key at two replicas get one address, strategy ${strategy}`, async (t) => {
    const store = await embeddedStore(t);
    const replicas = [await openReplica(t, store), await openReplica(t, store)] as const;
    await replicas[0].commit(pool(['10.0.0.0/24'], { strategy }));
    await replicas[1].views.reached(replicas[0].views.revision);
    for (const sharingKey of ['a', 'b', 'c']) {
      const all = Array.from({ length: 12 }, (_, index) => {
        const ports = [{ protocol: 'tcp' as const, port: index + 1 }];
        const wanted = { pool: 'p', count: 1, owner: '', sharingKey, ports, ids: [`${sharingKey}${index}`] };
        return (replicas[index % 2] ?? replicas[0]).commit((context) => decideAllocateAddresses(context, wanted));
      });
      // Requests without a sharing key take addresses meanwhile.
      const others = Array.from({ length: 6 }, () => replicas[1].commit(allocate()));
      const given = (await Promise.all(all)).map(([record]) => record?.address);
      await Promise.all(others);
      assert.equal(new Set(given).size, 1, `${sharingKey}: ${given}`);
    }
    assertWhole(contentsOf(await storeEntries(store)));
  });
}

test('an address with the most holders that it can have is shared no further', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(pool(['10.0.0.0/29']));
  const allocateShare = (port: number): Decide<Allocated[]> => {
    const ports = [{ protocol: 'tcp' as const, port }];
    const wanted = { pool: 'p', count: 1, owner: '', sharingKey: 'k', ports, ids: [`share-${port}`] };
    return (context) => decideAllocateAddresses(context, wanted);
  };
  for (let port = 1; port <= maxHolders; port += 1) await replica.commit(allocateShare(port));
  const [next] = await replica.commit(allocateShare(maxHolders + 1));
  assert.deepEqual([next?.address, next?.holders.length], ['10.0.0.1', 1]);
});

test('a request for several addresses gets all of them or none', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(pool(['10.0.0.0/29']));
  const tries = Array.from({ length: 4 }, () => replica.attempt(allocate(3)));
  const given = (await Promise.all(tries)).filter((outcome) => !(outcome instanceof Refusal));
  assert.equal(given.length, 2);
  assert.equal(contentsOf(await storeEntries(replica.store)).addresses.size, 6);
});

test('a released address may be allocated again in the same burst of requests', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(pool(['10.0.0.1']));
  await replica.commit(allocate());
  for (let turn = 0; turn < 20; turn += 1) {
    const [, taken] = await Promise.all([
      replica.commit((context) =>
        decideReleaseAddress(context, { space: 'default', address: '10.0.0.1' as Address, precondition: {} }),
      ),
      replica.commit(allocate()),
    ]);
    assert.equal(taken[0]?.address, '10.0.0.1');
  }
});

test('a pool that shrinks while addresses are allocated from it never leaves an allocated address outside', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  for (let turn = 0; turn < 20; turn += 1) {
    await replica.commit(pool(['10.0.0.0/28']));
    const outcomes = await Promise.all([
      ...Array.from({ length: 5 }, () => replica.attempt(allocate())),
      replica.attempt(pool(['10.0.0.8/29'])),
      ...Array.from({ length: 5 }, () => replica.attempt(allocate())),
    ]);
    const contents = contentsOf(await storeEntries(replica.store));
    assertWhole(contents);
    for (const outcome of outcomes)
      if (outcome instanceof Refusal) assert.match(outcome.code, /^pool_(in_use|exhausted)$/);
    const releases = [...contents.addresses.values()].map(({ space, address }) =>
      replica.commit((context) => decideReleaseAddress(context, { space, address, precondition: {} })),
    );
    await Promise.all(releases);
  }
});

test('simultaneous requests share transactions', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(makeZone);
  await replica.commit(pool(['10.0.0.0/16']));
  await replica.commit(createHost('first.k8s'));
  const before = replica.views.revision;
  await Promise.all(Array.from({ length: 200 }, () => replica.commit(allocate())));
  const forAllocations = replica.views.revision - before;
  assert.ok(forAllocations <= 3, `200 allocations in ${forAllocations} transactions`);
  await Promise.all(Array.from({ length: 100 }, (_, index) => replica.commit(createHost(`h${index}.k8s`))));
  const forHosts = replica.views.revision - before - forAllocations;
  assert.ok(forHosts <= 6, `100 hosts in ${forHosts} transactions`);
  assertWhole(contentsOf(await storeEntries(replica.store)));
});

test('a refused request in a burst does not make others fail', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(makeZone);
  await replica.commit(pool(['10.0.0.0/24']));
  const names = ['a.k8s', 'a.example', 'b.k8s', 'a.k8s', 'c.k8s'];
  const outcomes = await Promise.all(names.map((name) => replica.attempt(createHost(name))));
  const codes = outcomes.map((outcome) => (outcome instanceof Refusal ? outcome.code : 'done'));
  assert.deepEqual(codes, ['done', 'zone_not_found', 'done', 'name_taken', 'done']);
});

test('requests at the same time get addresses from different places of a random pool', async (t) => {
  const { commit } = await openReplica(t, await embeddedStore(t));
  await commit(pool(['10.0.0.0/8'], { strategy: 'random' }));
  const records = await Promise.all(Array.from({ length: 8 }, () => commit(allocate())));
  const numbers = records.flatMap((some) => some.map(({ address }) => Number(addressNumber(address))));
  const sorted = numbers.toSorted((a, b) => a - b);
  assert.ok(sorted.every((number, index) => index === 0 || number - (sorted[index - 1] ?? 0) > 1));
});
