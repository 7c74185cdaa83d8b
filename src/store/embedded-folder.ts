// Opens and closes the embedded store's folder: `store.sqlite` (with SQLite's `-wal` beside it), and `store.pid` with
// the process that opened it last, and whether that process has closed it. Refuses a folder that cannot be used, with a
// message that says how to repair it. Reads and writes: embedded-database.ts.

import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf } from '../model/thrown.ts';
import { schema } from './embedded-sql.ts';

const formatVersion = 1;

/** SQLite's result codes. `shortRead` is an extended code: its low octet is the primary code. */
const resultCodes = { busy: 5, locked: 6, corrupt: 11, notADatabase: 26, shortRead: 522 } as const;

/** The second line of `store.pid` from the opening of the store until it is closed. Older versions do not write it. */
const openMark = 'open';
/** Only its owner may read what the store holds. */
const ownerOnly = 0o600;

/**
 * Opens the folder's database, for this process alone. Need not write to an existing database, so it also works on a
 * full disk.
 */
export function openDatabase(folder: string): DatabaseSync {
  refuseLost(folder);
  keepPrivate(folder);
  let database: DatabaseSync | undefined;
  let isOurs = false;
  try {
    database = new DatabaseSync(databaseFile(folder));
    // The operating system holds the exclusive lock. It ends with the process, even after a crash.
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -8192;
      PRAGMA journal_size_limit = 67108864;
      BEGIN EXCLUSIVE;
    `);
    isOurs = true;
    const version = numberIn(database.prepare('PRAGMA user_version'));
    if (version > formatVersion) {
      throw new Error(
        `The folder ${folder} was written by a newer version (format ${version}, this one reads ${formatVersion})`,
      );
    }
    // The pid file is written after the schema. If it exists and the schema does not, the WAL held the schema and all
    // data, and is now missing or truncated.
    if (version === 0 && existsSync(pidFile(folder))) {
      throw lost(folder, 'store.sqlite-wal is missing or truncated, but the folder had a store');
    }
    if (version < formatVersion) database.exec(`${schema} PRAGMA user_version = ${formatVersion};`);
    else refuseDamaged(folder, database);
    database.exec('COMMIT');
    writePid(folder);
    return database;
  } catch (error) {
    if (isOurs) markClosed(folder);
    database?.close();
    if (isOneOf(error, resultCodes.busy, resultCodes.locked)) {
      const holder = `another process (pid ${readPid(folder)})`;
      throw new Error(`The folder ${folder} is in use by ${holder}: stop that process, or choose another folder`, {
        cause: error,
      });
    }
    if (isDamage(error)) throw lost(folder, `the database is damaged (${messageOf(error)})`, { cause: error });
    if (error instanceof Error && 'errcode' in error) {
      throw new Error(`The folder ${folder} cannot be used: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** Closes the folder's database. SQLite moves what is in the WAL into the database and deletes the WAL. */
export function closeDatabase(folder: string, database: DatabaseSync): void {
  // Before the WAL is deleted: after a crash in between, the store must not seem to have lost it.
  markClosed(folder);
  database.close();
}

/** Returns true if SQLite found the file altered or truncated. A full or failing disk is not damage. */
export function isDamage(error: unknown): boolean {
  return isOneOf(error, resultCodes.corrupt, resultCodes.notADatabase, resultCodes.shortRead);
}

/** Returns the only number in a query's first row; 0 without a row, or for NULL. */
export function numberIn(statement: StatementSync, ...values: string[]): number {
  return Number(Object.values(statement.get(...values) ?? {})[0] ?? 0);
}

/**
 * Refuses a folder whose database file is missing or empty: SQLite would take it for a new database and delete the WAL,
 * and we would serve no zones. Refuses a folder whose WAL is missing although no process has closed the store: the
 * newest changes were only there. A WAL that is shorter than it was cannot be told from one that a crash cut off.
 */
function refuseLost(folder: string): void {
  const file = databaseFile(folder);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size > 0) {
    const isMissing = () => !existsSync(`${file}-wal`);
    // Looks for it twice: meanwhile another process may open or close the store.
    if (isMissing() && isMarkedOpen(folder) && isMissing()) {
      throw lost(folder, 'store.sqlite-wal is missing, but the store was not closed', {
        wayOut: 'delete store.pid to go on without the changes that were only in store.sqlite-wal',
      });
    }
    return;
  }
  if (![pidFile(folder), `${file}-wal`].some((path) => existsSync(path))) return;
  throw lost(folder, `store.sqlite is ${size === undefined ? 'missing' : 'empty'}, but the folder had a store`);
}

/** Checks the whole file. Otherwise a damaged page could stay unnoticed for weeks, until a read needs it. */
function refuseDamaged(folder: string, database: DatabaseSync): void {
  const found = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0];
  if (found !== 'ok') throw lost(folder, `the database is damaged (${String(found).replaceAll('\n', ' ')})`);
}

function lost(folder: string, reason: string, { cause, wayOut }: { cause?: unknown; wayOut?: string } = {}): Error {
  const remedy = [
    'restore the whole folder from a backup',
    ...(wayOut === undefined ? [] : [wayOut]),
    'or move it away to start with an empty store',
  ];
  return new Error(`The folder ${folder} cannot be used: ${reason}: ${remedy.join(', ')}`, { cause });
}

/**
 * Lets only the owner read the files. Creates the database file, because SQLite would let others read it; the WAL gets
 * its mode. Best effort: the files may belong to another user, or the folder be used by another process.
 */
function keepPrivate(folder: string): void {
  try {
    // Only if it is missing: closing it would end locks that this process has on it.
    if (!existsSync(databaseFile(folder))) closeSync(openSync(databaseFile(folder), 'a', ownerOnly));
    for (const name of readdirSync(folder)) if (/^store\./.test(name)) chmodSync(join(folder, name), ownerOnly);
  } catch {
    // If the folder cannot be used at all, SQLite says why.
  }
}

/**
 * Writes the process id, and marks the store as open. The file stays when the process ends: it also proves that the
 * folder had a store.
 */
function writePid(folder: string): void {
  try {
    // The WAL must be in the folder before the mark is: after a power failure it must not seem to be lost.
    syncFolder(folder);
    writeFileSync(pidFile(folder), `${process.pid}\n${openMark}\n`, { mode: ownerOnly, flush: true });
  } catch {
    // Best effort: the disk may be full.
  }
}

/** Removes the mark. Writes nothing, so that it works on a full disk. */
function markClosed(folder: string): void {
  try {
    const file = openSync(pidFile(folder), 'r+');
    try {
      ftruncateSync(file, Buffer.byteLength(`${readPid(folder)}\n`));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // There is no mark, or this user may not write it.
  }
}

function syncFolder(folder: string): void {
  const directory = openSync(folder, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function isMarkedOpen(folder: string): boolean {
  return readPidFile(folder)[1] === openMark;
}

function readPid(folder: string): string {
  return readPidFile(folder)[0] || 'unknown';
}

/** Returns the lines of `store.pid`; none if it cannot be read. */
function readPidFile(folder: string): string[] {
  try {
    return readFileSync(pidFile(folder), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

function databaseFile(folder: string): string {
  return join(folder, 'store.sqlite');
}

function pidFile(folder: string): string {
  return join(folder, 'store.pid');
}

function isOneOf(error: unknown, ...codes: number[]): boolean {
  if (!(error instanceof Error && 'errcode' in error)) return false;
  const code = Number(error.errcode);
  return codes.includes(code) || codes.includes(code & 0xff);
}
