// Backups for clients: one at a time, in a file without a name, so that no file stays behind. While a client reads the
// backup, the store keeps no history for it.

import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { BackupRunning, BackupSpool, NoRoom, type SpooledBackup } from '../../src/backup/backup-spool.ts';
import { checkBackup } from '../../src/backup/read-backup.ts';
import type { Logger } from '../../src/model/logger.ts';
import type { Revision } from '../../src/model/revision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { Compacted, type Store, StoreUnavailable } from '../../src/store/store.ts';
import { put, write } from '../store/contract.ts';
import { chunksOf, entriesIn } from '../support/backups.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const goesOn = () => new AbortController().signal;

async function spoolOf(t: Cleanup, store: Store, more: Partial<ConstructorParameters<typeof BackupSpool>[0]> = {}) {
  const folder = await temporaryFolder(t);
  const made = { version: '0.0.0-test', store: 'embedded', ledger: 'off' } as const;
  return { folder, spool: new BackupSpool({ store, folder, made, logger: silent, ...more }) };
}

/** Writes some keys with long values. */
async function fill(store: Store, keys: number, value = 'x'.repeat(1000)): Promise<void> {
  for (let key = 0; key < keys; key += 100)
    await write(store, ...Array.from({ length: 100 }, (_, one) => put(`hosts/${key + one}`, value)));
}

async function close({ text }: SpooledBackup): Promise<void> {
  const closed = new Promise((resolve) => text.once('close', resolve));
  text.destroy();
  await closed;
}

test('a backup is whole and has the announced length, and its file has no name', async (t) => {
  const store = await embeddedStore(t);
  await fill(store, 500);
  const { folder, spool } = await spoolOf(t, store);
  // A process that is killed just after it has created its file leaves a file of this name.
  await writeFile(join(folder, 'backup.spool'), 'left over');
  const backup = await spool.make(goesOn());
  assert.deepEqual(await readdir(folder), []);
  const text = await buffer(backup.text);
  assert.equal(text.length, backup.octets);
  const { entries, header } = await checkBackup(chunksOf(text));
  assert.deepEqual([entries, header.revision], [500, backup.revision]);
});

test('a second backup is refused until the first is sent or its client has gone', async (t) => {
  const store = await embeddedStore(t);
  await fill(store, 500);
  const { spool } = await spoolOf(t, store);
  const first = spool.make(goesOn());
  await assert.rejects(spool.make(goesOn()), BackupRunning);
  const backup = await first;
  await assert.rejects(spool.make(goesOn()), BackupRunning);
  await close(backup);
  await buffer((await spool.make(goesOn())).text);
  await close(await spool.make(goesOn()));
});

test('a client that has read a backup to its end can have the next one at once', async (t) => {
  const store = await embeddedStore(t);
  await fill(store, 100);
  const { spool } = await spoolOf(t, store);
  const { text } = await spool.make(goesOn());
  const next = new Promise<SpooledBackup>((resolve, reject) =>
    text.once('end', () => spool.make(goesOn()).then(resolve, reject)),
  );
  const closed = new Promise((resolve) => text.once('close', resolve));
  text.resume();
  await closed;
  await assert.rejects(spool.make(goesOn()), BackupRunning, 'the end of the first backup has also ended the next one');
  await close(await next);
});

test('the store keeps no history for a client that does not read', async (t) => {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t), keepRevisions: 10 });
  t.after(() => store.close());
  await fill(store, 500);
  const { spool } = await spoolOf(t, store);
  const backup = await spool.make(goesOn());
  for (let number = 0; number < 200; number++) await write(store, put('hosts/0', String(number)));
  await assert.rejects(store.list('', { at: backup.revision as Revision }), Compacted);
  assert.equal((await entriesIn(await buffer(backup.text))).get('hosts/0'), 'x'.repeat(1000));
});

test('a backup ends when its client goes, or when the disk is nearly full, and then another one can be made', async (t) => {
  const store = await embeddedStore(t);
  await fill(store, 2000);
  let free = Number.MAX_SAFE_INTEGER;
  const { spool, folder } = await spoolOf(t, store, { freeSpace: async () => free });
  const client = new AbortController();
  const making = spool.make(client.signal);
  client.abort();
  await assert.rejects(making, { name: 'AbortError' });
  await assert.rejects(spool.make(AbortSignal.abort()), { name: 'AbortError' });
  free = 1000;
  await assert.rejects(spool.make(goesOn()), (error: unknown) => {
    assert.ok(error instanceof NoRoom);
    assert.match(error.message, /has no room for the backup: free some space/);
    return true;
  });
  free = Number.MAX_SAFE_INTEGER;
  assert.equal((await checkBackup(chunksOf(await buffer((await spool.make(goesOn())).text)))).entries, 2000);
  assert.deepEqual(await readdir(folder), []);
});

test('a backup ends while it is made if the disk becomes nearly full', async (t) => {
  const store = await embeddedStore(t);
  await fill(store, 1500, 'x'.repeat(10_000));
  let looks = 0;
  const { spool } = await spoolOf(t, store, { freeSpace: async () => (++looks < 2 ? Number.MAX_SAFE_INTEGER : 0) });
  await assert.rejects(spool.make(goesOn()), NoRoom);
  assert.equal(looks, 2);
});

test('on etcd, a backup whose revision is compacted begins again, and the refusal says so if that happens each time', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => store.close());
  await fill(store, 1000, 'before');
  let compactions = 0;
  let most = 1;
  const compacted = changedStore(store, {
    list: async (prefix, options) => {
      if (prefix === '' && options?.from !== undefined && compactions < most) {
        compactions += 1;
        await fill(store, 100, `after ${compactions}`);
        await etcd.compact((await store.list('', { limit: 1 })).revision);
      }
      return store.list(prefix, options);
    },
  });
  const { spool } = await spoolOf(t, compacted);
  const text = await buffer((await spool.make(goesOn())).text);
  assert.equal(compactions, 1);
  assert.equal((await checkBackup(chunksOf(text))).entries, 1000);
  assert.equal((await entriesIn(text)).get('hosts/0'), 'after 1');
  most = Number.MAX_SAFE_INTEGER;
  await assert.rejects(spool.make(goesOn()), Compacted);
  assert.equal(compactions, 4);
  await store.close();
  await assert.rejects(spool.make(goesOn()), StoreUnavailable);
});
