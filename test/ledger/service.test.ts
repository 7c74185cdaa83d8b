// The ledger of a running replica: draining despite failures (src/ledger/drain.ts), the replica that drains, the
// samples, and the status.

import assert from 'node:assert/strict';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { decidePutZone } from '../../src/control/zones/put-zone.ts';
import type { LedgerService } from '../../src/ledger/ledger-service.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { audit } from '../support/audit-trail.ts';
import { changedStore } from '../support/changed-store.ts';
import { type ControlPlane, embeddedStore, openReplica } from '../support/control-plane.ts';
import { skipWithoutPostgresql, startPostgresql } from '../support/postgresql.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { startTestLedger } from '../support/test-ledger.ts';
import { until } from '../support/until.ts';

const auditing = async (t: Cleanup) => openReplica(t, await embeddedStore(t), undefined, audit);

async function createZone({ commit }: ControlPlane, name: string): Promise<void> {
  const zone = { ...zoneDefaults, name: parseName(name) };
  await commit((context) => decidePutZone(context, { name: zone.name, precondition: {}, change: () => zone }));
}

const namesIn = async (ledger: LedgerService) =>
  (await ledger.read((one) => one.listEvents({}, { limit: 100 }))).items.map(({ name }) => name);

const waiting = (replica: ControlPlane) => replica.store.count(outboxKind.prefix);

test('events whose keys could not be deleted are appended again, which changes nothing', async (t) => {
  const replica = await auditing(t);
  let failing = true;
  let failures = 0;
  const store = changedStore(replica.store, {
    commit: (transaction) => {
      const deletes = transaction.operations.some(({ kind }) => kind === 'delete');
      if (!failing || !deletes) return replica.store.commit(transaction);
      failures += 1;
      return Promise.reject(new StoreUnavailable('it is away'));
    },
  });
  await createZone(replica, 'a.test');
  const ledger = await startTestLedger(t, { ...replica, store });
  await until(() => failures >= 2, 'it does not try again');
  assert.equal(await waiting(replica), 1);
  assert.deepEqual(await namesIn(ledger), ['a.test']);
  failing = false;
  await until(async () => (await waiting(replica)) === 0, 'the outbox is not empty');
  assert.deepEqual(await namesIn(ledger), ['a.test']);
});

test('events wait while the ledger cannot be opened, and the status says why; when it can, they are taken without a restart', {
  skip: skipWithoutPostgresql(),
}, async (t) => {
  const server = await startPostgresql(t);
  const url = server.newDatabase();
  await server.stop();
  const replica = await auditing(t);
  await createZone(replica, 'a.test');
  const ledger = await startTestLedger(t, replica, { task: { kind: 'postgresql', url } });
  await until(() => ledger.status.state === 'unavailable', 'the failure is not told');
  await until(() => ledger.status.waiting === 1, 'the waiting events are not told');
  assert.match(ledger.status.reason ?? '', /./);
  await server.start();
  await until(async () => (await waiting(replica)) === 0, 'the outbox is not empty');
  assert.deepEqual(await namesIn(ledger), ['a.test']);
  assert.equal(ledger.status.state, 'here');
});

test('with PostgreSQL only the leader drains, and every replica answers reads', {
  skip: skipWithoutPostgresql(),
}, async (t) => {
  const server = await startPostgresql(t);
  const task = { kind: 'postgresql', url: server.newDatabase() } as const;
  const replica = await auditing(t);
  let leads = false;
  const follower = await startTestLedger(t, replica, { task, isLeader: () => false });
  const leader = await startTestLedger(t, replica, { task, isLeader: () => leads });
  await createZone(replica, 'a.test');
  assert.deepEqual(await namesIn(follower), []);
  assert.equal(await waiting(replica), 1);
  leads = true;
  await until(async () => (await waiting(replica)) === 0, 'the outbox is not empty');
  for (const ledger of [leader, follower]) assert.deepEqual(await namesIn(ledger), ['a.test']);
});

test('a ledger of another store is refused, and gets no events of this store', async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  const task = { kind: 'sqlite', file } as const;
  const first = await auditing(t);
  await createZone(first, 'a.test');
  const ledger = await startTestLedger(t, first, { task });
  assert.deepEqual(await namesIn(ledger), ['a.test']);
  await ledger.close();
  const second = await auditing(t);
  await createZone(second, 'b.test');
  const other = await startTestLedger(t, second, { task });
  await until(() => other.status.state === 'unavailable', 'the failure is not told');
  assert.match(other.status.reason ?? '', /another store/);
  await assert.rejects(namesIn(other), { name: 'LedgerUnavailable', message: /another store/ });
  assert.equal(await waiting(second), 1);
});

test('events wait while the file of the ledger is gone or replaced, and are taken when the file is back', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'ledger.db');
  const replica = await auditing(t);
  await createZone(replica, 'a.test');
  const ledger = await startTestLedger(t, replica, { task: { kind: 'sqlite', file } });
  assert.deepEqual(await namesIn(ledger), ['a.test']);
  for (const moved of [['', '-wal', '-shm'], [''], ['-wal']]) {
    const what = `moved: ledger.db with ${moved.join(', ')}`;
    const before = await namesIn(ledger);
    for (const end of moved) await rename(file + end, `${file}${end}.away`);
    const name = `${before.length}.test`;
    await createZone(replica, name);
    await until(() => ledger.status.state === 'unavailable', `${what}: the failure is not told`);
    assert.match(ledger.status.reason ?? '', /was removed or replaced while it was open/, what);
    // A file that another process has put there is neither written, nor read, nor copied.
    for (const end of moved) await writeFile(file + end, '');
    await assert.rejects(namesIn(ledger), { name: 'LedgerUnavailable', message: /removed or replaced/ }, what);
    await assert.rejects(ledger.openCopy(folder), { name: 'LedgerUnavailable', message: /removed or replaced/ }, what);
    assert.equal(await waiting(replica), 1, what);
    for (const end of moved) await rename(`${file}${end}.away`, file + end);
    await until(async () => (await waiting(replica)) === 0, `${what}: the outbox is not empty`);
    assert.deepEqual(await namesIn(ledger), [name, ...before], what);
    assert.equal(ledger.status.state, 'here', what);
  }
});

test('after a restart, a new ledger takes the events that waited while the file was gone', async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  const task = { kind: 'sqlite', file } as const;
  const replica = await auditing(t);
  await createZone(replica, 'a.test');
  const ledger = await startTestLedger(t, replica, { task });
  assert.deepEqual(await namesIn(ledger), ['a.test']);
  for (const end of ['', '-wal', '-shm']) await rm(file + end);
  await createZone(replica, 'b.test');
  await until(() => ledger.status.state === 'unavailable', 'the failure is not told');
  await ledger.close();
  const restarted = await startTestLedger(t, replica, { task });
  await until(async () => (await waiting(replica)) === 0, 'the outbox is not empty');
  assert.deepEqual(await namesIn(restarted), ['b.test']);
});

test('an outbox beyond its limit loses its oldest events, and the status says so', async (t) => {
  const replica = await auditing(t);
  for (const name of ['a', 'b', 'c', 'd']) await createZone(replica, `${name}.test`);
  const slow = { drain: 3_600_000 };
  const ledger = await startTestLedger(t, replica, { outboxMax: 3, intervals: slow });
  await until(() => ledger.status.lost !== undefined, 'the transactions are not dropped');
  assert.equal(ledger.status.lost?.transactions, 1);
  assert.equal(await waiting(replica), 3);
  assert.deepEqual(await namesIn(ledger), ['d.test', 'c.test', 'b.test']);
  assert.equal(ledger.status.lost?.transactions, 1);
});
