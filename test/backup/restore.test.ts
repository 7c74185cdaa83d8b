// A restore needs an empty store, can be interrupted anywhere, and notices other writers in the store.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBackup } from '../../src/backup/read-backup.ts';
import { type RestoreProgress, restoreBackup } from '../../src/backup/restore-backup.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { memberKey } from '../../src/store/kinds/member.ts';
import { offsetKey, offsetValue } from '../../src/store/kinds/offset.ts';
import { showRevisions } from '../../src/store/shown-revisions.ts';
import { OutcomeUnknown, RestoreUnfinished, type Store } from '../../src/store/store.ts';
import { put, remove, write } from '../store/contract.ts';
import { backupOf, chunksOf, entriesIn, restoreInto, wayOut } from '../support/backups.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';

/** Returns the backup of a store with so many hosts, and with keys of other kinds before and after them. */
async function someBackup(t: Cleanup, hosts: number): Promise<Buffer> {
  const store = await embeddedStore(t);
  const keys = [
    ...Array.from({ length: 200 }, (_, number) => `addresses/${number}`),
    ...Array.from({ length: hosts }, (_, number) => `hosts/${number}`),
    ...Array.from({ length: 50 }, (_, number) => `tokens/${number}`),
  ];
  for (let start = 0; start < keys.length; start += 100)
    await write(store, ...keys.slice(start, start + 100).map((key) => put(key, `the value of ${key}`)));
  return backupOf(store);
}

/** Asserts that the store has exactly the entries of the backup, and that replicas read it. */
async function assertRestored(store: Store, backup: Buffer): Promise<void> {
  const found = (await storeEntries(store)).filter(({ key }) => key !== offsetKey);
  assert.deepEqual(
    new Map(found.map(({ key, value }) => [key, value])),
    new Map([...(await entriesIn(backup))].sort()),
  );
  await showRevisions(store).get('a');
}

/** Returns the store, but after `commits` commits all further ones fail, as if the process had ended. */
function endingAfter(store: Store, commits: number): Store {
  let left = commits;
  return changedStore(store, {
    commit: (transaction) => (left-- > 0 ? store.commit(transaction) : Promise.reject(new Error('the end'))),
  });
}

/** Returns the store with a count of the commits that were sent to it. */
function countingCommits(store: Store): { store: Store; count: () => number } {
  let count = 0;
  const counted = changedStore(store, {
    commit: (transaction) => {
      count += 1;
      return store.commit(transaction);
    },
  });
  return { store: counted, count: () => count };
}

test('a restore that is interrupted at any place leaves a store that replicas do not read, and continues where it was', async (t) => {
  const backup = await someBackup(t, 5000);
  const whole = countingCommits(await embeddedStore(t));
  await restoreInto(whole.store, backup);
  assert.ok(whole.count() > 40 && whole.count() < 60);
  for (let commits = 0; commits < whole.count(); commits += 3) {
    const store = await embeddedStore(t);
    await assert.rejects(restoreInto(endingAfter(store, commits), backup), /the end/);
    if (commits > 0) await assert.rejects(showRevisions(store).get('a'), RestoreUnfinished);
    const rest = countingCommits(store);
    await restoreInto(rest.store, backup);
    await assertRestored(store, backup);
    // Transactions that were committed, but not yet noted, are written again: at most as many as are sent at once.
    assert.ok(rest.count() <= whole.count() - commits + 17, `${rest.count()} after ${commits} of ${whole.count()}`);
  }
});

test('progress ends with all entries, also after an interruption', async (t) => {
  const backup = await someBackup(t, 5000);
  const store = await embeddedStore(t);
  await assert.rejects(restoreInto(endingAfter(store, 30), backup), /the end/);
  const seen: RestoreProgress[] = [];
  await restoreInto(store, backup, (progress) => void seen.push(progress));
  const last = (doing: RestoreProgress['doing']) => seen.findLast((one) => one.doing === doing);
  assert.deepEqual(last('write'), { doing: 'write', done: 5250 - 50, total: 5250 });
  assert.deepEqual(last('count'), { doing: 'count', done: 5250, total: 5250 });
});

test('an interrupted restore is not finished with another backup', async (t) => {
  const store = await embeddedStore(t);
  await assert.rejects(restoreInto(endingAfter(store, 2), await someBackup(t, 10)), /the end/);
  await assert.rejects(restoreInto(store, await someBackup(t, 11)), {
    name: 'RestoreRefused',
    message: /^the restore of another backup \(SHA-256 [0-9a-f]{64}\) was interrupted .* choose an empty store$/,
  });
});

test('a store that has keys, or a replica, is refused and stays as it is', async (t) => {
  const backup = await someBackup(t, 10);
  const cases: [keys: string[], message: RegExp][] = [
    [['pools/a', 'hosts/b'], /^the store is not empty, it has hosts, pools: choose an empty store$/],
    [['pools/a', memberKey('one')], /^a replica is running on this store \(one\)/],
    [['elsewhere'], /^the store is not empty/],
  ];
  for (const [keys, message] of cases) {
    const store = await embeddedStore(t);
    await write(store, ...keys.map((key) => put(key)));
    const before = await storeEntries(store);
    await assert.rejects(restoreInto(store, backup), { name: 'RestoreRefused', message });
    assert.deepEqual(await storeEntries(store), before);
  }
  const restored = await embeddedStore(t);
  await restoreInto(restored, backup);
  await assert.rejects(restoreInto(restored, backup), /^RestoreRefused: the store is not empty/);
});

test('writes of others during a restore are noticed before any replica reads the store', async (t) => {
  const backup = await someBackup(t, 3000);
  const store = await embeddedStore(t);
  let commits = 0;
  const shared = changedStore(store, {
    commit: async (transaction) => {
      if (++commits === 5) await write(store, put('hosts/mine'));
      return store.commit(transaction);
    },
  });
  await assert.rejects(restoreInto(shared, backup), /\(hosts: 3001 instead of 3000\), another process wrote into it/);
  await assert.rejects(showRevisions(store).get('a'), RestoreUnfinished);
  await write(store, remove('hosts/mine'));
  await restoreInto(store, backup);
  await assertRestored(store, backup);
});

test('of two restores at once, one succeeds, and the other writes nothing into the store that is then served', async (t) => {
  const backup = await someBackup(t, 5000);
  for (const head of [1, 5, 20]) {
    const store = await embeddedStore(t);
    const paused = Promise.withResolvers<void>();
    let commits = 0;
    const slow = changedStore(store, {
      commit: async (transaction) => {
        if (++commits > head) await paused.promise;
        return store.commit(transaction);
      },
    });
    const first = restoreInto(slow, backup);
    while (commits <= head) await new Promise((resolve) => setImmediate(resolve));
    await restoreInto(store, backup);
    const served = await write(store, put('hosts/1', 'changed'), remove('hosts/2'));
    paused.resolve();
    await assert.rejects(first, /another process wrote into the store meanwhile/);
    assert.equal((await store.get('hosts/1'))?.modified, served);
    assert.equal(await store.get('hosts/2'), undefined);
  }
});

test('a restore succeeds although answers to its commits are lost', async (t) => {
  const backup = await someBackup(t, 3000);
  const store = await embeddedStore(t);
  let commits = 0;
  const losing = changedStore(store, {
    commit: async (transaction) => {
      const isLost = [1, 4, 5, 9, 30, 31, 32].includes(++commits);
      const result = await store.commit(transaction);
      if (isLost) throw new OutcomeUnknown('the test lost the answer');
      return result;
    },
  });
  await restoreInto(losing, backup);
  await assertRestored(store, backup);
});

test('the revisions of a restored store are higher than that of the backup, without an offset if they already are', async (t) => {
  const backup = await someBackup(t, 10);
  const { header, ...summary } = await checkBackup(chunksOf(backup));
  for (const [revision, offset] of [
    [header.revision, header.revision + 2 ** 28 - 1],
    [-(2 ** 28), 0],
  ] as const) {
    const store = await embeddedStore(t);
    const restored = restoreBackup(store, { ...summary, header: { ...header, revision } }, chunksOf(backup), {
      wayOut,
    });
    assert.equal(await restored, offset);
    assert.deepEqual(offsetValue.decode((await store.get(offsetKey))?.value ?? ''), { offset });
  }
});

test('if etcd refuses a value as too large, the error names its key', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const store = await embeddedStore(t);
  await write(store, put('hosts/large', 'x'.repeat(3_000_000)));
  const to = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => to.close());
  await assert.rejects(restoreInto(to, await backupOf(store)), /the value of hosts\/large .*--max-request-bytes/);
});
