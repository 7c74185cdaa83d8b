// A ledger of an earlier version is brought up to date, and keeps its contents.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { LedgerTask } from '../../src/ledger/ledger-messages.ts';
import { LedgerThread } from '../../src/ledger/ledger-thread.ts';
import { skipWithoutPostgresql, startPostgresql } from '../support/postgresql.ts';
import { temporaryFolder } from '../support/temporary.ts';

const heads = join(import.meta.dirname, '../../prisma/heads');
const first = '20261129000000_begin';

/** Returns the SQL that makes a database as the first version left it, with an event in each of two hours. */
function firstVersion(head: 'sqlite' | 'postgresql'): string {
  const boolean = head === 'sqlite' ? '0' : 'false';
  const event = (id: number, hour: number) =>
    `INSERT INTO "event" VALUES (${id}, ${hour * 3_600_000}, ${hour}, 'a', 'host', 'created', 'h${id}.example', 'token', '01J', 'admin', NULL, NULL, NULL, NULL, '{}', ${boolean});`;
  return `${readFileSync(join(heads, head, 'migrations', first, 'migration.sql'), 'utf8')}
    CREATE TABLE "_prisma_migrations" (
      "id" VARCHAR(36) PRIMARY KEY NOT NULL, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMP,
      "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMP,
      "started_at" TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, "applied_steps_count" INTEGER NOT NULL DEFAULT 0);
    INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at") VALUES ('1', '', '${first}', CURRENT_TIMESTAMP);
    INSERT INTO "property" VALUES ('ledger', 'the-first');
    ${event(65_536, 490_000)} ${event(131_072, 490_001)}`;
}

async function assertUpToDate(t: TestContext, task: LedgerTask): Promise<void> {
  const ledger = new LedgerThread(task);
  t.after(() => ledger.close());
  assert.deepEqual(await ledger.identity(), { id: 'the-first', isEmpty: false });
  const found = await ledger.listEvents({ until: 490_001 * 3_600_000 }, { limit: 10 });
  assert.deepEqual(
    found.items.map(({ name }) => name),
    ['h65536.example'],
  );
  assert.equal((await ledger.listEvents({ since: 0 }, { limit: 10 })).items.length, 2);
}

test('there are migrations after that of the first version', () => {
  assert.ok(readdirSync(join(heads, 'sqlite/migrations')).length > 1);
});

test('a SQLite ledger of the first version is brought up to date', async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  const database = new DatabaseSync(file);
  database.exec(firstVersion('sqlite'));
  database.close();
  await assertUpToDate(t, { kind: 'sqlite', file });
});

test('a PostgreSQL ledger of the first version is brought up to date', { skip: skipWithoutPostgresql() }, async (t) => {
  const server = await startPostgresql(t);
  const url = server.newDatabase();
  server.run(url, firstVersion('postgresql'));
  await assertUpToDate(t, { kind: 'postgresql', url });
});
