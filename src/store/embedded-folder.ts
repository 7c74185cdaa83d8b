// The embedded store's folder: `store.sqlite` (with SQLite's `-wal` beside it), and `store.pid`, which names the process that had it open last. What
// cannot be opened is refused in words that name the way out. What is done with the database: embedded.ts.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf } from '../model/thrown.ts';
import { schema } from './embedded-sql.ts';

const formatVersion = 1;

/** SQLite's result codes; the last is an extended one, with more in its higher bits. */
const resultCodes = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26, shortRead: 522 } as const;

/** Opens the folder's database, for this process alone. Nothing is written into one that is there, so it opens on a full disk, too. */
export function openDatabase(folder: string): DatabaseSync {
  refuseLost(folder);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(databaseFile(folder));
    // The exclusive lock is the operating system's: it goes with the process, however that ends.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -8192;
      PRAGMA journal_size_limit = 67108864;
      BEGIN EXCLUSIVE;
    `);
    const version = numberIn(database.prepare('PRAGMA user_version'));
    if (version > formatVersion) {
      throw new Error(
        `The folder ${folder} was written by a newer version (format ${version}, this one reads ${formatVersion})`,
      );
    }
    // The pid is written once the schema stands: that, and all that came after it, was in a WAL that is gone or cut.
    if (version === 0 && existsSync(holderFile(folder))) {
      throw lost(folder, 'store.sqlite-wal is gone or cut, and a store was there');
    }
    if (version < formatVersion) database.exec(`${schema} PRAGMA user_version = ${formatVersion};`);
    else refuseDamaged(folder, database);
    database.exec('COMMIT');
    nameHolder(folder);
    return database;
  } catch (error) {
    database?.close();
    if (isOneOf(error, resultCodes.busy, resultCodes.locked)) {
      const holder = `another process (pid ${holderOf(folder)})`;
      throw new Error(`The folder ${folder} is in use by ${holder}: stop that, or name another folder`, {
        cause: error,
      });
    }
    if (isDamage(error)) throw lost(folder, `the database is damaged (${messageOf(error)})`, error);
    if (error instanceof Error && 'errcode' in error) {
      throw new Error(`The folder ${folder} cannot be used: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Whether SQLite found that the file is not as it wrote it, or cut short; a disk that is full, or fails, is something else. */
export function isDamage(error: unknown): boolean {
  return isOneOf(error, resultCodes.corrupt, resultCodes.notADatabase, resultCodes.shortRead);
}

/** The one number that a query gives; 0 for none. */
export function numberIn(statement: StatementSync): number {
  return Number(Object.values(statement.get() ?? {})[0] ?? 0);
}

/** To SQLite a file that is missing or empty is a new database: it would delete the WAL, and we would serve no zones. */
function refuseLost(folder: string): void {
  const file = databaseFile(folder);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size > 0) return;
  if (![holderFile(folder), `${file}-wal`].some((path) => existsSync(path))) return;
  throw lost(folder, `store.sqlite is ${size === undefined ? 'gone' : 'empty'}, and a store was there`);
}

/** Looks through the whole file: a page that nobody reads for weeks would stop the service then. */
function refuseDamaged(folder: string, database: DatabaseSync): void {
  const found = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (found !== 'ok') throw lost(folder, `the database is damaged (${String(found).replaceAll('\n', ' ')})`);
}

function lost(folder: string, reason: string, cause?: unknown): Error {
  const wayOut = 'restore all of it from a backup, or move the folder away to begin anew';
  return new Error(`The folder ${folder} cannot be used: ${reason}: ${wayOut}`, { cause });
}

/** It stays when the process ends: it also says that a store was here. */
function nameHolder(folder: string): void {
  try {
    writeFileSync(holderFile(folder), `${process.pid}\n`);
  } catch {
    // On a full disk nobody is named.
  }
}

function holderOf(folder: string): string {
  try {
    return readFileSync(holderFile(folder), 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}

function databaseFile(folder: string): string {
  return join(folder, 'store.sqlite');
}

function holderFile(folder: string): string {
  return join(folder, 'store.pid');
}

function isOneOf(error: unknown, ...codes: number[]): boolean {
  if (!(error instanceof Error && 'errcode' in error)) return false;
  const code = Number(error.errcode);
  return codes.includes(code) || codes.includes(code & 0xff);
}
