// Runs the contract of the ledger on both databases, each ledger in a thread of its own, as a replica uses it.

import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { LedgerTask } from '../../src/ledger/ledger-messages.ts';
import { LedgerThread } from '../../src/ledger/ledger-thread.ts';
import { skipWithoutPostgresql, startPostgresql, type TestPostgresql } from '../support/postgresql.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { testLedger } from './contract.ts';

function opened(test: Cleanup, task: LedgerTask) {
  const open = () => {
    const ledger = new LedgerThread(task);
    test.after(() => ledger.close());
    return ledger;
  };
  return { ledger: open(), again: open };
}

const newFile = async (test: Cleanup) => join(await temporaryFolder(test), 'ledger.db');

const skip = skipWithoutPostgresql();
let server: Promise<TestPostgresql> | undefined;
const cleaners: (() => unknown)[] = [];
after(async () => {
  for (const clean of cleaners) await clean();
});
/** Returns the server that all tests share. The first test that needs it starts it. Each test has its own database. */
const postgresql = () => {
  server ??= startPostgresql({ after: (clean) => cleaners.push(clean) });
  return server;
};

testLedger({
  name: 'SQLite',
  skip: false,
  open: async (test) => opened(test, { kind: 'sqlite', file: await newFile(test) }),
});

testLedger({
  name: 'PostgreSQL',
  skip,
  open: async (test) => opened(test, { kind: 'postgresql', url: (await postgresql()).newDatabase() }),
});

test('only its owner can read the file of a ledger', async (t) => {
  const file = await newFile(t);
  const { ledger } = opened(t, { kind: 'sqlite', file });
  await ledger.identity();
  for (const name of [file, `${file}-wal`]) assert.equal(statSync(name).mode & 0o777, 0o600, name);
});

test('for a file that is no ledger, or cannot be opened, the error is one line', async (t) => {
  const file = await newFile(t);
  writeFileSync(file, 'no database, but a text that is long enough to look at'.repeat(100));
  await assert.rejects(opened(t, { kind: 'sqlite', file }).ledger.identity(), {
    name: 'LedgerUnavailable',
    message: /^[^\n]*not a database[^\n]*$/,
  });
});

test('an error has the reason that the database gives, without the words of Prisma', { skip }, async (t) => {
  const file = await newFile(t);
  const { newDatabase, run } = await postgresql();
  const url = newDatabase();
  const ledgers = [opened(t, { kind: 'sqlite', file }).ledger, opened(t, { kind: 'postgresql', url }).ledger];
  for (const ledger of ledgers) await ledger.identity();
  new DatabaseSync(file).exec('DROP TABLE event');
  run(url, 'DROP TABLE event');
  const reasons = await Promise.all(ledgers.map((ledger) => ledger.identity().catch(({ message }) => message)));
  assert.deepEqual(reasons, ['no such table: main.event', 'relation "public.event" does not exist']);
});

test('two replicas may open the same PostgreSQL ledger for the first time together', { skip }, async (t) => {
  const url = (await postgresql()).newDatabase();
  const ledgers = [1, 2, 3].map(() => opened(t, { kind: 'postgresql', url }).ledger);
  const ids = await Promise.all(ledgers.map(async (ledger) => (await ledger.identity()).id));
  assert.equal(new Set(ids).size, 1);
});

test('while PostgreSQL is stopped, calls fail with a reason; they work again without a restart', {
  skip,
}, async (t) => {
  const own = await startPostgresql(t);
  const { ledger } = opened(t, { kind: 'postgresql', url: own.newDatabase() });
  await ledger.identity();
  await own.stop();
  await assert.rejects(ledger.listEvents({}, { limit: 1 }), { name: 'LedgerUnavailable', message: /./ });
  await own.start();
  assert.deepEqual(await ledger.listEvents({}, { limit: 1 }), { items: [], next: undefined });
});

test('a ledger that a newer version has written is refused', { skip }, async (t) => {
  const { newDatabase, run } = await postgresql();
  const url = newDatabase();
  await opened(t, { kind: 'postgresql', url }).ledger.identity();
  run(url, `UPDATE "_prisma_migrations" SET "migration_name" = '99999999999999_later'`);
  await assert.rejects(opened(t, { kind: 'postgresql', url }).ledger.identity(), /newer version/);
});
