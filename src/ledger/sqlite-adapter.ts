// Prisma's driver for SQLite, on the SQLite of Node. It knows the types of our tables: whole numbers, floats, truth
// values and texts. Its calls block the thread, so only the ledger's thread uses it.

import { DatabaseSync, type StatementSync } from 'node:sqlite';
import {
  type ArgType,
  type ColumnType,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlQueryable,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils';
import { OpenFile } from './open-file.ts';

const identity = { provider: 'sqlite', adapterName: 'zonewright-node-sqlite' } as const;

/** After this time without a query, the memory for pages is freed. */
const idleMilliseconds = 10_000;

/**
 * The maximum number of statements that stay prepared. Prisma writes few different statements, but another one for each
 * number of values in an IN.
 */
const maxStatements = 64;

/**
 * Returns the factory that `new PrismaClient({ adapter })` takes, for the database in a file. Prisma closes the
 * database when the client disconnects.
 */
export function sqliteAdapter(file: string): SqlDriverAdapterFactory {
  return { ...identity, connect: async () => new SqliteAdapter(openDatabase(file), new OpenFile(file)) };
}

function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  // FULL: what was appended is deleted from the store afterwards, so it must survive a power failure. Rows go to many
  // places of the indexes: with the default limits for cache and WAL, a batch takes ten times as long.
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -32768;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
  `);
  return database;
}

/** A database as Prisma uses it. While a transaction is open, all other queries wait for its end. */
class SqliteAdapter implements SqlDriverAdapter {
  readonly provider = identity.provider;
  readonly adapterName = identity.adapterName;
  readonly #database: DatabaseSync;
  readonly #file: OpenFile;
  readonly #queries: SqlQueryable;
  readonly #shrinking: NodeJS.Timeout;
  /** True if there was no query since the last check. */
  #isIdle = false;
  /** Resolves when the last requested transaction has ended. */
  #turn: Promise<void> = Promise.resolve();

  constructor(database: DatabaseSync, file: OpenFile) {
    this.#database = database;
    this.#file = file;
    this.#queries = new Queries(database);
    this.#shrinking = setInterval(() => this.#shrinkIfIdle(), idleMilliseconds).unref();
  }

  async queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    await this.#turn;
    this.#checkFile();
    return this.#queries.queryRaw(query);
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    await this.#turn;
    this.#checkFile();
    return this.#queries.executeRaw(query);
  }

  async executeScript(script: string): Promise<void> {
    await this.#turn;
    this.#run(script);
  }

  async startTransaction(): Promise<Transaction> {
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const before = this.#turn;
    this.#turn = promise;
    await before;
    const finish = async (statement: string) => {
      try {
        this.#run(statement);
      } finally {
        end();
      }
    };
    try {
      this.#checkFile();
      this.#run('BEGIN IMMEDIATE');
    } catch (error) {
      end();
      throw error;
    }
    return {
      ...identity,
      options: { usePhantomQuery: true },
      queryRaw: (query) => this.#queries.queryRaw(query),
      executeRaw: (query) => this.#queries.executeRaw(query),
      commit: async () => {
        await finish('COMMIT');
        // If the files were replaced, the commit is not in the ledger: throws.
        this.#checkFile();
      },
      rollback: () => finish('ROLLBACK'),
    };
  }

  async dispose(): Promise<void> {
    clearInterval(this.#shrinking);
    await this.#turn;
    this.#database.close();
  }

  /**
   * Frees the memory of pages that were read (test/ledger/idle-memory.test.ts). The page cache of the system keeps
   * them.
   */
  #shrinkIfIdle(): void {
    if (this.#isIdle) this.#database.exec('PRAGMA shrink_memory');
    this.#isIdle = true;
  }

  #checkFile(): void {
    this.#isIdle = false;
    const message = this.#file.reasonAgainst();
    if (message !== undefined) throw new DriverAdapterError({ kind: 'sqlite', extendedCode: databaseMoved, message });
  }

  /** Runs statements without parameters. `prepare` would run only the first of them. */
  #run(script: string): void {
    capture(() => this.#database.exec(script));
  }
}

/** Runs single statements, and keeps them prepared. */
class Queries implements SqlQueryable {
  readonly provider = identity.provider;
  readonly adapterName = identity.adapterName;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async queryRaw({ sql, args, argTypes }: SqlQuery): Promise<SqlResultSet> {
    return capture(() => {
      const statement = this.#prepare(sql);
      const rows = statement.all(...parameters(args, argTypes)) as unknown as unknown[][];
      const columns = statement.columns();
      const columnTypes = columns.map(({ type }, index) => columnType(type, rows, index));
      return {
        columnNames: columns.map(({ name }) => name),
        columnTypes,
        rows: rows.map((row) => row.map((value, index) => shownValue(value, columnTypes[index] as ColumnType))),
      };
    });
  }

  async executeRaw({ sql, args, argTypes }: SqlQuery): Promise<number> {
    return capture(() => Number(this.#prepare(sql).run(...parameters(args, argTypes)).changes));
  }

  #prepare(sql: string): StatementSync {
    const known = this.#prepared.get(sql);
    // Moves the statement to the end of the map: the first one is the least recently used.
    this.#prepared.delete(sql);
    const statement = known ?? this.#database.prepare(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    this.#prepared.set(sql, statement);
    if (this.#prepared.size > maxStatements) this.#prepared.delete(this.#prepared.keys().next().value as string);
    return statement;
  }
}

type Parameter = null | number | bigint | string | Uint8Array;

/**
 * Returns Prisma's parameters as SQLite takes them. SQLite has no truth values, and Prisma writes a BigInt as a text.
 */
function parameters(values: readonly unknown[], types: readonly ArgType[]): Parameter[] {
  return values.map((value, index) => {
    if (typeof value === 'boolean') return Number(value);
    if (typeof value !== 'string') return value as Parameter;
    const type = types[index]?.scalarType;
    if (type === 'bigint' || type === 'int') return BigInt(value);
    return type === 'float' ? Number(value) : value;
  });
}

/** The types of columns in our migrations. */
const declaredTypes: Readonly<Record<string, ColumnType>> = {
  BIGINT: ColumnTypeEnum.Int64,
  INTEGER: ColumnTypeEnum.Int32,
  BOOLEAN: ColumnTypeEnum.Boolean,
  REAL: ColumnTypeEnum.Double,
  TEXT: ColumnTypeEnum.Text,
};

/**
 * Returns the declared type of a column. An expression has none: returns the type of its first value that is not NULL.
 */
function columnType(declared: string | null, rows: readonly unknown[][], index: number): ColumnType {
  const known = declared === null ? undefined : declaredTypes[declared];
  if (known !== undefined) return known;
  const value = rows.find((row) => row[index] !== null)?.[index];
  if (typeof value === 'bigint') return ColumnTypeEnum.Int64;
  return typeof value === 'number' ? ColumnTypeEnum.Double : ColumnTypeEnum.Text;
}

/** Returns a value as Prisma reads it: whole numbers of 64 bits as texts. */
function shownValue(value: unknown, type: ColumnType): unknown {
  if (typeof value !== 'bigint') return value;
  return type === ColumnTypeEnum.Int64 ? String(value) : Number(value);
}

/** A result code of SQLite: SQLITE_READONLY_DBMOVED. */
const databaseMoved = 1032;

/** Result codes of SQLite: a primary key, or another unique index, has the value already. */
const notUnique = [1555, 2067];

function capture<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error && 'errcode' in error)) throw error;
    const { message } = error;
    const extendedCode = Number(error.errcode);
    if (!notUnique.includes(extendedCode)) throw new DriverAdapterError({ kind: 'sqlite', extendedCode, message });
    const fields = message.split(': ')[1]?.split(', ') ?? [];
    throw new DriverAdapterError({ kind: 'UniqueConstraintViolation', constraint: { fields } });
  }
}
