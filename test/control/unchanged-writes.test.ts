// A write that changes nothing writes no key, so that no key gets a new revision. Its compares are still checked,
// because another replica may have changed what this replica sees. Cited by
// src/control/transaction/transaction-builder.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import type { Transaction } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { contextOf, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import { changeHost, createHost, pool, putPool, putRrset, z, zone } from './steps.ts';

const given = [zone, pool, createHost('a.z', '10.0.0.1', { ptr: true }), putRrset('z', 't.z', 'TXT', '"x"')];
const again: [string, Decide<unknown>][] = [
  ['a pool', pool],
  ['a zone', zone],
  ['a host', changeHost('a.z', '10.0.0.1', { ptr: true })],
  ['an RRset', putRrset('z', 't.z', 'TXT', '"x"')],
];

for (const [what, decide] of again) {
  test(`${what} that is written again unchanged keeps its revision`, async (t) => {
    const replica = await openReplica(t, await embeddedStore(t));
    for (const one of given) await replica.commit(one);
    const before = await storeEntries(replica.store);
    const { compares, operations } = decide(contextOf(replica.views));
    assert.deepEqual(operations, []);
    assert.ok(compares.length > 0, 'the transaction has no compares');
    const { revision } = replica.views;
    const committed = await replica.committer.commit(contextOf(replica.views).actor, decide);
    assert.equal(committed.revision, revision);
    assert.deepEqual(await storeEntries(replica.store), before);
  });
}

test('a write that changes nothing in a stale view is decided again, and then changes what another replica wrote', async (t) => {
  const store = await embeddedStore(t);
  const sent: Transaction[] = [];
  const commit: typeof store.commit = async (transaction) => {
    sent.push(transaction);
    // Before the first transaction, another writer commits.
    if (sent.length === 1) await store.commit(other(transactionViews()));
    return store.commit(transaction);
  };
  const replica = await openReplica(t, changedStore(store, { commit }));
  for (const one of [zone, pool, createHost('a.z', '10.0.0.1')]) {
    const { revision } = await store.commit(one(contextOf(replica.views)));
    await replica.views.reached(revision);
  }
  const transactionViews = () => contextOf(replica.views);
  const other = changeHost('a.z', '10.0.0.1', { owner: 'other' });
  await replica.commit(changeHost('a.z', '10.0.0.1', {}));
  assert.equal(sent[0]?.operations.length, 0);
  assert.equal(
    replica.views.hosts.get(parseName('a.z'))?.value.owner,
    '',
    'the write of the other replica was not replaced',
  );
});

test('a record of a host that an operator deleted is written again, although the host itself is unchanged', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  await replica.commit(zone);
  await replica.commit(createHost('a.z', '10.0.0.1'));
  const name = replica.views.zones.name(z, parseName('a.z'));
  const key = (await storeEntries(replica.store)).find(({ value }) => value.includes('"rrsets"'))?.key as string;
  assert.equal(name.rrsets.length, 1);
  const { revision } = await replica.store.commit({ compares: [], operations: [{ kind: 'delete', key }] });
  await replica.views.reached(revision);
  const since = replica.views.hosts.get(parseName('a.z'))?.modified;
  const wanted = {
    name: parseName('a.z'),
    addresses: [parseAddress('10.0.0.1')],
    aliases: [],
    ttl: null,
    ptr: false,
    owner: '',
    tags: {},
  };
  const put = await replica.commit((context) =>
    decideChangeHost(context, { name: wanted.name, precondition: {}, change: () => wanted }),
  );
  assert.equal(put.standingSince, since);
  assert.deepEqual(replica.views.zones.name(z, parseName('a.z')).rrsets[0]?.records, ['10.0.0.1']);
});

test('a pool, a zone and a host that differ in one setting are written', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  for (const one of given) await replica.commit(one);
  for (const decide of [
    putPool('p', ['10.0.0.0/29'], { description: 'x' }),
    putZone(z, { nameservers: [parseName('ns.example')], defaultTtl: 1 }),
    changeHost('a.z', '10.0.0.1', { ptr: true, owner: 'x' }),
    putRrset('z', 't.z', 'TXT', '"y"'),
  ]) {
    const { revision } = replica.views;
    await replica.commit(decide);
    assert.ok(replica.views.revision > revision);
  }
});
