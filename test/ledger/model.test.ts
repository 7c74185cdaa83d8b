// The ledger's model, what is generated from it, and the migrations agree. Prisma's command generates the clients, and
// its engine writes the SQL of the model's tables.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bindMigrationAwareSqlAdapterFactory, type SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { generateClients, heads, prismaTools } from '../../prisma/generate.ts';
import { LedgerThread } from '../../src/ledger/ledger-thread.ts';
import { skipWithoutPostgresql, startPostgresql } from '../support/postgresql.ts';
import { temporaryFolder } from '../support/temporary.ts';

const root = join(import.meta.dirname, '../..');
const generated = 'src/ledger/generated';
const tools = prismaTools();
const skip = tools === undefined && process.env.CI !== 'true' ? 'Prisma is not installed' : false;

let engines: ReturnType<typeof loadEngines> | undefined;

test('the generated clients are up to date (npm run prisma)', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  cpSync(join(root, 'prisma'), join(folder, 'prisma'), { recursive: true, verbatimSymlinks: true });
  generateClients(tools as string, folder);
  const filesIn = (place: string) =>
    readdirSync(join(place, generated), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort();
  assert.deepEqual(filesIn(root), filesIn(folder));
  const changed = filesIn(root).filter((name) => {
    const [committed, made] = [root, folder].map((place) => readFileSync(join(place, generated, name)));
    return !committed!.equals(made!);
  });
  assert.deepEqual(changed, [], 'run `npm run prisma`');
});

test('the migrations of SQLite make the tables of the model', { skip }, async (t) => {
  const file = join(await temporaryFolder(t), 'ledger.db');
  await migrated({ kind: 'sqlite', file });
  const model = new DatabaseSync(':memory:');
  model.exec(await sqlOfModel('sqlite'));
  assert.deepEqual(tablesOf(new DatabaseSync(file, { readOnly: true })), tablesOf(model));
});

test('the migrations of PostgreSQL make the tables of the model', {
  skip: skip || skipWithoutPostgresql(),
}, async (t) => {
  const server = await startPostgresql(t);
  const [url, modelUrl] = [server.newDatabase(), server.newDatabase()];
  await migrated({ kind: 'postgresql', url });
  server.run(modelUrl, await sqlOfModel('postgresql'));
  const columns = `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name <> '_prisma_migrations' ORDER BY 1, 2`;
  const indexes = `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1`;
  for (const query of [columns, indexes]) {
    assert.ok(server.run(url, query).length > 100);
    assert.equal(server.run(url, query), server.run(modelUrl, query));
  }
});

test('both heads have the same migrations, in the same order', () => {
  const [sqlite, postgresql] = heads.map((head) => readdirSync(join(root, 'prisma/heads', head, 'migrations')).sort());
  assert.deepEqual(sqlite, postgresql);
  for (const name of sqlite!) assert.match(name, /^\d{14}_[a-z_]+$/);
});

/** Opens a ledger in a new database, which applies all migrations. */
async function migrated(task: ConstructorParameters<typeof LedgerThread>[0]): Promise<void> {
  const ledger = new LedgerThread(task);
  await ledger.identity();
  await ledger.close();
}

function tablesOf(database: DatabaseSync): unknown[] {
  const found = database
    .prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE '%prisma_migrations%' ORDER BY name")
    .all();
  database.close();
  return found.map((row) => ({ ...row }));
}

/** Returns the SQL with which Prisma's schema engine creates the tables of the model in an empty database. */
async function sqlOfModel(provider: 'sqlite' | 'postgresql'): Promise<string> {
  engines ??= loadEngines();
  const { SchemaEngine } = await engines;
  const model = readFileSync(join(root, 'prisma/model/ledger.prisma'), 'utf8');
  const files = [
    { path: 'ledger.prisma', content: model },
    { path: 'head.prisma', content: `datasource db {\n  provider = "${provider}"\n}\n` },
  ];
  const datamodels = files.map(({ path, content }) => [path, content]);
  const engine = await SchemaEngine.new({ datamodels }, () => undefined, unconnected(provider));
  const { stdout } = await engine.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files },
    script: true,
    shadowDatabaseUrl: null,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  return stdout;
}

/** Loads the schema engine. Called only once, because the module can have only one instance. */
async function loadEngines() {
  const folder = join(tools as string, 'node_modules/@prisma/schema-engine-wasm');
  const bindings = await import(join(folder, 'schema_engine_bg.js'));
  const wasm = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const { WebAssembly } = globalThis as unknown as WithWebAssembly;
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start?: () => void }).__wbindgen_start?.();
  return bindings;
}

/** Returns an adapter without a database: the engine does not need one to make the SQL for an empty database. */
function unconnected(provider: 'sqlite' | 'postgresql') {
  const identity = { provider: provider === 'sqlite' ? 'sqlite' : 'postgres', adapterName: 'none' } as const;
  const connect = async (): Promise<SqlDriverAdapter> => ({
    ...identity,
    queryRaw: async () => ({ columnNames: [], columnTypes: [], rows: [] }),
    executeRaw: async () => 0,
    executeScript: async () => undefined,
    startTransaction: () => Promise.reject(new Error('there is no database')),
    dispose: async () => undefined,
  });
  return bindMigrationAwareSqlAdapterFactory({ ...identity, connect, connectToShadowDb: connect });
}

/** The part of WebAssembly that Node's types lack. */
interface WithWebAssembly {
  WebAssembly: { instantiate(wasm: Buffer, imports: object): Promise<{ instance: { exports: object } }> };
}
