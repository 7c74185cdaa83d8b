// The ledger in a PostgreSQL database.

import { PrismaPg } from '@prisma/adapter-pg';
import type { Client } from '../client.ts';
import { PrismaClient } from '../generated/postgresql/client.ts';
import { migrate } from '../migrate.ts';
import { PrismaLedger } from '../prisma-ledger.ts';

const connectMilliseconds = 5_000;
/** A statement that takes longer fails here. The server may still complete it. */
const statementMilliseconds = 60_000;
/** One for appends, one for retention, and two for reads. */
const maxConnections = 4;

export async function openPostgresqlLedger(url: string): Promise<PrismaLedger> {
  const connection = {
    connectionString: url,
    max: maxConnections,
    connectionTimeoutMillis: connectMilliseconds,
    query_timeout: statementMilliseconds,
    keepAlive: true,
    application_name: 'zonewright',
  };
  // pg reports connections that break while nobody uses them: the next query opens another one.
  const adapter = new PrismaPg(connection, { onPoolError: () => undefined });
  const client = new PrismaClient({ adapter }) as unknown as Client;
  try {
    return new PrismaLedger(client, 'postgresql', await migrate(client, 'postgresql'));
  } catch (error) {
    await client.$disconnect();
    throw error;
  }
}
