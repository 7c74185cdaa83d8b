// An idle ledger frees the pages that SQLite caches. Cited by src/ledger/sqlite-adapter.ts.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { sqliteAdapter } from '../../src/ledger/sqlite-adapter.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('SQLite gives memory back after a time without queries, and not between queries', async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  t.mock.timers.enable({ apis: ['setInterval'] });
  const executed: string[] = [];
  const { exec } = DatabaseSync.prototype;
  t.mock.method(DatabaseSync.prototype, 'exec', function (this: DatabaseSync, sql: string) {
    executed.push(sql);
    exec.call(this, sql);
  });
  const shrinks = () => executed.filter((sql) => sql === 'PRAGMA shrink_memory').length;
  const adapter = await sqliteAdapter(file).connect();
  const ask = () => adapter.queryRaw({ sql: 'SELECT 1', args: [], argTypes: [] });
  for (let i = 0; i < 5; i += 1) {
    await ask();
    t.mock.timers.tick(10_000);
  }
  assert.equal(shrinks(), 0);
  t.mock.timers.tick(10_000);
  assert.equal(shrinks(), 1);
  await ask();
  t.mock.timers.tick(10_000);
  assert.equal(shrinks(), 1);
  await adapter.dispose();
  // The timer must have been stopped: otherwise it would throw on the closed database.
  t.mock.timers.tick(100_000);
  assert.equal(shrinks(), 1);
});
