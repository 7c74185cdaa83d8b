// The database of the embedded store. Every version of a key is a row until it is compacted; the newest version of a
// key that exists has no `superseded`. So a list or a watch from an earlier revision is a plain query, and a value is
// written once. Opening the file: embedded-folder.ts. The statements: embedded-sql.ts. The store's interface:
// embedded.ts.

import { randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Logger } from '../model/logger.ts';
import { after, firstRevision, type Revision } from '../model/revision.ts';
import { messageOf } from '../model/thrown.ts';
import { closeDatabase, isDamage, numberIn, openDatabase } from './embedded-folder.ts';
import { statements } from './embedded-sql.ts';
import { fullKey, type KeyRange, knownKey, rangeOf, successor } from './key-space.ts';
import {
  type Change,
  type CommitResult,
  Compacted,
  type Compare,
  type Entry,
  HistoryLost,
  LeaseGone,
  type LeaseId,
  type ListOptions,
  type Operation,
  type Page,
  type StoreEvent,
  StoreUnavailable,
  type Transaction,
  type WatchOptions,
} from './store.ts';

export interface EmbeddedOptions {
  /** The folder of the database, which has no other files. It is created if it is missing; its parent must exist. */
  folder: string;
  /** The number of revisions that are kept for watches and lists. */
  keepRevisions?: number;
  logger?: Logger;
}

/** The prefix of relative keys in the database. No absolute key has this prefix: absolute keys begin with `/`. */
export const embeddedRoot = ':';
/** The maximum number of jobs in one SQLite transaction, so that a burst does not block the event loop for long. */
const maxGroup = 1000;
/** A page ends when its values together have this many characters. */
const maxPage = 4 * 1024 * 1024;
/** The maximum number of rows that one query of a list reads. Their values together may be larger than a page. */
const rowsPerRead = 128;
/**
 * A list with `writtenAfter` reads only the rows of the revisions after that one, if there are at most this many such
 * revisions. Otherwise it reads the whole prefix.
 */
const recentRevisions = 1000;
/** The minimum number of revisions that one compaction removes, so that not every commit pays for a compaction. */
const compactionStep = 64;
/**
 * The maximum number of revisions that one compaction removes, so that no commit waits long. A group of commits adds
 * fewer.
 */
const maxCompaction = 2 * maxGroup;

interface VersionRow {
  key: string;
  revision: number;
  created: number;
  value: string | null;
}

/** A row of a list as an array: with column names, a load would take twice the time. */
type ListedRow = [key: string, revision: Revision, created: Revision, value: string];

/** A change to the database that waits for the next group. */
interface Job {
  run: () => unknown;
  resolve: (outcome: unknown) => void;
  reject: (error: unknown) => void;
}

/** The databases that this process has open, by folder. Opening a folder twice opens its database once. */
const openFolders = new Map<string, EmbeddedDatabase>();

/** Returns the open database of a folder, or opens it. `folder` must be a real path. */
export function databaseIn(folder: string, options: EmbeddedOptions): EmbeddedDatabase {
  let database = openFolders.get(folder);
  if (database === undefined) {
    database = new EmbeddedDatabase(folder, options);
    openFolders.set(folder, database);
  }
  return database;
}

/** One database, shared by its clients. Call methods that change the database only within a job of {@link write}. */
export class EmbeddedDatabase {
  clients = 0;
  /** Wakes the watches that wait for the next revision. */
  readonly waiting = new Set<() => void>();
  revision: Revision;

  readonly #folder: string;
  readonly #keepRevisions: number;
  readonly #logger: Logger | undefined;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  #compacted: number;
  #jobs: Job[] = [];
  /** The oldest revision that each reader of history needs. */
  readonly #kept = new Map<symbol, Revision>();
  /** Leases that do not expire while this process has the folder open. */
  readonly #guarded = new Set<LeaseId>();
  #expiry: NodeJS.Timeout | undefined;
  /** The damage that was found in the file. Once set, nothing is written any more. */
  #damage: StoreUnavailable | undefined;

  constructor(folder: string, { keepRevisions = 10_000, logger }: EmbeddedOptions) {
    this.#folder = folder;
    this.#keepRevisions = keepRevisions;
    this.#logger = logger;
    this.#database = openDatabase(folder);
    this.#statements = prepareStatements(this.#database);
    // The newest revision always has a row: its puts are current, and its tombstones are not compacted yet.
    this.revision = Math.max(firstRevision, numberIn(this.#statements.newestRevision)) as Revision;
    this.#compacted = numberIn(this.#statements.compacted);
    this.#expireLeases();
    this.#runGroup();
  }

  /**
   * Removes a client. After the last one, runs the waiting jobs and closes the database, so that another process can
   * open the folder.
   */
  release(): void {
    this.clients--;
    if (this.clients > 0) return;
    while (this.#jobs.length > 0) this.#runGroup();
    clearTimeout(this.#expiry);
    openFolders.delete(this.#folder);
    closeDatabase(this.#folder, this.#database);
  }

  /** Runs the job in a group, after the jobs that already wait. Resolves when its changes are on disk. */
  write<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#jobs.length === 0) setImmediate(() => this.#runGroup());
      this.#jobs.push({ run, resolve: (outcome) => resolve(outcome as T), reject });
    });
  }

  /** Runs a query. Throws StoreUnavailable if SQLite fails. */
  read<T>(query: () => T): T {
    try {
      return query();
    } catch (error) {
      throw error instanceof Compacted || error instanceof HistoryLost ? error : this.#unavailable(error);
    }
  }

  get(key: string): Entry | undefined {
    const row = this.#current(fullKey(embeddedRoot, key));
    return row && entryOf(row, key);
  }

  #current(full: string): VersionRow | undefined {
    const row = this.#statements.current.get(full) as VersionRow | undefined;
    return row?.value == null ? undefined : row;
  }

  list(prefix: string, options: ListOptions): Page {
    const at = options.at ?? this.revision;
    if (at < this.#compacted) throw new Compacted();
    if (at > this.revision) throw new HistoryLost(`revision ${at} does not exist yet`);
    const { start, end } = rangeOf(embeddedRoot, prefix, options.from);
    const { limit = 1000, writtenAfter } = options;
    const isRecent = options.at === undefined && writtenAfter !== undefined && at - writtenAfter <= recentRevisions;
    const read = (from: string, wanted: number) =>
      isRecent
        ? this.#statements.listRecent.all(writtenAfter, from, end, wanted)
        : this.#statements.list.all(from, end, at, at, wanted);
    const entries: Entry[] = [];
    let size = 0;
    for (let from = start; ; ) {
      // Reads one row more than the page has room for: the first row of the next page.
      const wanted = Math.min(rowsPerRead, limit + 1 - entries.length);
      const rows = read(from, wanted) as unknown as ListedRow[];
      for (const [full, revision, created, value] of rows) {
        const key = knownKey(embeddedRoot, full, prefix);
        if (entries.length === limit || size >= maxPage) return { entries, revision: at, next: key };
        entries.push({ key, value, created, modified: revision });
        size += value.length;
        from = full;
      }
      if (rows.length < wanted) return { entries, revision: at, next: undefined };
      from = successor(from);
    }
  }

  count(prefix: string): number {
    const { start, end } = rangeOf(embeddedRoot, prefix);
    return numberIn(this.#statements.count, start, end);
  }

  /**
   * Returns the changes of the revisions `first` to `last` in the range of keys. Throws Compacted if one of these
   * revisions has been compacted.
   */
  changes(
    prefix: string,
    { start, end }: KeyRange,
    [first, last]: [first: Revision, last: Revision],
    { previous = false }: WatchOptions,
  ): Change[] {
    if (first <= this.#compacted) throw new Compacted();
    const changes: Change[] = [];
    for (const found of this.#statements.changes.iterate(first, last, start, end)) {
      const row = found as unknown as VersionRow;
      const event: StoreEvent =
        row.value === null
          ? { kind: 'delete', key: knownKey(embeddedRoot, row.key, prefix) }
          : { kind: 'put', entry: entryOf(row, prefix) };
      const before = previous ? this.#before(row) : undefined;
      if (before !== undefined) event.previous = entryOf(before, prefix);
      const open = changes.at(-1);
      if (open?.revision === row.revision) open.events.push(event);
      else changes.push({ revision: row.revision as Revision, events: [event] });
    }
    return changes;
  }

  /** Returns the version that the row has superseded. That version is kept as long as a watch can read the row. */
  #before({ key, revision }: VersionRow): VersionRow | undefined {
    const row = this.#statements.before.get(key, revision) as VersionRow | undefined;
    return row?.value == null ? undefined : row;
  }

  apply({ compares, operations }: Transaction): CommitResult {
    if (!compares.every((compare) => this.#holds(compare))) return { committed: false, revision: this.revision };
    for (const operation of operations) {
      const lease = operation.kind === 'put' ? operation.lease : undefined;
      if (lease !== undefined && !this.#isAlive(lease)) throw new LeaseGone();
    }
    const revision = after(this.revision);
    let written = 0;
    for (const operation of operations) written += this.#carryOut(operation, revision);
    if (written > 0) this.revision = revision;
    return { committed: true, revision: this.revision };
  }

  grant(seconds: number): LeaseId {
    const id = (randomBytes(8).readBigUInt64BE() >> 1n).toString();
    this.#statements.grant.run(id, seconds, Date.now() + seconds * 1000);
    this.#scheduleExpiry();
    return id as LeaseId;
  }

  keep(lease: LeaseId): boolean {
    return this.#statements.keep.run(Date.now(), lease, this.#aliveAt(lease)).changes > 0;
  }

  /**
   * Keeps the lease alive until the returned function is called, or this process ends. Only the process that has the
   * folder open ends leases.
   */
  guard(lease: LeaseId): () => void {
    this.#guarded.add(lease);
    return () => void this.#guarded.delete(lease);
  }

  /** Returns the time that is compared with the lease's expiry; 0 for a guarded lease, so that the lease is alive. */
  #aliveAt(lease: LeaseId): number {
    return this.#guarded.has(lease) ? 0 : Date.now();
  }

  /** Compacts no revision from the current one on, until the returned function is called. */
  keepHistory(): () => void {
    const reader = Symbol();
    this.#kept.set(reader, this.revision);
    return () => void this.#kept.delete(reader);
  }

  endLease(lease: string): void {
    const revision = after(this.revision);
    this.#statements.insertLeasedTombstones.run(revision, revision, lease);
    if (this.#statements.supersedeLeased.run(revision, lease).changes > 0) this.revision = revision;
    this.#statements.forgetLease.run(lease);
  }

  #isAlive(lease: LeaseId): boolean {
    return this.#statements.leaseAlive.get(lease, this.#aliveAt(lease)) !== undefined;
  }

  #holds(compare: Compare): boolean {
    if (compare.kind === 'quiet') {
      const { start, end } = rangeOf(embeddedRoot, compare.prefix);
      // If there are few revisions after `since`, reads their rows. Otherwise reads the rows of the prefix.
      const recent = this.revision - compare.since < this.#keepRevisions;
      const modified = recent ? this.#statements.modifiedRecently : this.#statements.modifiedSince;
      return modified.get(compare.since, start, end) === undefined;
    }
    const row = this.#current(fullKey(embeddedRoot, compare.key));
    switch (compare.kind) {
      case 'absent':
        return row === undefined;
      case 'created':
        return row?.created === compare.revision;
      case 'modified':
        return row?.revision === compare.revision;
      case 'value':
        return row?.value === compare.value;
    }
  }

  /** Carries out the operation. Returns the number of keys that were written or deleted. */
  #carryOut(operation: Operation, revision: Revision): number {
    if (operation.kind === 'put') {
      const key = fullKey(embeddedRoot, operation.key);
      const before = this.#current(key);
      if (before !== undefined) this.#statements.supersede.run(revision, key, before.revision);
      this.#statements.put.run(key, revision, before?.created ?? revision, operation.value, operation.lease ?? null);
      return 1;
    }
    const { start, end } =
      operation.kind === 'delete-prefix'
        ? rangeOf(embeddedRoot, operation.prefix)
        : rangeOfKey(fullKey(embeddedRoot, operation.key));
    this.#statements.insertTombstones.run(revision, revision, start, end);
    return Number(this.#statements.supersedeRange.run(revision, start, end).changes);
  }

  /** Runs the first waiting jobs, in order, in one SQLite transaction: all their changes get to the disk, or none. */
  #runGroup(): void {
    const jobs = this.#jobs.splice(0, maxGroup);
    if (jobs.length === 0) return;
    if (this.#jobs.length > 0) setImmediate(() => this.#runGroup());
    if (this.#damage !== undefined) {
      for (const job of jobs) job.reject(this.#damage);
      return;
    }
    const before = { revision: this.revision, compacted: this.#compacted };
    const outcomes: (() => void)[] = [];
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      for (const job of jobs) {
        try {
          const outcome = job.run();
          outcomes.push(() => job.resolve(outcome));
        } catch (error) {
          // A job throws LeaseGone before it writes anything. Any other error undoes the whole group.
          if (!(error instanceof LeaseGone)) throw error;
          outcomes.push(() => job.reject(error));
        }
      }
      if (this.revision !== before.revision) this.#compact();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.revision = before.revision;
      this.#compacted = before.compacted;
      this.#rollBack();
      const fault = this.#unavailable(error);
      for (const job of jobs) job.reject(fault);
      return;
    }
    if (this.revision !== before.revision) for (const wake of this.waiting) wake();
    for (const settle of outcomes) settle();
  }

  /**
   * Returns the error of a failed query or write. Damage is logged once. After that, nothing is written, so that what
   * is left in the file can be repaired.
   */
  #unavailable(cause: unknown): StoreUnavailable {
    const reason = messageOf(cause);
    if (!isDamage(cause)) return new StoreUnavailable(`the store's database: ${reason}`, { cause });
    if (this.#damage === undefined) {
      const remedy = `restore the whole folder ${this.#folder} from a backup and restart; until then nothing is written`;
      this.#damage = new StoreUnavailable(`the store's database is damaged (${reason}): ${remedy}`, { cause });
      this.#logger?.error({ folder: this.#folder, reason }, this.#damage.message);
    }
    return this.#damage;
  }

  /** Rolls back, if SQLite has not done so itself, as it does after some errors. */
  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch (error) {
      this.#logger?.error({ folder: this.#folder, reason: String(error) }, 'rolling back a store transaction failed');
    }
  }

  /**
   * Removes the oldest revisions once there are {@link compactionStep} too many, at most {@link maxCompaction} of them
   * at once.
   */
  #compact(): void {
    const oldest = Math.min(this.revision - this.#keepRevisions, ...this.#kept.values());
    if (oldest - this.#compacted < compactionStep) return;
    const floor = Math.min(oldest, this.#compacted + maxCompaction);
    this.#statements.forgetVersions.run(floor);
    this.#statements.setCompacted.run(floor);
    this.#compacted = floor;
  }

  #scheduleExpiry(): void {
    clearTimeout(this.#expiry);
    const next = this.#statements.nextExpiry.get() as { expires: number | null };
    if (next.expires === null) return;
    const wait = Math.min(Math.max(next.expires - Date.now(), 0), 0x7fffffff);
    this.#expiry = setTimeout(() => this.#expireLeases(), wait).unref();
  }

  /** Ends the expired leases. Also called when the database is opened: leases expire while the folder is closed. */
  #expireLeases(): void {
    this.write(() => {
      for (const { id } of this.#statements.expired.all(Date.now())) {
        const lease = String(id) as LeaseId;
        if (!(this.#guarded.has(lease) && this.keep(lease))) this.endLease(lease);
      }
    })
      .then(() => {
        if (this.clients > 0) this.#scheduleExpiry();
      })
      .catch(() => {
        if (this.clients > 0) this.#expiry = setTimeout(() => this.#expireLeases(), 1000).unref();
      });
  }
}

type Statements = Record<keyof typeof statements, StatementSync>;

function prepareStatements(database: DatabaseSync): Statements {
  const prepared = Object.entries(statements).map(([name, sql]) => [name, database.prepare(sql)]);
  const all: Statements = Object.fromEntries(prepared);
  for (const statement of [all.list, all.listRecent]) statement.setReturnArrays(true);
  return all;
}

function entryOf(row: VersionRow, asked: string): Entry {
  return {
    key: knownKey(embeddedRoot, row.key, asked),
    value: row.value ?? '',
    created: row.created as Revision,
    modified: row.revision as Revision,
  };
}

function rangeOfKey(key: string): KeyRange {
  return { start: key, end: successor(key) };
}
