// The ledger in a SQLite file.

import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PrismaClient } from '../generated/sqlite/client.ts';
import { migrate } from '../migrate.ts';
import { PrismaLedger } from '../prisma-ledger.ts';
import { sqliteAdapter } from '../sqlite-adapter.ts';

/** The mode of the file: only its owner may read the history. */
const ownerOnly = 0o600;

export async function openSqliteLedger(file: string): Promise<PrismaLedger> {
  mkdirSync(dirname(resolve(file)), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', ownerOnly));
  chmodSync(file, ownerOnly);
  const client = new PrismaClient({ adapter: sqliteAdapter(file) });
  try {
    return new PrismaLedger(client, 'sqlite', await migrate(client, 'sqlite'));
  } catch (error) {
    await client.$disconnect();
    throw error;
  }
}
