// Opens and closes the folder of the embedded store. It has `store.sqlite` with SQLite's `-wal`, and `store.pid`: the
// process that opened the store last, and whether this process has closed it. A folder that cannot be used is refused,
// with a message that says how to repair it. Reads and writes: embedded-database.ts.

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

/** The second line of `store.pid` while the store is open. Older versions do not write it. */
const openMark = 'open';
/** Only the owner of the files may read what the store has. */
const ownerOnly = 0o600;

/**
 * Opens the folder's database for this process alone. An existing database need not be written to, so this works on a
 * full disk too.
 */
export function openDatabase(folder: string): DatabaseSync {
  refuseLost(folder);
  keepPrivate(folder);
  let database: DatabaseSync | undefined;
  let isOurs = false;
  try {
    database = new DatabaseSync(databaseFile(folder));
    // The operating system has the exclusive lock, which ends with the process, even after a crash.
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
        `The folder ${folder} was written by a newer version (format ${version}, this one reads ${formatVersion}): start that version again`,
      );
    }
    // The pid file is written after the schema. If it exists without the schema, the schema and all data were in the
    // WAL, which is now missing or truncated.
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

/** Closes the folder's database. SQLite moves the contents of the WAL into the database, and deletes the WAL. */
export function closeDatabase(folder: string, database: DatabaseSync): void {
  // Mark the store as closed before SQLite deletes the WAL. Otherwise, after a crash in between, the WAL would seem
  // lost.
  markClosed(folder);
  database.close();
}

/** Returns whether SQLite found the file altered or truncated. A full or failing disk is not damage. */
export function isDamage(error: unknown): boolean {
  return isOneOf(error, resultCodes.corrupt, resultCodes.notADatabase, resultCodes.shortRead);
}

/** Returns the only number in a query's first row; 0 without a row, or for NULL. */
export function numberIn(statement: StatementSync, ...values: string[]): number {
  return Number(Object.values(statement.get(...values) ?? {})[0] ?? 0);
}

/**
 * Refuses a folder that had a store, but whose database file is missing or empty: SQLite would create a new database
 * and delete the WAL, and we would serve no zones. Refuses a folder whose WAL is missing although the store was not
 * closed: the newest changes were only in the WAL. Accepts a shortened WAL: a crash may have cut off its
 * end.
 */
function refuseLost(folder: string): void {
  const file = databaseFile(folder);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size !== undefined && size > 0) {
    const isMissing = () => !existsSync(`${file}-wal`);
    // Looks twice, since another process may be opening or closing the store.
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

/** Checks the whole file. Otherwise a damaged page might not be noticed until a read needs it, weeks later. */
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
 * Lets only the owner read the files. Creates the database file first, because SQLite would let others read it; the WAL
 * gets the mode of the database file. Best effort: the files may belong to another user.
 */
function keepPrivate(folder: string): void {
  try {
    // Do this only if the file is missing: closing a file ends the locks that this process has on it.
    if (!existsSync(databaseFile(folder))) closeSync(openSync(databaseFile(folder), 'a', ownerOnly));
    for (const name of readdirSync(folder)) if (/^store\./.test(name)) chmodSync(join(folder, name), ownerOnly);
  } catch {
    // If the folder cannot be used at all, SQLite says why.
  }
}

/**
 * Writes the process id, and marks the store as open. The file stays after the process: it proves that the folder had a
 * store.
 */
function writePid(folder: string): void {
  try {
    // The WAL must be in the folder before the mark: otherwise it would seem to be lost after a power failure.
    syncFolder(folder);
    writeFileSync(pidFile(folder), `${process.pid}\n${openMark}\n`, { mode: ownerOnly, flush: true });
  } catch {
    // Best effort: the disk may be full.
  }
}

/** Removes the mark. Only shortens the file, so that this works on a full disk. */
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
    // There is no mark, or this user may not write the file.
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
