// Implements the store in one SQLite file, for one machine: durable on commit, without setup.
// Every version of a key is a row until it is compacted; the newest one has no `superseded`. So a read as of an earlier
// revision, and a watch from one, are plain queries, and a value is written once.
// Opening the file: embedded-folder.ts. Mapping keys: key-space.ts. The same semantics on etcd: etcd.ts.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Logger } from '../model/logger.ts';
import { after, firstRevision, type Revision } from '../model/revision.ts';
import { messageOf } from '../model/thrown.ts';
import { checkTransaction } from './check-transaction.ts';
import { isDamage, numberIn, openDatabase } from './embedded-folder.ts';
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
  type Store,
  type StoreEvent,
  StoreUnavailable,
  type Transaction,
} from './store.ts';

export interface EmbeddedOptions {
  /** The folder of the database, for nothing else. Created if it is missing; its parent must exist. */
  folder: string;
  /** Revisions that are kept, so that a watch or a list can read them. */
  keepRevisions?: number;
  logger?: Logger;
}

/** Keeps relative keys apart from absolute ones, which begin with `/`. */
const root = ':';
/** Jobs that may share one SQLite transaction, so that a burst does not block the event loop for long. */
const maxGroup = 1000;
/** Revisions that a watch reads with one query. */
const watchStep = 64;
/** Characters of values after which a page ends. */
const maxPage = 4 * 1024 * 1024;
/** Rows that one query of a list reads. Together their values may be larger than a page. */
const rowsPerRead = 128;
/** Revisions that one compaction removes at least, so that not every commit pays for one. */
const compactionStep = 64;

interface VersionRow {
  key: string;
  revision: number;
  created: number;
  value: string | null;
}

/** A row of a list as an array. Without column names a load takes half the time. */
type ListedRow = [key: string, revision: Revision, created: Revision, value: string];

/** A change to the database that waits for the next group. */
interface Job {
  run: () => unknown;
  resolve: (outcome: unknown) => void;
  reject: (error: unknown) => void;
}

/** The folders that this process has open. Opening one again gives another client of the same database. */
const openFolders = new Map<string, EmbeddedDatabase>();

/**
 * Opens the store in a folder. Only one process can have it open: another gets an error with the pid of the first
 * (test/store/embedded.test.ts, "a second process"). In the same process, each call returns a client of one store.
 */
export async function openEmbeddedStore(options: EmbeddedOptions): Promise<Store> {
  if (!existsSync(options.folder)) mkdirSync(options.folder, { mode: 0o700 });
  const folder = realpathSync(options.folder);
  let database = openFolders.get(folder);
  if (database === undefined) {
    database = new EmbeddedDatabase(folder, options);
    openFolders.set(folder, database);
  }
  return new EmbeddedStore(database);
}

class EmbeddedStore implements Store {
  readonly #database: EmbeddedDatabase;
  readonly #closing = new AbortController();

  constructor(database: EmbeddedDatabase) {
    this.#database = database;
    database.clients++;
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#mustBeOpen();
    return this.#database.read(() => {
      const row = this.#database.current(fullKey(root, key));
      return row && entryOf(row, key);
    });
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    this.#mustBeOpen();
    return this.#database.read(() => this.#database.list(prefix, options));
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    this.#mustBeOpen();
    checkTransaction(root, transaction);
    return this.#database.write(() => this.#database.apply(transaction));
  }

  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncGenerator<Change, void, undefined> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    const database = this.#database;
    const range = rangeOf(root, prefix);
    let wake = () => {};
    const aborted = () => wake();
    ended.addEventListener('abort', aborted);
    try {
      if (!ended.aborted && from > after(database.revision)) {
        throw new HistoryLost(`revision ${from} does not exist yet`);
      }
      for (let next = from; !ended.aborted; ) {
        if (next > database.revision) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            database.waiting.add(resolve);
          });
          database.waiting.delete(wake);
          continue;
        }
        const last = Math.min(database.revision, next + watchStep - 1) as Revision;
        for (const change of database.read(() => database.changes(prefix, range, next, last))) {
          if (ended.aborted) return;
          yield change;
        }
        next = after(last);
      }
    } finally {
      database.waiting.delete(wake);
      ended.removeEventListener('abort', aborted);
    }
  }

  async grantLease(seconds: number): Promise<LeaseId> {
    this.#mustBeOpen();
    return this.#database.write(() => this.#database.grant(Math.ceil(seconds)));
  }

  async keepLease(lease: LeaseId): Promise<boolean> {
    this.#mustBeOpen();
    return this.#database.write(() => this.#database.keep(lease));
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    this.#mustBeOpen();
    await this.#database.write(() => this.#database.endLease(lease));
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#database.release();
  }

  #mustBeOpen(): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailable('the store is closed');
  }
}

/** One database, shared by its clients. Methods that change it must be called within a job of {@link write}. */
class EmbeddedDatabase {
  /** Open clients. */
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
  #expiry: NodeJS.Timeout | undefined;
  /** The damage that was found in the file. Once set, nothing is written any more. */
  #damage: StoreUnavailable | undefined;
  /** Why the last group was not written, so that the same reason is logged once. */
  #obstacle: string | undefined;

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
   * Removes a client. After the last one, writes the waiting jobs and closes the database, so that the folder is free.
   */
  release(): void {
    this.clients--;
    if (this.clients > 0) return;
    while (this.#jobs.length > 0) this.#runGroup();
    clearTimeout(this.#expiry);
    openFolders.delete(this.#folder);
    this.#database.close();
  }

  /** Runs the job in the next group. Resolves when its changes are on the disk. */
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

  current(full: string): VersionRow | undefined {
    const row = this.#statements.current.get(full) as VersionRow | undefined;
    return row?.value == null ? undefined : row;
  }

  list(prefix: string, options: ListOptions): Page {
    const at = options.at ?? this.revision;
    if (at < this.#compacted) throw new Compacted();
    if (at > this.revision) throw new HistoryLost(`revision ${at} does not exist yet`);
    const { start, end } = rangeOf(root, prefix, options.from);
    const limit = options.limit ?? 1000;
    const entries: Entry[] = [];
    let size = 0;
    for (let from = start; ; ) {
      // One row more than asked for: it is the first of the next page, if there is one.
      const wanted = Math.min(rowsPerRead, limit + 1 - entries.length);
      const rows = this.#statements.list.all(from, end, at, at, wanted) as unknown as ListedRow[];
      for (const [full, revision, created, value] of rows) {
        const key = knownKey(root, full, prefix);
        if (entries.length === limit || size >= maxPage) return { entries, revision: at, next: key };
        entries.push({ key, value, created, modified: revision });
        size += value.length;
        from = full;
      }
      if (rows.length < wanted) return { entries, revision: at, next: undefined };
      from = successor(from);
    }
  }

  /** Returns the changes in the range from revision `first` to `last`. Throws Compacted. */
  changes(prefix: string, { start, end }: KeyRange, first: Revision, last: Revision): Change[] {
    if (first <= this.#compacted) throw new Compacted();
    const changes: Change[] = [];
    for (const found of this.#statements.changes.iterate(first, last, start, end)) {
      const row = found as unknown as VersionRow;
      const event: StoreEvent =
        row.value === null
          ? { kind: 'delete', key: knownKey(root, row.key, prefix) }
          : { kind: 'put', entry: entryOf(row, prefix) };
      const open = changes.at(-1);
      if (open?.revision === row.revision) open.events.push(event);
      else changes.push({ revision: row.revision as Revision, events: [event] });
    }
    return changes;
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
    const now = Date.now();
    return this.#statements.keep.run(now, lease, now).changes > 0;
  }

  endLease(lease: string): void {
    const revision = after(this.revision);
    this.#statements.insertLeasedTombstones.run(revision, revision, lease);
    if (this.#statements.supersedeLeased.run(revision, lease).changes > 0) this.revision = revision;
    this.#statements.forgetLease.run(lease);
  }

  #isAlive(lease: LeaseId): boolean {
    return this.#statements.leaseAlive.get(lease, Date.now()) !== undefined;
  }

  #holds(compare: Compare): boolean {
    if (compare.kind === 'quiet') {
      const { start, end } = rangeOf(root, compare.prefix);
      // Few revisions since then: search their rows. Many: search the prefix.
      const recent = this.revision - compare.since < this.#keepRevisions;
      const modified = recent ? this.#statements.modifiedRecently : this.#statements.modifiedSince;
      return modified.get(compare.since, start, end) === undefined;
    }
    const row = this.current(fullKey(root, compare.key));
    switch (compare.kind) {
      case 'absent':
        return row === undefined;
      case 'created':
        return row?.created === compare.revision;
      case 'modified':
        return row?.revision === compare.revision;
    }
  }

  /** Carries out the operation. Returns the number of keys that it wrote or deleted. */
  #carryOut(operation: Operation, revision: Revision): number {
    if (operation.kind === 'put') {
      const key = fullKey(root, operation.key);
      const before = this.current(key);
      if (before !== undefined) this.#statements.supersede.run(revision, key, before.revision);
      this.#statements.put.run(key, revision, before?.created ?? revision, operation.value, operation.lease ?? null);
      return 1;
    }
    const { start, end } =
      operation.kind === 'delete-prefix' ? rangeOf(root, operation.prefix) : rangeOfKey(fullKey(root, operation.key));
    this.#statements.insertTombstones.run(revision, revision, start, end);
    return Number(this.#statements.supersedeRange.run(revision, start, end).changes);
  }

  /**
   * Runs the waiting jobs in order, in one SQLite transaction: either the changes of all of them are on the disk, or
   * none.
   */
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
          // LeaseGone is thrown before its job writes anything. Any other error ends the whole group.
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
      if (fault !== this.#damage && fault.message !== this.#obstacle) {
        this.#logger?.error({ folder: this.#folder, reason: fault.message }, 'the store cannot be written to');
      }
      this.#obstacle = fault.message;
      return;
    }
    // A group without changes commits on a full disk too, so it does not prove that the disk is writable again.
    if (this.revision !== before.revision) {
      if (this.#obstacle !== undefined)
        this.#logger?.info({ folder: this.#folder }, 'the store can be written to again');
      this.#obstacle = undefined;
      for (const wake of this.waiting) wake();
    }
    for (const settle of outcomes) settle();
  }

  /**
   * Returns the error for a failed query or write. Damage is logged once, and ends all writes: repairing the file needs
   * everything that is left of it.
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

  /** Rolls back, unless SQLite did so itself: it does after some errors. */
  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch (error) {
      this.#logger?.error({ folder: this.#folder, reason: String(error) }, 'rolling back a store transaction failed');
    }
  }

  /** Removes the oldest revisions once {@link compactionStep} of them are too many, so that no commit removes many. */
  #compact(): void {
    const floor = this.revision - this.#keepRevisions;
    if (floor - this.#compacted < compactionStep) return;
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

  /** Ends the expired leases. Also when the database is opened: leases expire while the folder is closed. */
  #expireLeases(): void {
    this.write(() => {
      for (const { id } of this.#statements.expired.all(Date.now())) this.endLease(String(id));
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
  all.list.setReturnArrays(true);
  return all;
}

function entryOf(row: VersionRow, asked: string): Entry {
  return {
    key: knownKey(root, row.key, asked),
    value: row.value ?? '',
    created: row.created as Revision,
    modified: row.revision as Revision,
  };
}

function rangeOfKey(key: string): KeyRange {
  return { start: key, end: successor(key) };
}
