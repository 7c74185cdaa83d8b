// PTRs of hosts move into a narrower reverse zone that is created later, and back when it is deleted. At every moment,
// the zone that answers for a reverse name has its PTR.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Audit } from '../../src/control/transaction/batch.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { cleanGenerations } from '../../src/control/zone-file/clean-generations.ts';
import { decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { dropHiddenPtrs, zonesHidingPtrs } from '../../src/control/zones/hidden-ptrs.ts';
import { createReverseZone } from '../../src/control/zones/new-reverse-zone.ts';
import { decideCreateZone } from '../../src/control/zones/put-zone.ts';
import { decideCopyBack, deleteReturning } from '../../src/control/zones/return-ptrs.ts';
import { Refusal } from '../../src/errors.ts';
import { parseAddress, reverseName } from '../../src/model/address.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { nameKind } from '../../src/store/kinds/name.ts';
import type { Store } from '../../src/store/store.ts';
import { audit, decisionsIn } from '../support/audit-trail.ts';
import { changedStore } from '../support/changed-store.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone, testActor } from '../support/control-plane.ts';
import { storeDump, storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';
import { assertTold } from './audit-replay.ts';
import { createHost, deleteHost, pool, putRrset, zone } from './steps.ts';
import { assertWhole, contentsOf } from './whole.ts';

const onStore = (what: string, run: (test: Cleanup, store: Store) => Promise<void>) =>
  test(what, async (t) => run(t, await embeddedStore(t)));

const wide = parseName('10.in-addr.arpa');
const narrow = parseName('0.0.10.in-addr.arpa');
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const create = (replica: ControlPlane, name: Fqdn) =>
  createReverseZone({ ...replica, logger }, name, (prepared) =>
    replica.commit((context) => decideCreateZone(context, { name, ...zoneDefaults }, prepared)),
  );
const remove = (replica: ControlPlane, name: Fqdn) =>
  deleteReturning({ ...replica, logger }, testActor, name, () =>
    replica.commit((context) => decideDeleteZone(context, { name, precondition: {} })),
  );

const addressAt = (index: number) => `10.0.0.${index}`;
const withPtr = (index: number): Decide<unknown> => createHost(`h${index}.z`, addressAt(index), { ptr: true });

async function replicaWith(test: Cleanup, store: Store, hosts: number, audited?: Audit): Promise<ControlPlane> {
  const replica = await openReplica(test, store, undefined, audited);
  for (const step of [zone, pool, putZone(wide)]) await replica.commit(step);
  await Promise.all([...Array(hosts).keys()].map((index) => replica.commit(withPtr(index))));
  return replica;
}

/** Returns the PTR that the zone which answers for the address has. */
function ptrOf({ views }: ControlPlane, address: string): { zone: Fqdn; target: string | undefined } {
  const owner = reverseName(parseAddress(address));
  const around = views.zones.enclosing(owner)?.value.name as Fqdn;
  const ptr = views.zones.name(around, owner).rrsets.find(({ type }) => type === 'PTR');
  return { zone: around, target: ptr?.records[0] };
}

/** Asserts at each change of the views that all PTRs are answered, until `work` ends. */
async function whileAnswered(replica: ControlPlane, hosts: number, work: Promise<unknown>): Promise<void> {
  const state = { done: false };
  const watched = (async () => {
    while (!state.done) {
      for (let index = 0; index < hosts; index += 9)
        assert.equal(ptrOf(replica, addressAt(index)).target, `h${index}.z.`);
      await new Promise(setImmediate);
    }
  })();
  try {
    await work;
  } finally {
    state.done = true;
  }
  await watched;
}

async function assertAllIn(replica: ControlPlane, place: Fqdn, hosts: number): Promise<void> {
  for (let index = 0; index < hosts; index += 1)
    assert.deepEqual(ptrOf(replica, addressAt(index)), { zone: place, target: `h${index}.z.` });
  assertWhole(contentsOf(await storeEntries(replica.store)));
  assert.deepEqual([...zonesHidingPtrs(replica.views)], []);
}

for (const count of [5, 200]) {
  onStore(`the PTRs of ${count} hosts move into a narrower zone, and back`, async (t, store) => {
    const replica = await replicaWith(t, store, count);
    const before = Object.keys(await storeDump(store));
    await whileAnswered(replica, count, create(replica, narrow));
    await assertAllIn(replica, narrow, count);
    await whileAnswered(replica, count, remove(replica, narrow));
    await assertAllIn(replica, wide, count);
    assert.deepEqual(Object.keys(await storeDump(store)), before);
  });
}

for (const count of [5, 200]) {
  onStore(`of a deleted zone, an event counts the names but not the ${count} PTRs that go back`, async (t, store) => {
    const replica = await replicaWith(t, store, count, audit);
    await create(replica, narrow);
    for (const owner of [`1.${narrow}`, narrow]) await replica.commit(putRrset(narrow, owner, 'TXT', '"x"'));
    await remove(replica, narrow);
    const decisions = await decisionsIn(store);
    const deleted = decisions.flatMap(({ events }) => events).find(({ action }) => action === 'deleted');
    assert.deepEqual([deleted?.name, deleted?.before?.names], [narrow, 2]);
    assertTold(decisions, contentsOf(await storeEntries(store)));
  });
}

onStore('hosts that come and go during a move are not lost', async (t, store) => {
  const count = 150;
  const replica = await replicaWith(t, store, count);
  const others = await openReplica(t, store);
  const state = { done: false };
  const changing = (async () => {
    for (let index = count; index < 200 && !state.done; index += 1) {
      await others.commit(withPtr(index));
      if (index % 2 === 0) await others.commit(deleteHost(`h${index}.z`));
    }
  })();
  for (const work of [create, remove, create]) await whileAnswered(replica, count, work(replica, narrow));
  state.done = true;
  await changing;
  await replica.views.reached(others.views.revision);
  await assertAllIn(replica, narrow, count);
});

onStore('a process that dies during a move leaves nothing that answers', async (t, store) => {
  const count = 150;
  const replica = await replicaWith(t, store, count);
  const before = Object.keys(await storeDump(store));
  const createAndDie = async () => {
    let left = 1;
    const commit: Store['commit'] = (transaction) => {
      const isPending = transaction.operations.some(
        (operation) => operation.kind === 'put' && (nameKind.parse(operation.key)?.generation ?? 1) > 1,
      );
      if (isPending && left-- === 0) throw new Error('the process dies');
      return store.commit(transaction);
    };
    await assert.rejects(create({ ...replica, store: changedStore(store, { commit }) }, narrow), /dies/);
  };
  await createAndDie();
  assert.ok(Object.keys(await storeDump(store)).length > before.length, 'the process has left nothing');
  assert.deepEqual(ptrOf(replica, addressAt(0)), { zone: wide, target: 'h0.z.' });
  // A new attempt does not take the names that were left.
  await replica.commit(deleteHost('h0.z'));
  await create(replica, narrow);
  assert.equal(ptrOf(replica, addressAt(0)).target, undefined);
  await replica.commit(withPtr(0));
  await cleanGenerations(store, narrow);
  await assertAllIn(replica, narrow, count);
  // A deletion that stops after it has copied some PTRs: these are deleted, and the next deletion copies what stands.
  const owners = [0, 1, 2].map((index) => reverseName(parseAddress(addressAt(index))));
  await replica.commit((context) => decideCopyBack(context, { zone: narrow, owners }));
  await replica.commit(deleteHost('h1.z'));
  assert.deepEqual([...zonesHidingPtrs(replica.views)], [narrow]);
  await remove(replica, narrow);
  assert.equal(ptrOf(replica, addressAt(1)).target, undefined);
  await replica.commit(withPtr(1));
  await assertAllIn(replica, wide, count);
  await createAndDie();
  await replica.views.reached(await store.list('', { limit: 1 }).then(({ revision }) => revision));
  assert.deepEqual([...replica.views.zones.withLeftovers()], [narrow]);
  await cleanGenerations(store, narrow);
  assert.deepEqual(Object.keys(await storeDump(store)), before);
});

onStore('housekeeping deletes PTRs that a narrower zone hides', async (t, store) => {
  const replica = await replicaWith(t, store, 3);
  await create(replica, narrow);
  const owners = [0, 1].map((index) => reverseName(parseAddress(addressAt(index))));
  await replica.commit((context) => decideCopyBack(context, { zone: narrow, owners }));
  assert.deepEqual([...zonesHidingPtrs(replica.views)], [narrow]);
  await dropHiddenPtrs(replica.committer, replica.views, narrow);
  await assertAllIn(replica, narrow, 3);
});

onStore('the deletion of a hidden PTR whose host is gone has no event', async (t, store) => {
  const replica = await replicaWith(t, store, 3, audit);
  await create(replica, narrow);
  const owners = [0, 1].map((index) => reverseName(parseAddress(addressAt(index))));
  await replica.commit((context) => decideCopyBack(context, { zone: narrow, owners }));
  await replica.commit(deleteHost('h1.z'));
  await dropHiddenPtrs(replica.committer, replica.views, narrow);
  assert.deepEqual([...zonesHidingPtrs(replica.views)], []);
  const decisions = await decisionsIn(store);
  assert.equal(decisions.at(-1)?.events.at(-1)?.name, 'h1.z');
  assertTold(decisions, contentsOf(await storeEntries(store)));
});

onStore('PTRs of an automatic zone move too, and the automatic zone comes back', async (t, store) => {
  const replica = await openReplica(t, store);
  for (const step of [zone, pool]) await replica.commit(step);
  await replica.commit(createHost('a.z', 'fd00::1', { ptr: true }));
  const name = parseName(reverseName(parseAddress('fd00::1')).split('.').slice(8).join('.'));
  const automatic = ptrOf(replica, 'fd00::1').zone;
  await create(replica, name);
  assert.deepEqual(ptrOf(replica, 'fd00::1'), { zone: name, target: 'a.z.' });
  await remove(replica, name);
  assert.deepEqual(ptrOf(replica, 'fd00::1'), { zone: automatic, target: 'a.z.' });
  // Without a zone around, the zone of the /64 itself has no place for its PTRs to go.
  assert.ok(
    (await replica.attempt((context) => decideDeleteZone(context, { name: automatic, precondition: {} }))) instanceof
      Refusal,
  );
});

onStore('records of users stay hidden, and hinder the way back', async (t, store) => {
  const replica = await replicaWith(t, store, 2);
  await replica.commit(putRrset(wide, `0.${narrow}`, 'TXT', '"user"'));
  await create(replica, narrow);
  assert.deepEqual(
    replica.views.zones.name(wide, parseName(`0.${narrow}`)).rrsets.map(({ type }) => type),
    ['TXT'],
  );
  await replica.commit(putRrset(wide, narrow, 'NS', 'ns.example.'));
  const attempt = () => replica.attempt((context) => decideDeleteZone(context, { name: narrow, precondition: {} }));
  const refused = await attempt();
  assert.ok(refused instanceof Refusal);
  assert.match(refused.message, /the NS of 0\.0\.10\.in-addr\.arpa in zone 10\.in-addr\.arpa would hide the PTR/);
  await replica.commit(putRrset(wide, narrow, 'NS'));
  await replica.commit(putRrset(wide, `1.${narrow}`, 'PTR', 'other.example.'));
  const taken = await attempt();
  assert.ok(taken instanceof Refusal);
  assert.match(taken.message, /has a PTR of its own at 1\.0\.0\.10\.in-addr\.arpa/);
  await replica.commit(putRrset(wide, `1.${narrow}`, 'PTR'));
  await remove(replica, narrow);
  await assertAllIn(replica, wide, 2);
});
