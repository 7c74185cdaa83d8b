// SQLite's plan for the query of usage.ts uses the key of the table. So it does not read all samples again for each
// step.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Client } from '../../src/ledger/client.ts';
import { PrismaClient } from '../../src/ledger/generated/sqlite/client.ts';
import { openSqliteLedger } from '../../src/ledger/heads/sqlite.ts';
import { sqliteAdapter } from '../../src/ledger/sqlite-adapter.ts';
import { listUsage } from '../../src/ledger/usage.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('the steps of a plot are read with the key of the samples', async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  await (await openSqliteLedger(file)).close();
  const client = new PrismaClient({ adapter: sqliteAdapter(file), log: [{ emit: 'event', level: 'query' }] });
  t.after(() => client.$disconnect());
  const queries: { query: string; params: string }[] = [];
  client.$on('query', (event) => queries.push(event));
  await listUsage(client as unknown as Client, { pool: 'lan', since: 0, until: 1000, step: 10 });
  const [{ query, params } = { query: '', params: '[]' }] = queries.filter(({ query: one }) => one.includes('peak'));
  const plan = await client.$queryRawUnsafe<{ detail: string }[]>(`EXPLAIN QUERY PLAN ${query}`, ...JSON.parse(params));
  const key = 'SEARCH usage_sample USING INDEX sqlite_autoindex_usage_sample_1';
  assert.deepEqual(
    plan.map(({ detail }) => detail).filter((detail) => /SEARCH|SCAN/.test(detail)),
    [
      `${key} (pool=? AND family=? AND at>? AND at<?)`,
      'SCAN last',
      `${key.replace('usage_sample', 'sample')} (pool=? AND family=? AND at=?)`,
    ],
  );
});
