// Implements the store in one SQLite file, for one machine: durable on commit, without setup. Key versions, leases and
// transactions: embedded-database.ts. Mapping of keys: key-space.ts. The same semantics on etcd: etcd.ts.

import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { after, type Revision } from '../model/revision.ts';
import { checkTransaction } from './check-transaction.ts';
import { databaseIn, type EmbeddedDatabase, type EmbeddedOptions, embeddedRoot } from './embedded-database.ts';
import { rangeOf } from './key-space.ts';
import {
  type Change,
  type CommitResult,
  type Entry,
  HistoryLost,
  type LeaseId,
  type ListOptions,
  type Page,
  type Store,
  StoreUnavailable,
  type Transaction,
  type WatchOptions,
} from './store.ts';

/** The maximum number of revisions that a watch reads with one query. */
const watchStep = 64;

/**
 * Opens the store in a folder. Only one process can have it open: another one gets an error with the pid of the first
 * (test/store/embedded.test.ts, "a second process"). Within a process, all calls for one folder share its database.
 */
export async function openEmbeddedStore(options: EmbeddedOptions): Promise<Store> {
  if (!existsSync(options.folder)) mkdirSync(options.folder, { mode: 0o700 });
  return new EmbeddedStore(databaseIn(realpathSync(options.folder), options));
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
    return this.#database.read(() => this.#database.get(key));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    this.#mustBeOpen();
    return this.#database.read(() => this.#database.list(prefix, options));
  }

  async count(prefix: string): Promise<number> {
    this.#mustBeOpen();
    return this.#database.read(() => this.#database.count(prefix));
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    this.#mustBeOpen();
    checkTransaction(embeddedRoot, transaction);
    return this.#database.write(() => this.#database.apply(transaction));
  }

  async *watch(
    prefix: string,
    from: Revision,
    signal: AbortSignal,
    options: WatchOptions = {},
  ): AsyncGenerator<Change, void, undefined> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    const database = this.#database;
    const range = rangeOf(embeddedRoot, prefix);
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
        for (const change of database.read(() => database.changes(prefix, range, [next, last], options))) {
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

  guardLease(lease: LeaseId): () => void {
    return this.#database.guard(lease);
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    this.#mustBeOpen();
    await this.#database.write(() => this.#database.endLease(lease));
  }

  keepHistory(): () => void {
    return this.#database.keepHistory();
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
