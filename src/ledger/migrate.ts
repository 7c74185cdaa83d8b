// Brings a ledger's tables up to date, and records the migrations as Prisma's own tool does. That tool would add 230 MB
// and a download. The SQL: prisma/heads/<database>/migrations.

import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Client } from './client.ts';
import type { Dialect } from './rows.ts';

const bookkeeping: Record<Dialect, string> = {
  sqlite: `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" TEXT PRIMARY KEY NOT NULL, "checksum" TEXT NOT NULL, "finished_at" DATETIME, "migration_name" TEXT NOT NULL,
    "logs" TEXT, "rolled_back_at" DATETIME, "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0)`,
  postgresql: `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id" VARCHAR(36) PRIMARY KEY NOT NULL, "checksum" VARCHAR(64) NOT NULL, "finished_at" TIMESTAMPTZ,
    "migration_name" VARCHAR(255) NOT NULL, "logs" TEXT, "rolled_back_at" TIMESTAMPTZ,
    "started_at" TIMESTAMPTZ NOT NULL DEFAULT now(), "applied_steps_count" INTEGER NOT NULL DEFAULT 0)`,
};

/**
 * The lock that Prisma's own tool takes too. It keeps two replicas, or a replica and the tool, from migrating at the
 * same time.
 */
const advisoryLock = 72707369;
/** A migration of many rows may take minutes. */
const migrationMilliseconds = 600_000;

/**
 * Applies the migrations that the database lacks, all in one transaction, and returns the identity of the ledger. A new
 * database gets a new identity. Throws if a newer version has migrated the database.
 */
export async function migrate(client: Client, dialect: Dialect): Promise<string> {
  const migrations = readMigrations(dialect);
  return client.$transaction(
    async (transaction) => {
      if (dialect === 'postgresql') {
        await transaction.$queryRaw`SELECT pg_advisory_xact_lock(${advisoryLock}::bigint)::text AS "lock"`;
      }
      await transaction.$executeRawUnsafe(bookkeeping[dialect]);
      const applied = await transaction.$queryRaw<{ migration_name: string }[]>`
        SELECT "migration_name" FROM "_prisma_migrations" WHERE "finished_at" IS NOT NULL`;
      const names = new Set(applied.map(({ migration_name }) => migration_name));
      const unknown = [...names].find((name) => !migrations.some((migration) => migration.name === name));
      if (unknown !== undefined) {
        throw new Error(`the ledger was written by a newer version (its migration ${unknown} is not known here)`);
      }
      for (const { name, sql, checksum } of migrations) {
        if (names.has(name)) continue;
        for (const statement of statementsIn(sql)) await transaction.$executeRawUnsafe(statement);
        await transaction.$executeRaw`
          INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
          VALUES (${randomUUID()}, ${checksum}, ${name}, CURRENT_TIMESTAMP, 1)`;
      }
      const known = await transaction.property.findUnique({ where: { name: 'ledger' } });
      return (known ?? (await transaction.property.create({ data: { name: 'ledger', value: randomUUID() } }))).value;
    },
    { timeout: migrationMilliseconds, maxWait: migrationMilliseconds },
  );
}

function readMigrations(dialect: Dialect): { name: string; sql: string; checksum: string }[] {
  const folder = new URL(`../../prisma/heads/${dialect}/migrations/`, import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const file = readFileSync(new URL(`${name}/migration.sql`, folder));
      return { name, sql: file.toString(), checksum: createHash('sha256').update(file).digest('hex') };
    });
}

/** Returns the statements of a migration. Each ends with a semicolon at the end of a line. */
function statementsIn(sql: string): string[] {
  return sql.split(/;\s*$/m).filter((statement) => statement.trim() !== '');
}
