// The embedded store: the contract, and its own promises about its folder, crashes and full disks.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { after, type Revision } from '../../src/model/revision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { Compacted, type Store, StoreUnavailable } from '../../src/store/store.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { formatChanges, listAll, put, remove, storeContract, watchUntil, write } from './contract.ts';

const keepRevisions = 2000;

async function openFor(t: TestContext, folder: string, keep = keepRevisions): Promise<Store> {
  const store = await openEmbeddedStore({ folder, keepRevisions: keep });
  t.after(() => store.close());
  return store;
}

storeContract(
  'embedded',
  false,
  async (t) => {
    const folder = await temporaryFolder(t);
    return {
      open: () => openFor(t, folder),
      absolute: '/elsewhere',
      compact: async (store) => {
        const writes = Array.from({ length: keepRevisions + 200 }, () => write(store, put('filler')));
        await Promise.all(writes);
      },
    };
  },
  { concurrency: 4 },
);

/** Starts a process that writes until it is killed, and prints the number of each acknowledged write. */
function startWriter(t: TestContext, folder: string, mode = '0', shell = 'exec "$@"') {
  const script = join(import.meta.dirname, 'embedded-writer.ts');
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', script, folder, mode];
  const child = spawn('sh', ['-c', shell, 'sh', ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  return { child, lines: createInterface({ input: child.stdout }), exit: once(child, 'exit') };
}

describe('embedded: its folder', () => {
  it('a store has all its entries when it is closed and opened again', async (t) => {
    const folder = await temporaryFolder(t);
    const store = await openFor(t, folder);
    const first = await write(store, put('a', '1'), put('b', '1'));
    const second = await write(store, remove('b'));
    await store.close();
    const again = await openFor(t, folder);
    assert.equal((await again.get('a'))?.created, first);
    assert.equal((await again.list('')).revision, second);
    assert.equal(await write(again, put('c')), after(second));
    assert.deepEqual(formatChanges(await watchUntil(again, '', second, second)), [`${second} -b`]);
  });

  it('all transactions that were sent before the store is closed are written', async (t) => {
    const folder = await temporaryFolder(t);
    const store = await openFor(t, folder);
    const writes = Array.from({ length: 2500 }, (_, number) => write(store, put(`a/${number}`)));
    await store.close();
    await Promise.all(writes);
    assert.equal((await listAll(await openFor(t, folder), 'a/')).entries.length, 2500);
  });

  it('after a kill under load, every acknowledged write is there, and every transaction is there whole or not at all', async (t) => {
    const folder = await temporaryFolder(t);
    const acknowledged = new Set<number>();
    let total = 0;
    for (let round = 0; round < 5; round++) {
      const writer = startWriter(t, folder, `${round * 1_000_000}`);
      let inRound = 0;
      for await (const line of writer.lines) {
        acknowledged.add(Number(line));
        inRound++;
        if (inRound === 60 + round * 45) writer.child.kill('SIGKILL');
      }
      await writer.exit;
      const store = await openFor(t, folder);
      const { entries, revision } = await listAll(store, 'n/');
      const numbers = new Map<number, string[]>();
      for (const entry of entries) {
        const [, number, part] = entry.key.split('/');
        numbers.set(Number(number), [...(numbers.get(Number(number)) ?? []), `${part}${entry.modified}`]);
      }
      for (const [number, parts] of numbers) {
        const revisions = new Set(parts.map((part) => part.slice(1)));
        assert.equal(parts.length, 3, `write ${number} lacks a key`);
        assert.equal(revisions.size, 1, `write ${number} has more than one revision`);
      }
      for (const number of acknowledged) assert.ok(numbers.has(number), `write ${number} is lost`);
      assert.ok(numbers.size > total);
      total = numbers.size;
      assert.equal(await write(store, put('after')), after(revision));
      await store.close();
    }
  });

  it('a second process is refused, with the process id of the first, and can open the folder after the first was killed', async (t) => {
    const folder = await temporaryFolder(t);
    const writer = startWriter(t, folder);
    await once(writer.lines, 'line');
    const refusal = new RegExp(`${folder} is in use by another process \\(pid ${writer.child.pid}\\)`);
    await assert.rejects(openEmbeddedStore({ folder }), refusal);
    await assert.rejects(openEmbeddedStore({ folder }), refusal);
    writer.child.kill('SIGKILL');
    await writer.exit;
    const store = await openFor(t, folder);
    assert.ok((await store.list('n/')).entries.length > 0);
  });

  it('on a full disk writes fail, nothing is written in part, and reads work', async (t) => {
    const folder = await temporaryFolder(t);
    // The process may write files of at most 2 MB. A write beyond that fails as on a full disk.
    const writer = startWriter(t, folder, 'full', 'ulimit -f 4096; exec "$@"');
    const said: string[] = [];
    for await (const line of writer.lines) said.push(line);
    assert.deepEqual(await writer.exit, [0, null]);
    const [report] = said.slice(-1);
    const { written, error, read } = JSON.parse(report ?? '{}');
    assert.equal(error, 'StoreUnavailable');
    assert.ok(written > 3);
    assert.equal(read, written);
    const store = await openFor(t, folder);
    assert.equal((await listAll(store, 'full/')).entries.length, written * 2);
    await write(store, put('room again'));
  });

  it('the error of a folder that cannot be used says what is wrong', async (t) => {
    const folder = await temporaryFolder(t);
    const text = 'this is no database, and is long enough to be looked at'.repeat(100);
    await writeFile(join(folder, 'store.sqlite'), text);
    await assert.rejects(openEmbeddedStore({ folder }), refusalOf(folder, 'the database is damaged'));
    assert.equal(await readFile(join(folder, 'store.sqlite'), 'utf8'), text);
  });

  it('a store begins empty in a folder with other files, or in which a first start was interrupted', async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'lost+found'), '');
    await writeFile(join(folder, 'store.sqlite'), '');
    await write(await openFor(t, folder), put('a'));
  });

  for (const end of ['closed', 'killed'] as const) {
    it(`a missing or empty database is not taken for a first start after the process was ${end}`, async (t) => {
      const folder = await temporaryFolder(t);
      const file = join(folder, 'store.sqlite');
      if (end === 'closed') await (await openEmbeddedStore({ folder })).close();
      else {
        const writer = startWriter(t, folder);
        await once(writer.lines, 'line');
        writer.child.kill('SIGKILL');
        await writer.exit;
      }
      const before = await readdir(folder);
      await rename(file, join(folder, 'elsewhere'));
      await assert.rejects(openEmbeddedStore({ folder }), refusalOf(folder, 'store.sqlite is missing'));
      await writeFile(file, '');
      await assert.rejects(openEmbeddedStore({ folder }), refusalOf(folder, 'store.sqlite is empty'));
      await rename(join(folder, 'elsewhere'), file);
      assert.deepEqual(await readdir(folder), before);
      await openFor(t, folder);
    });
  }

  it('a young store whose WAL is missing, empty or truncated is not taken for a first start', async (t) => {
    const folder = await temporaryFolder(t);
    const writer = startWriter(t, folder);
    await once(writer.lines, 'line');
    writer.child.kill('SIGKILL');
    await writer.exit;
    const wal = join(folder, 'store.sqlite-wal');
    const whole = await readFile(wal);
    const database = await readFile(join(folder, 'store.sqlite'));
    await rm(wal);
    await assert.rejects(openEmbeddedStore({ folder }), lostWal(folder));
    for (const left of [0, 100]) {
      await writeFile(join(folder, 'store.sqlite'), database);
      await writeFile(wal, whole.subarray(0, left));
      await assert.rejects(
        openEmbeddedStore({ folder }),
        refusalOf(folder, 'store.sqlite-wal is missing or truncated'),
      );
    }
    await writeFile(join(folder, 'store.sqlite'), database);
    await writeFile(wal, whole);
    assert.ok((await listAll(await openFor(t, folder), '')).entries.length > 0);
  });

  it('a store that was not closed and has lost its WAL is refused, until somebody gives the lost changes up', async (t) => {
    const folder = await temporaryFolder(t);
    const closed = await openEmbeddedStore({ folder });
    await write(closed, put('kept'));
    await closed.close();
    const [wal, pid] = [join(folder, 'store.sqlite-wal'), join(folder, 'store.pid')];
    const writer = startWriter(t, folder);
    await once(writer.lines, 'line');
    writer.child.kill('SIGKILL');
    await writer.exit;
    const whole = await readFile(wal);
    const mark = await readFile(pid);
    await rm(wal);
    for (let start = 1; start <= 2; start += 1) await assert.rejects(openEmbeddedStore({ folder }), lostWal(folder));
    assert.deepEqual((await readdir(folder)).sort(), ['store.pid', 'store.sqlite']);

    // If the WAL is put back, nothing is lost.
    await writeFile(wal, whole);
    const found = await openEmbeddedStore({ folder });
    assert.ok((await listAll(found, 'n/')).entries.length > 0);
    await found.close();
    // A store that was closed needs no WAL.
    await (await openEmbeddedStore({ folder })).close();

    // A store.pid of an older version has no mark, so the store can be opened.
    await writeFile(pid, '4711\n');
    await (await openEmbeddedStore({ folder })).close();
    // The refusal says to delete store.pid.
    await writeFile(pid, mark);
    await assert.rejects(openEmbeddedStore({ folder }), lostWal(folder));
    await rm(pid);
    assert.equal((await listAll(await openFor(t, folder), 'kept')).entries.length, 1);
  });

  it('a start that is refused for another reason leaves a folder whose WAL does not seem to be lost', async (t) => {
    const folder = await temporaryFolder(t);
    await (await openEmbeddedStore({ folder })).close();
    const database = new DatabaseSync(join(folder, 'store.sqlite'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    for (let start = 1; start <= 2; start += 1) {
      await assert.rejects(openEmbeddedStore({ folder }), /was written by a newer version/);
    }
  });

  it('only the owner can read the files, also those that an older version has written', async (t) => {
    const folder = await temporaryFolder(t);
    const modes = async () => {
      const found = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))));
      return found.map(({ mode }) => (mode & 0o777).toString(8));
    };
    const store = await openEmbeddedStore({ folder });
    await write(store, put('a'));
    assert.deepEqual(await modes(), ['600', '600', '600']);
    await store.close();
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o644);
    await write(await openFor(t, folder), put('b'));
    assert.deepEqual(await modes(), ['600', '600', '600']);
  });

  it('a database that is damaged anywhere cannot be opened', async (t) => {
    const folder = await temporaryFolder(t);
    const file = join(folder, 'store.sqlite');
    const store = await openFor(t, folder);
    await writeMuch(store);
    await store.close();
    const whole = await readFile(file);
    await truncate(file, whole.length / 2);
    await assert.rejects(openEmbeddedStore({ folder }), refusalOf(folder, 'the database is damaged'));
    await writeFile(file, damaged(whole));
    await assert.rejects(openEmbeddedStore({ folder }), refusalOf(folder, 'the database is damaged'));
    await writeFile(file, whole);
    assert.equal((await listAll(await openFor(t, folder), 'much/')).entries.length, 1000);
  });

  it('damage to a database in service is reported once, and nothing more is written into it', async (t) => {
    const folder = await temporaryFolder(t);
    const file = join(folder, 'store.sqlite');
    const said: unknown[] = [];
    const note = (fields: unknown, message?: string) => said.push([fields, message]);
    const store = await openEmbeddedStore({ folder, logger: { debug: note, info: note, warn: note, error: note } });
    t.after(() => store.close());
    await writeMuch(store);
    const whole = await readFile(file);
    await writeFile(file, damaged(whole));
    const unavailable = { name: 'StoreUnavailable', message: /database is damaged.*: restore/ };
    await assert.rejects(listAll(store, 'much/'), unavailable);
    await assert.rejects(write(store, put('more')), unavailable);
    await assert.rejects(store.grantLease(60), unavailable);
    assert.equal(said.length, 1, JSON.stringify(said));
  });
});

/** Writes 20 MB: more than SQLite caches, so that most of it moves from the WAL into the database. */
async function writeMuch(store: Store): Promise<void> {
  const value = 'x'.repeat(20_000);
  for (let i = 0; i < 1000; i += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, one) => write(store, put(`much/${i + one}`, value))));
  }
}

/** Returns a copy of the database with zeros in the middle half. */
function damaged(database: Buffer): Buffer {
  const copy = Buffer.from(database);
  return copy.fill(0, copy.length / 4, (copy.length * 3) / 4);
}

/** Matches the error that says why the folder cannot be used, and what to do. */
function refusalOf(folder: string, reason: string): RegExp {
  return new RegExp(
    `^Error: The folder ${folder} cannot be used: ${reason}.*: restore the whole folder from a backup, or move it away to start with an empty store$`,
  );
}

/** Matches the refusal of a folder whose WAL is missing. */
function lostWal(folder: string): RegExp {
  return new RegExp(
    `^Error: The folder ${folder} cannot be used: store.sqlite-wal is missing, but the store was not closed: restore the whole folder from a backup, delete store.pid to go on without the changes that were only in store.sqlite-wal, or move it away to start with an empty store$`,
  );
}

describe('embedded: history', () => {
  it('the promised revisions are kept, and not many more; a watch that is too slow ends with Compacted', async (t) => {
    const store = await openFor(t, await temporaryFolder(t), 300);
    const start = await write(store, put('p/a', '0'));
    const slow = store.watch('p/', start, new AbortController().signal)[Symbol.asyncIterator]();
    assert.equal((await slow.next()).value?.revision, start);
    for (let round = 1; round <= 1000; round++) {
      const last = await write(store, put('p/a', `${round}`), round % 2 ? put('p/b') : remove('p/b'));
      const kept = Math.max(start, last - 299) as Revision;
      if (round % 50 !== 0) continue;
      assert.equal((await store.list('p/', { at: kept })).entries[0]?.value, `${kept - start}`);
      assert.equal((await watchUntil(store, 'p/', kept, last)).length, last - kept + 1);
      if (round > 400) await assert.rejects(store.list('p/', { at: (last - 400) as Revision }), Compacted);
    }
    await assert.rejects(async () => {
      for (;;) await slow.next();
    }, Compacted);
  });

  it('a commit that fails does not make the others of its group fail', async (t) => {
    const store = await openFor(t, await temporaryFolder(t));
    const lease = await store.grantLease(60);
    await store.revokeLease(lease);
    const outcomes = await Promise.allSettled([
      write(store, put('a')),
      store.commit({ compares: [], operations: [put('b'), put('c', '', lease)] }),
      write(store, put('d')),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(
      (await store.list('')).entries.map(({ key }) => key),
      ['a', 'd'],
    );
  });

  it('the time of a lease passes also while no process has the folder open', async (t) => {
    const folder = await temporaryFolder(t);
    const store = await openFor(t, folder);
    const [short, long] = [await store.grantLease(60), await store.grantLease(3600)];
    await write(store, put('long', '', long), put('short', '', short));
    const revision = await write(store, put('short/2', '', short));
    await store.close();
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
    const again = await openFor(t, folder);
    assert.deepEqual(
      (await again.list('')).entries.map(({ key }) => key),
      ['long'],
    );
    assert.deepEqual(formatChanges(await watchUntil(again, '', after(revision), after(revision))), [
      `${after(revision)} -short -short/2`,
    ]);
    assert.deepEqual([await again.keepLease(short), await again.keepLease(long)], [false, true]);
  });

  it('reads and writes of a closed store fail as unavailable', async (t) => {
    const store = await openFor(t, await temporaryFolder(t));
    await store.close();
    await assert.rejects(store.list(''), StoreUnavailable);
    await assert.rejects(store.grantLease(1), StoreUnavailable);
    await store.close();
  });

  it('history is kept while a reader needs it, and compacted in steps afterwards', async (t) => {
    const store = await openFor(t, await temporaryFolder(t), 100);
    const writeMany = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, number) => write(store, put(`a/${number}`, String(number)))));
    await writeMany(50);
    const { entries, revision } = await listAll(store, 'a/');
    const release = store.keepHistory();
    const releaseLater = store.keepHistory();
    for (let round = 0; round < 5; round++) await writeMany(1000);
    assert.deepEqual((await listAll(store, 'a/', 7, revision)).entries, entries);
    release();
    await writeMany(200);
    assert.deepEqual((await listAll(store, 'a/', 7, revision)).entries, entries);
    releaseLater();
    // One commit removes 2,000 of the 5,000 surplus revisions.
    await write(store, put('b'));
    await assert.rejects(store.list('a/', { at: revision }), Compacted);
    await store.list('a/', { at: (revision + 2100) as Revision });
    await write(store, put('b'));
    await write(store, put('b'));
    await assert.rejects(store.list('a/', { at: (revision + 5000) as Revision }), Compacted);
  });
});
