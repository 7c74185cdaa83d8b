// The membership of a replica on a real etcd: the replica is registered while it lives, two replicas with the same name
// are logged, and leaving does not wait for etcd.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { joinCluster } from '../../src/cluster/membership.ts';
import type { Logger } from '../../src/model/logger.ts';
import type { Member } from '../../src/model/member.ts';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { memberKey, memberKind, memberValue } from '../../src/store/kinds/member.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import { type LeaseId, type Store, StoreUnavailable } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { emptyViews } from '../support/control-plane.ts';
import { skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const every = 50;
const skip = skipWithoutEtcd();

async function etcdStore(t: Cleanup): Promise<{ etcd: TestEtcd; store: Store }> {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/test' });
  t.after(() => store.close());
  return { etcd, store };
}

interface Logged {
  infos: string[];
  warnings: string[];
  errors: string[];
}

async function join(t: Cleanup, store: Store, member: Member): Promise<Logged & { leave: () => Promise<void> }> {
  const logged: Logged = { infos: [], warnings: [], errors: [] };
  const logger: Logger = {
    debug: () => {},
    info: (_, message = '') => logged.infos.push(message),
    warn: (_, message = '') => logged.warnings.push(message),
    error: (_, message = '') => logged.errors.push(message),
  };
  const leave = await joinCluster(store, member, logger, { every });
  t.after(leave);
  return { ...logged, leave };
}

async function registered(store: Store): Promise<Member[]> {
  const { entries } = await store.list(memberKind.prefix);
  return entries.map(({ value }) => memberValue.decode(value));
}

test('while etcd hangs, at most one attempt is under way, and leaving does not wait for etcd', { skip }, async (t) => {
  const { etcd, store } = await etcdStore(t);
  let [running, maxRunning, calls] = [0, 0, 0];
  const counted = new Proxy(store, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      if (name === 'guardLease') return method.bind(target);
      return async (...input: unknown[]) => {
        calls += 1;
        running += 1;
        maxRunning = Math.max(maxRunning, running);
        try {
          return await method.apply(target, input);
        } finally {
          running -= 1;
        }
      };
    },
  });
  const { leave } = await join(t, counted, { replica: 'a', dns: [] });
  assert.equal((await registered(store)).length, 1);
  etcd.pause();
  calls = 0;
  await delay(every * 20);
  assert.ok(calls <= 2, `there were ${calls} calls while etcd did not answer`);
  await leave();
  etcd.resume();
  assert.equal(maxRunning, 1);
});

test('a membership that an operator deleted is registered again, and leaving deletes it', { skip }, async (t) => {
  const { store } = await etcdStore(t);
  const { leave, errors, warnings } = await join(t, store, { replica: 'a', dns: [] });
  await store.commit({ compares: [], operations: [{ kind: 'delete', key: memberKey('a') }] });
  await until(async () => (await registered(store)).length === 1, 'the replica is not registered again', 20_000);
  await leave();
  assert.deepEqual(await registered(store), []);
  assert.deepEqual([errors, warnings], [[], []]);
});

test('two running replicas with the same name both log it, and the one that stays is registered after the other has left', {
  skip,
}, async (t) => {
  const { store } = await etcdStore(t);
  const first = await join(t, store, { replica: 'b', dns: ['192.0.2.1:53'] });
  assert.deepEqual([first.warnings, first.errors], [[], []]);
  const second = await join(t, store, { replica: 'b', dns: ['192.0.2.2:53'] });
  assert.match(second.warnings[0] ?? '', /registered/);
  await until(
    () => first.errors.length > 0 && second.errors.length > 0,
    'not both replicas have logged an error',
    20_000,
  );
  const before = (await store.list('')).revision;
  await delay(every * 10);
  const after = (await store.list('')).revision;
  assert.ok(after - before <= 2, 'the two replicas replace the registration of each other again and again');
  assert.deepEqual([first.errors.length, second.errors.length], [1, 1]);
  for (const { errors } of [first, second])
    assert.match(errors[0] ?? '', /another running process also has the name 'b'/);
  await second.leave();
  await until(
    async () => (await registered(store))[0]?.dns[0] === '192.0.2.1:53',
    'the first is not registered',
    20_000,
  );
});

test('a replica that cannot write at first replaces the registration of an ended process without an error in the log', {
  skip,
}, async (t) => {
  const { store } = await etcdStore(t);
  const gone = { kind: 'put', key: memberKey('c'), value: memberValue.encode({ replica: 'c', dns: [] }) } as const;
  await store.commit({ compares: [], operations: [gone] });
  let failures = 5;
  const full = changedStore(store, {
    commit: async (transaction) => {
      if (failures === 0) return store.commit(transaction);
      failures -= 1;
      throw new StoreUnavailable('no room');
    },
  });
  const { errors, warnings } = await join(t, full, { replica: 'c', dns: ['192.0.2.3:53'] });
  await until(
    async () => (await registered(store))[0]?.dns[0] === '192.0.2.3:53',
    'the replica is not registered',
    20_000,
  );
  assert.deepEqual(errors, []);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /registered: replacing/);
  assert.match(warnings[1] ?? '', /cannot stay registered/);
});

test('failed renewals give one warning, the end of a lease gives another, and each recovery gives one line', {
  skip,
}, async (t) => {
  const { store } = await etcdStore(t);
  const leases: LeaseId[] = [];
  let away = 0;
  const failing = changedStore(store, {
    grantLease: async (seconds) => {
      const lease = await store.grantLease(seconds);
      leases.push(lease);
      return lease;
    },
    keepLease: async (lease) => {
      if (away > 0) away -= 1;
      else return store.keepLease(lease);
      throw new StoreUnavailable('no answer');
    },
  });
  const { warnings, infos, errors } = await join(t, failing, { replica: 'd', dns: [] });
  assert.deepEqual([warnings, infos, errors], [[], [], []]);
  away = 3;
  await until(() => infos.length === 1, 'the membership is not renewed', 20_000);
  await store.revokeLease(leases[0] as LeaseId);
  await until(() => infos.length === 2, 'the replica is not registered again', 20_000);
  const [begins, over] = ['this replica cannot stay registered as a member, will retry', 'this replica is registered'];
  assert.deepEqual(
    [warnings.map((line) => line.startsWith(begins)), infos.map((line) => line.startsWith(over)), errors],
    [[true, true], [true, true], []],
  );
});

test('replicas whose names give the same nameserver label are reported, and the label has the addresses of both', {
  skip,
}, async (t) => {
  const { store } = await etcdStore(t);
  const small = await join(t, store, { replica: 'b', dns: ['192.0.2.1:53'] });
  const large = await join(t, store, { replica: 'B', dns: ['192.0.2.2:53'] });
  await until(
    () => small.errors.length > 0 && large.errors.length > 0,
    'not both replicas have logged an error',
    20_000,
  );
  assert.match(large.errors[0] ?? '', /'B' and 'b' both have the name ns-b in the zones/);

  const views = emptyViews();
  const k8s = parseName('k8s');
  const zone = zoneValue.encode({ name: k8s, ...zoneDefaults });
  await store.commit({ compares: [], operations: [{ kind: 'put', key: zoneKey(k8s), value: zone }] });
  const { entries, revision } = await store.list('');
  views.beginLoad();
  for (const entry of entries) views.load(entry);
  views.endLoad(revision as Revision);
  const records = (type: string) => views.zones.implied(k8s).find(({ rrset }) => rrset.type === type)?.rrset.records;
  assert.deepEqual(records('NS'), ['ns-b.k8s.', 'ns-test.k8s.']);
  assert.deepEqual(records('A'), ['192.0.2.1', '192.0.2.2']);
});
