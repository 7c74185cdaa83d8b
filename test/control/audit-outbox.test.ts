// The outbox: each transaction that changes what users see puts the events of its decisions under one key, and no other
// transaction does. Also with values that an operator wrote into the store. Cited by src/control/transaction/commit.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor, TokenActor } from '../../src/control/access/actor.ts';
import { decideForgetAddress } from '../../src/control/allocations/release-address.ts';
import { Refusal } from '../../src/errors.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { allRights } from '../../src/model/rights.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { nameKey, nameKind } from '../../src/store/kinds/name.ts';
import type { Operation, Store, Transaction } from '../../src/store/store.ts';
import { adminToken, apiAt } from '../support/api-client.ts';
import { audit, decisionsIn, eventsIn, outboxOf } from '../support/audit-trail.ts';
import { changedStore } from '../support/changed-store.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { servedApi } from '../support/served-api.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { allocate, createHost, later, pool, putPool, putRrset, release, write, z, zone } from './steps.ts';

const bearer = (id: string): TokenActor => ({ kind: 'token', id, name: `${id}'s token`, rights: allRights });
const zoneOf = (actor: Actor) => putZone(parseName(`${actor.kind === 'token' ? actor.id : actor.part}.example`));

async function audited(t: Cleanup, store?: Store): Promise<ControlPlane> {
  return openReplica(t, store ?? (await embeddedStore(t)), undefined, audit);
}

async function byHand({ store, views }: ControlPlane, operations: Operation[]): Promise<void> {
  await views.reached((await store.commit({ compares: [], operations })).revision);
}

const told = async ({ store }: ControlPlane) =>
  (await eventsIn(store)).map(({ resource, name, action }) => `${resource} ${name} ${action}`);

test('requests that share a transaction put their events under one key, each with its actor', async (t) => {
  const { store, committer } = await audited(t);
  const request = { id: 'r', what: 'POST /v1/zones', from: '192.0.2.1' };
  const actors: Actor[] = [bearer('ann'), { ...bearer('bob'), request }, { kind: 'system', part: 'start' }];
  const before = Date.now();
  const committed = await Promise.all(actors.map((actor) => committer.commit(actor, zoneOf(actor))));
  const [entry, ...others] = await outboxOf(store);
  assert.deepEqual(others, []);
  assert.deepEqual(new Set(committed.map(({ revision }) => revision)), new Set([entry?.revision]));
  assert.equal(entry?.replica, 'test');
  assert.ok(Date.parse(entry.at) >= before && Date.parse(entry.at) <= Date.now());
  assert.deepEqual(
    entry.decisions.map(({ actor }) => actor),
    [
      { kind: 'token', id: 'ann', name: "ann's token" },
      {
        kind: 'token',
        id: 'bob',
        name: "bob's token",
        from: '192.0.2.1',
        requestId: 'r',
        request: 'POST /v1/zones',
      },
      { kind: 'system', id: 'start', name: 'start' },
    ],
  );
  assert.deepEqual(
    entry.decisions.map(({ events }) => events.map(({ name }) => name)),
    [['ann.example'], ['bob.example'], ['start.example']],
  );
});

test('a committer that does not audit puts nothing into the outbox', async (t) => {
  const { store, commit } = await openReplica(t, await embeddedStore(t));
  await commit(zone);
  assert.deepEqual(await outboxOf(store), []);
});

test('a transaction without operations, and one whose changes users do not see, have no events', async (t) => {
  const replica = await audited(t);
  for (const step of [zone, putPool('p', ['10.0.0.0/29'], { coolDownSeconds: 60 }), allocate('10.0.0.1')])
    await replica.commit(step);
  await replica.commit(release('10.0.0.1'));
  const before = await outboxOf(replica.store);
  const sent: Transaction[] = [];
  const store = changedStore(replica.store, {
    commit: (transaction) => {
      sent.push(transaction);
      return replica.store.commit(transaction);
    },
  });
  const other = await audited(t, store);
  await other.commit(zone);
  const place = { space: 'default', address: parseAddress('10.0.0.1') };
  await other.commit(later((context) => decideForgetAddress(context, place)));
  assert.deepEqual(
    sent.map(({ operations }) => operations),
    [[], [{ kind: 'delete', key: addressKey(place.space, place.address) }]],
  );
  assert.deepEqual(await outboxOf(replica.store), before);
});

test('an import of many names has one event, and the cleaning after the import has none', async (t) => {
  const { api, store } = await servedApi(t, { audit });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const lines = Array.from({ length: 450 }, (_, n) => `n${n} 60 A 192.0.2.1\n`).join('');
  for (const file of [lines, `${lines}other 60 A 192.0.2.1\n`])
    assert.equal((await api.send('PUT', '/v1/zones/z/zonefile', file, { 'content-type': 'text/dns' })).status, 200);
  const names = async () => (await store.list(nameKind.prefix)).entries.length;
  await until(async () => (await names()) === 451, 'the old generation is still there');
  const events = (await eventsIn(store)).slice(1);
  assert.deepEqual(
    events.map(({ action, after }) => [action, after?.rrsets]),
    [
      ['imported', { added: 450, changed: 0, deleted: 0, unchanged: 1, managed: 0 }],
      ['imported', { added: 1, changed: 0, deleted: 0, unchanged: 451, managed: 0 }],
    ],
  );
});

test('an allocation that expires is an event of housekeeping', async (t) => {
  const { api, store } = await servedApi(t, { audit });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { expiresInSeconds: 1 });
  await until(async () => (await decisionsIn(store)).length === 3, 'the allocation has not expired');
  const last = (await decisionsIn(store)).at(-1);
  assert.deepEqual(last?.actor, { kind: 'system', id: 'housekeeping', name: 'housekeeping' });
  assert.deepEqual(
    [last.events.map(({ action, name }) => `${action} ${name}`), last.uses.map(({ action }) => action)],
    [['deleted 10.0.0.0'], ['released']],
  );
});

test('the events of a token have none of its secrets', async (t) => {
  const { api, store, views } = await servedApi(t, { audit });
  const { token: first } = await api.ok(201, 'POST', '/v1/tokens', { name: 'Ann', role: 'viewer', zones: ['z'] });
  const { hash, salt } = views.tokens.get('ann')?.value ?? {};
  const { token: second } = await api.ok(200, 'POST', '/v1/tokens/ann/rotate');
  await api.ok(204, 'DELETE', '/v1/tokens/ann');
  const text = JSON.stringify(await outboxOf(store));
  assert.equal((await eventsIn(store)).length, 3);
  for (const shown of [first, second]) {
    assert.ok(typeof shown === 'string' && shown.startsWith('zw_ann_'));
    for (const secret of [shown, shown.slice('zw_ann_'.length)]) assert.equal(text.includes(secret), false);
  }
  for (const secret of [hash, salt]) assert.equal(text.includes(secret ?? '"'), false);
});

/** Opens the same store twice, for two replicas. Resolves with undefined if the test is skipped. */
type Pair = (t: Cleanup) => Promise<[Store, Store] | undefined>;
const pairs: Record<string, Pair> = {
  'the embedded store': async (t) => {
    const folder = await temporaryFolder(t);
    const stores = [await openEmbeddedStore({ folder }), await openEmbeddedStore({ folder })] as [Store, Store];
    for (const store of stores) t.after(() => store.close());
    return stores;
  },
  etcd: async (t) => {
    const etcd = await etcdOrSkip(t as Cleanup & { skip(): void });
    if (etcd === undefined) return undefined;
    t.after(() => etcd.close());
    const open = () => openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    const stores: [Store, Store] = [await open(), await open()];
    for (const store of stores) t.after(() => store.close());
    return stores;
  },
};

for (const [where, open] of Object.entries(pairs)) {
  test(`of many requests to create one host at two replicas on ${where}, only the one that creates it has an event`, async (t) => {
    const stores = await open(t);
    if (stores === undefined) return;
    const replicas = [await audited(t, stores[0]), await audited(t, stores[1])];
    for (const step of [zone, pool]) await replicas[0]?.commit(step);
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, n) => replicas[n % 2]?.attempt(createHost('a.z', `10.0.0.${n % 8}`))),
    );
    const winners = outcomes.filter((outcome) => !(outcome instanceof Refusal));
    assert.equal(winners.length, 1);
    const created = (await outboxOf(stores[0])).filter(({ decisions }) =>
      decisions.some(({ events }) => events.some(({ resource }) => resource === 'host')),
    );
    assert.deepEqual(
      created.map(({ revision }) => revision),
      winners.map((winner) => (winner as { revision: number }).revision),
    );
    assert.equal((await decisionsIn(stores[0])).flatMap(({ uses }) => uses).length, 1);
  });

  test(`each event of one pool at two replicas on ${where} has as \`before\` what the event before it had as \`after\``, async (t) => {
    const stores = await open(t);
    if (stores === undefined) return;
    const replicas = [await audited(t, stores[0]), await audited(t, stores[1])];
    await replicas[0]?.commit(pool);
    const count = 60;
    await Promise.all(
      Array.from({ length: count }, (_, n) => {
        return replicas[n % 2]?.commit(putPool('p', ['10.0.0.0/29'], { description: `${n}` }));
      }),
    );
    const changes = (await eventsIn(stores[0])).slice(1);
    assert.equal(changes.length, count);
    let description: unknown = '';
    for (const { before, after } of changes) {
      assert.deepEqual(before, { id: 'p', description });
      description = after?.description;
    }
    assert.equal(new Set(changes.map(({ after }) => after?.description)).size, count);
  });

  test(`a request that comes to two replicas on ${where} at once, with the same Idempotency-Key, has one event`, async (t) => {
    const stores = await open(t);
    if (stores === undefined) return;
    const served = [await servedApi(t, { store: stores[0], audit }), await servedApi(t, { store: stores[1], audit })];
    await served[0]?.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
    await until(() => served[1]?.views.pools.byName('p') !== undefined, 'the other replica does not have the pool');
    const key = { 'idempotency-key': 'k' };
    const answers = await Promise.all(
      served.flatMap(({ url }) => {
        const api = apiAt(url, adminToken);
        return [1, 2].map(() => api.send('POST', '/v1/pools/p/allocations', {}, key));
      }),
    );
    assert.deepEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1);
    assert.equal(answers[0]?.status, 201);
    assert.deepEqual(
      (await eventsIn(stores[0])).map(({ name, action }) => `${name} ${action}`),
      ['p created', '10.0.0.0 created'],
    );
  });
}

test('records and addresses of a host that was deleted by hand have events of their own', async (t) => {
  const replica = await audited(t);
  for (const step of [
    zone,
    pool,
    createHost('a.z', '10.0.0.1', { aliases: [parseName('b.z')] }),
    createHost('c.z', '10.0.0.2'),
  ])
    await replica.commit(step);
  await byHand(replica, [
    { kind: 'delete', key: hostKey(parseName('a.z')) },
    { kind: 'delete', key: hostKey(parseName('c.z')) },
  ]);
  const before = (await told(replica)).length;
  await replica.commit(putRrset('z', 'a.z', 'A', '192.0.2.1'));
  await replica.commit(putRrset('z', 'b.z', 'CNAME'));
  await replica.commit(release('10.0.0.1'));
  // A new host takes over the orphaned records of its name: the event of the host contains them.
  await replica.commit(createHost('c.z', '10.0.0.2', { owner: 'me' }));
  assert.deepEqual((await told(replica)).slice(before), [
    'rrset a.z A changed',
    'rrset b.z CNAME deleted',
    'allocation 10.0.0.1 deleted',
    'host c.z created',
  ]);
  const [changed, deleted, released] = (await eventsIn(replica.store)).slice(before);
  assert.deepEqual(
    [changed?.before, changed?.after],
    [
      { zone: 'z', records: ['10.0.0.1'], managedBy: 'host:a.z' },
      { zone: 'z', records: ['192.0.2.1'] },
    ],
  );
  assert.deepEqual(deleted?.before, { zone: 'z', ttl: 300, records: ['a.z.'], managedBy: 'host:a.z' });
  assert.deepEqual(released?.before?.holders, [{ kind: 'host', host: 'a.z', owner: '' }]);
  const uses = (await decisionsIn(replica.store)).flatMap((decision) => decision.uses).slice(2);
  assert.deepEqual(
    uses.map(({ action, holder, owner }) => `${action} ${holder} ${owner}`),
    ['released host:a.z ', 'released host:c.z ', 'taken host:c.z me'],
  );
});

test('an RRset that a host lost by hand, and gets again, has an event of its own', async (t) => {
  const { store, api, ...replica } = await servedApi(t, { audit });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.1'], ptr: false });
  await byHand({ ...replica, store }, [{ kind: 'delete', key: nameKey(z, 1, parseName('a.z')) }]);
  await api.ok(200, 'PUT', '/v1/hosts/a.z', { ptr: false });
  const last = (await eventsIn(store)).at(-1);
  const after = { zone: 'z', ttl: 300, records: ['10.0.0.1'], managedBy: 'host:a.z' };
  assert.deepEqual(last, { resource: 'rrset', action: 'created', name: 'a.z A', before: null, after });
});

test('the deletion of a zone that cannot be read has an event', async (t) => {
  const { store, api, ...replica } = await servedApi(t, { audit });
  await byHand({ ...replica, store }, write('zones/z', 'junk'));
  await api.ok(204, 'DELETE', '/v1/zones/z?force=true');
  assert.deepEqual(await eventsIn(store), [
    { resource: 'zone', action: 'deleted', name: 'z', before: { unreadable: true }, after: null },
  ]);
});
