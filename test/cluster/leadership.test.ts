// One replica leads at a time, on both stores. Another replica takes over when the leader ends.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { campaign, type Leadership } from '../../src/cluster/leadership.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { leaderKey } from '../../src/store/kinds/leader.ts';
import type { Compare, Store } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const logger = pino({ level: 'silent' });

const stores = [
  {
    name: 'embedded',
    skip: false as const,
    open: async (t: Cleanup) => {
      const folder = await temporaryFolder(t);
      return () => openEmbeddedStore({ folder });
    },
  },
  {
    name: 'etcd',
    skip: skipWithoutEtcd(),
    open: async (t: Cleanup) => {
      const etcd = await startEtcd();
      t.after(() => etcd.close());
      return () => openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/test', logger });
    },
  },
];

function run(t: Cleanup, store: Store, replica: string): Leadership {
  const leadership = campaign(store, logger, { task: 'ledger', replica, every: 50 });
  t.after(() => leadership.resign());
  return leadership;
}

for (const { name, skip, open } of stores) {
  test(`${name}: of three replicas one leads; when it resigns, another one leads`, { skip }, async (t) => {
    const openStore = await open(t);
    const store = await openStore();
    t.after(() => store.close());
    const replicas = ['a', 'b', 'c'].map((replica) => run(t, store, replica));
    const leading = () => replicas.filter((one) => one.isLeader());
    await until(() => leading().length > 0, 'no replica leads');
    const [first] = leading();
    for (let checks = 0; checks < 10; checks += 1) {
      assert.deepEqual(leading(), [first]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await first?.resign();
    assert.equal(first?.isLeader(), false);
    await until(() => leading().length > 0, 'no replica took over');
    assert.equal(leading().length, 1);
    assert.notEqual(leading()[0], first);
  });

  test(`${name}: a transaction with the proof of an ended leadership is not committed`, { skip }, async (t) => {
    const openStore = await open(t);
    const store = await openStore();
    t.after(() => store.close());
    const commitWith = async (proof: Compare | undefined) => {
      assert.ok(proof !== undefined);
      const operations = [{ kind: 'put', key: 'work', value: '{}' }] as const;
      return (await store.commit({ compares: [proof], operations: [...operations] })).committed;
    };
    const first = run(t, store, 'a');
    await until(() => first.isLeader(), 'no replica leads');
    const proof = first.proof();
    assert.equal(await commitWith(proof), true);
    await first.resign();
    assert.equal(first.proof(), undefined);
    assert.equal(await commitWith(proof), false, 'nobody leads');
    const second = run(t, store, 'b');
    await until(() => second.isLeader(), 'no replica took over');
    assert.equal(await commitWith(proof), false, 'another replica leads');
    assert.equal(await commitWith(second.proof()), true);
  });

  test(`${name}: a leader whose lease has ended knows it, and may lead again`, { skip }, async (t) => {
    const openStore = await open(t);
    const store = await openStore();
    t.after(() => store.close());
    let keeps = true;
    const cut = changedStore(store, {
      keepLease: (lease) => (keeps ? store.keepLease(lease) : Promise.resolve(false)),
    });
    const leadership = run(t, cut, 'a');
    await until(() => leadership.isLeader(), 'no replica leads');
    keeps = false;
    await store.commit({ compares: [], operations: [{ kind: 'put', key: leaderKey('ledger'), value: '{}' }] });
    await until(() => !leadership.isLeader(), 'the replica still leads');
    await store.commit({ compares: [], operations: [{ kind: 'delete', key: leaderKey('ledger') }] });
    keeps = true;
    await until(() => leadership.isLeader(), 'it does not lead again');
  });
}
