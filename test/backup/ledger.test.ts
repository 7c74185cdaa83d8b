// A ledger in a file is part of the backup of its store. A backup has each event once, in the ledger or still in the
// outbox, and no event of a later revision.

import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { maxPiece, pieceIn, pieceLine } from '../../src/backup/backup-format.ts';
import type { LedgerSource } from '../../src/backup/ledger-copy.ts';
import { checkBackup, readBackup } from '../../src/backup/read-backup.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { writeBackup } from '../../src/backup/write-backup.ts';
import { decidePutZone } from '../../src/control/zones/put-zone.ts';
import { LedgerUnavailable } from '../../src/ledger/ledger.ts';
import type { LedgerService } from '../../src/ledger/ledger-service.ts';
import { LedgerFileTaken, RestoredFile } from '../../src/ledger/restored-file.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { ledgerHomeKey, ledgerHomeValue } from '../../src/store/kinds/ledger.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import { showRevisions } from '../../src/store/shown-revisions.ts';
import type { Store } from '../../src/store/store.ts';
import { audit } from '../support/audit-trail.ts';
import { chunksOf, wayOut } from '../support/backups.ts';
import { type ControlPlane, embeddedStore, openReplica } from '../support/control-plane.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { startTestLedger } from '../support/test-ledger.ts';
import { until } from '../support/until.ts';

async function withLedger(t: Cleanup, store: Store, file: string) {
  const replica = await openReplica(t, store, undefined, audit);
  return { replica, ledger: await startTestLedger(t, replica, { task: { kind: 'sqlite', file } }) };
}

async function createZone({ commit }: ControlPlane, name: string): Promise<void> {
  const zone = { ...zoneDefaults, name: parseName(name) };
  await commit((context) => decidePutZone(context, { name: zone.name, precondition: {}, change: () => zone }));
}

async function eventsIn(ledger: LedgerService) {
  const found: { id: string; revision: number; name: string }[] = [];
  for (let before: string | undefined; ; ) {
    const page = await ledger.read((one) => one.listEvents({}, { limit: 500, before }));
    found.push(...page.items.map(({ id, revision, name }) => ({ id, revision, name })));
    before = page.next;
    if (before === undefined) return found.reverse();
  }
}

async function backupWith(store: Store, ledger: LedgerSource): Promise<Buffer> {
  const parts: Buffer[] = [];
  const made = { version: '0.0.0-test', store: 'embedded', ledger } as const;
  await writeBackup(store, made, async (text) => void parts.push(text));
  return Buffer.concat(parts);
}

/** Restores the backup: the store into a new one, and the ledger into the file. */
async function restoreWith(t: Cleanup, backup: Buffer, file: string, replica?: string): Promise<Store> {
  const summary = await checkBackup(chunksOf(backup));
  const restored = await RestoredFile.open(file, summary.ledgerOctets);
  const store = await embeddedStore(t);
  const ledger = {
    replica,
    write: (piece: Buffer) => restored.write(piece),
    finish: () => restored.finish(),
  };
  await restoreBackup(store, summary, chunksOf(backup, 100_000), { wayOut, ledger });
  return showRevisions(store);
}

test('under writes, a backup has each event up to its revision once, and no later event', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await embeddedStore(t);
  const { replica, ledger } = await withLedger(t, store, join(folder, 'ledger.db'));
  let stop = false;
  const writing = [1, 2, 3].map(async (writer) => {
    for (let number = 0; !stop; number++) await createZone(replica, `w${writer}-${number}.test`);
  });
  const source = {
    openCopy: async () => {
      const copy = await ledger.openCopy(folder);
      // Waits so long that the outbox would be emptied. The open copy must prevent that.
      await delay(200);
      return copy;
    },
  };
  const backups: Buffer[] = [];
  for (let round = 0; round < 5; round++) {
    backups.push(await backupWith(store, source));
    // The delays differ, so that some backups are made during a backlog and some just after it.
    await delay(round * 37);
  }
  stop = true;
  await Promise.all(writing);
  const all = await eventsIn(ledger);
  let waited = 0;
  for (const [index, backup] of backups.entries()) {
    const { header } = await checkBackup(chunksOf(backup));
    assert.equal(header.ledger, 'included');
    const file = join(folder, `restored-${index}.db`);
    const restored = await restoreWith(t, backup, file);
    waited += await restored.count(outboxKind.prefix);
    const { ledger: next } = await withLedger(t, restored, file);
    await until(async () => (await restored.count(outboxKind.prefix)) === 0, 'the outbox is not empty');
    const expected = all.filter(({ revision }) => revision <= header.revision);
    assert.ok(expected.length > 0);
    assert.deepEqual(await eventsIn(next), expected);
  }
  assert.ok(waited > 0, 'no event has waited in the outbox, so the test shows nothing');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('spool')),
    [],
  );
});

test('the outbox is emptied again when the backup has its snapshot, or has failed', async (t) => {
  const folder = await temporaryFolder(t);
  const { replica, ledger } = await withLedger(t, await embeddedStore(t), join(folder, 'ledger.db'));
  const isEmpty = async () => (await replica.store.count(outboxKind.prefix)) === 0;
  await createZone(replica, 'a.test');
  for (const end of ['release', 'close'] as const) {
    const copy = await ledger.openCopy(folder);
    await createZone(replica, `${end}.test`);
    await delay(200);
    assert.equal(await isEmpty(), false);
    copy[end]();
    await until(isEmpty, 'the outbox is not emptied');
    await copy.close();
  }
  await assert.rejects(
    ledger.openCopy(join(folder, 'nowhere')).then((copy) => copy.pieces(10).next()),
    /ENOENT/,
  );
});

test('a restored ledger belongs to the replica that was named in the restore, and no other begins a new one', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await embeddedStore(t);
  const { replica, ledger } = await withLedger(t, store, join(folder, 'ledger.db'));
  await createZone(replica, 'a.test');
  await until(async () => (await eventsIn(ledger)).length === 1, 'the ledger has no event');
  const backup = await backupWith(store, { openCopy: () => ledger.openCopy(folder) });
  const file = join(folder, 'restored', 'ledger.db');
  const restored = await restoreWith(t, backup, file, 'test');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal(ledgerHomeValue.decode((await restored.get(ledgerHomeKey))?.value ?? '').replica, 'test');
  const next = await openReplica(t, restored, undefined, audit);
  const other = await startTestLedger(t, next, { replica: 'other' });
  await until(() => other.status.state === 'elsewhere', 'another replica has the ledger');
  const task = { kind: 'sqlite', file } as const;
  const own = await startTestLedger(t, next, { replica: 'test', task });
  await createZone(next, 'b.test');
  assert.deepEqual(
    (await eventsIn(own)).map(({ name }) => name),
    ['a.test', 'b.test'],
  );
});

test('a ledger that is there already stays, unless an interrupted restore has put it there', async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  const content = Buffer.from('the content of a ledger');
  const restore = async (octets: Buffer) => {
    const restored = await RestoredFile.open(file, octets.length);
    try {
      await restored.write(octets);
      await restored.finish();
    } finally {
      await restored.discard();
    }
  };
  await writeFile(`${file}-wal`, 'of a ledger that is gone');
  await writeFile(`${file}.restoring`, 'of an interrupted restore');
  await restore(content);
  assert.deepEqual(await readdir(join(file, '..')), ['ledger.db']);
  await restore(content);
  const isTaken = { message: /there is a ledger already, .*--without-ledger, .* move it away/ };
  await assert.rejects(restore(Buffer.from('another')), isTaken);
  await assert.rejects(restore(Buffer.from('THE content of a ledger')), (error) => error instanceof LedgerFileTaken);
  assert.deepEqual(await readFile(file), content);
  assert.deepEqual(await readdir(join(file, '..')), ['ledger.db']);
});

test('a backup with a ledger that was altered is refused', async (t) => {
  const folder = await temporaryFolder(t);
  const store = await embeddedStore(t);
  const { replica, ledger } = await withLedger(t, store, join(folder, 'ledger.db'));
  await createZone(replica, 'a.test');
  const backup = await backupWith(store, { openCopy: () => ledger.openCopy(folder) });
  const lines = backup.toString().split(/(?<=\n)/);
  const first = lines.findIndex((line) => /^\["[^"]*"\]\n$/.test(line));
  assert.ok(first > 0);
  const start = lines.slice(0, first).join('').length;
  for (let place = start; place < backup.length; place += 97) {
    const altered = Buffer.from(backup);
    altered[place] = (altered[place] ?? 0) ^ 1;
    await assert.rejects(checkBackup(chunksOf(altered, 4096)), { name: 'BackupFault' }, `octet ${place}`);
  }
  const pieces = lines.slice(first, -1);
  for (const wrong of [
    lines.toSpliced(first, 1),
    lines.toSpliced(first, 0, pieces[0] ?? ''),
    lines.toSpliced(1, 0, pieces[0] ?? ''),
  ])
    await assert.rejects(checkBackup(chunksOf(Buffer.from(wrong.join('')))), { name: 'BackupFault' });
});

test('a piece of a ledger that is larger than the maximum is refused', async () => {
  const piece = Buffer.alloc(maxPiece, 7);
  assert.deepEqual(pieceIn(JSON.parse(await pieceLine(piece))[0]), piece);
  const tooLarge = JSON.parse(await pieceLine(Buffer.alloc(maxPiece + 1)))[0];
  assert.throws(() => pieceIn(tooLarge));
});

test('a ledger that cannot be read rejects with LedgerUnavailable', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'ledger.db');
  await writeFile(file, 'this is no database, and it is long enough to be told from one that is empty'.repeat(20));
  const { ledger } = await withLedger(t, await embeddedStore(t), file);
  await assert.rejects(ledger.openCopy(folder), (error) => error instanceof LedgerUnavailable);
});

test('a backup without a ledger says why', async (t) => {
  const store = await embeddedStore(t);
  for (const ledger of ['off', 'postgresql', 'left-out'] as const) {
    const backup = await backupWith(store, ledger);
    const { header, ledgerOctets } = await checkBackup(chunksOf(backup));
    assert.deepEqual([header.ledger, ledgerOctets], [ledger, 0]);
    for await (const part of readBackup(chunksOf(backup))) assert.ok(!('ledgerPiece' in part));
  }
});
