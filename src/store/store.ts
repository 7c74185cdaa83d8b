// Defines the store's interface: the part of etcd's semantics that we need. Implementations: etcd.ts and embedded.ts.
// Keys and values have no meaning here: kinds/ builds the keys and reads the values. Keys are relative to the store's
// own prefix. A key that begins with `/` is absolute: for layouts of other systems, such as SkyDNS.

import type { Revision } from '../model/revision.ts';

/** One key with its value. `created` and `modified` are etcd's create revision and mod revision. */
export interface Entry {
  key: string;
  value: string;
  created: Revision;
  modified: Revision;
}

/** A condition of a transaction. If one condition does not hold, nothing is written. */
export type Compare =
  /** The key does not exist. */
  | { kind: 'absent'; key: string }
  /** The key was created at this revision, and was not deleted since. */
  | { kind: 'created'; key: string; revision: Revision }
  /** The key was last written at this revision. */
  | { kind: 'modified'; key: string; revision: Revision }
  /** The key exists and has this value. The revision that wrote it does not matter. */
  | { kind: 'value'; key: string; value: string }
  /** No key with the prefix was written after this revision. Deletions do not count. Holds if there is no such key. */
  | { kind: 'quiet'; prefix: string; since: Revision };

export type Operation =
  | { kind: 'put'; key: string; value: string; lease?: LeaseId }
  | { kind: 'delete'; key: string }
  | { kind: 'delete-prefix'; prefix: string };

/**
 * Operations that are carried out together if all compares hold. A transaction must not put a key twice, and must not
 * both put and delete a key (etcd refuses this too). It has at most {@link maxOperations} compares, and as many
 * operations.
 */
export interface Transaction {
  compares: Compare[];
  operations: Operation[];
}

/** The maximum number of compares, and that of operations: etcd's default of `--max-txn-ops`. */
export const maxOperations = 128;

/**
 * The result of a commit. `revision` is the transaction's own if it wrote or deleted a key, otherwise the newest one of
 * the store.
 */
export interface CommitResult {
  committed: boolean;
  revision: Revision;
}

export interface ListOptions {
  /** The first key of the page; by default, the first one of the prefix. For the next page, pass {@link Page.next}. */
  from?: string;
  /** The revision at which the keys are read; by default the newest. {@link Page.revision} returns it. */
  at?: Revision;
  /** The maximum number of keys in the page; 1000 by default. A page may have fewer, although more follow. */
  limit?: number;
  /** Only without `at`: keys that were not written after this revision may be left out, if that is faster. */
  writtenAfter?: Revision;
}

/**
 * One page of a prefix, in key order, as of `revision`. `next` is the beginning of the next page; undefined at the end.
 */
export interface Page {
  entries: Entry[];
  revision: Revision;
  next: string | undefined;
}

/**
 * An event of a watch. With the option `previous`, `previous` is the entry before the event, and a put without it has
 * created the key. Without the option, no event has `previous`.
 */
export type StoreEvent =
  | { kind: 'put'; entry: Entry; previous?: Entry }
  | { kind: 'delete'; key: string; previous?: Entry };

/** All events of one revision below the watched prefix. A watch yields at most one change for each revision. */
export interface Change {
  revision: Revision;
  events: StoreEvent[];
}

export interface WatchOptions {
  /** True: the events report the entries before them. */
  previous?: boolean;
}

/** The id of a lease. Keys that were put with the lease are deleted when it ends. */
export type LeaseId = string & { readonly brand: 'LeaseId' };

/**
 * A store. `get`, `list`, `count`, `commit`, `grantLease`, `keepLease` and `revokeLease` reject with
 * {@link StoreUnavailable} within 5 seconds if the store cannot be reached. A `commit` that rejects has not been
 * carried out, except with {@link OutcomeUnknown}: then it may have been.
 */
export interface Store {
  /** Returns the entry of a key; undefined if there is none. */
  get(key: string): Promise<Entry | undefined>;

  /**
   * Returns one page of the keys that begin with `prefix`, in the order of their UTF-8 bytes. Rejects with
   * {@link Compacted} if the revision `at` is no longer kept, and with {@link HistoryLost} if it does not exist yet.
   */
  list(prefix: string, options?: ListOptions): Promise<Page>;

  /** Returns how many keys begin with `prefix`, without reading them. */
  count(prefix: string): Promise<number>;

  /**
   * Commits a transaction. When this resolves, the transaction is durable; transactions are serializable. Rejects with
   * {@link TransactionTooLarge} or {@link LeaseGone}, too.
   */
  commit(transaction: Transaction): Promise<CommitResult>;

  /**
   * Yields all changes below `prefix` from revision `from` on, in order, without gaps or duplicates. Waits while the
   * store cannot be reached, then goes on. Ends when `signal` aborts. Throws {@link Compacted} if the next revision is
   * no longer kept. With the option `previous`, throws it also if the entry before an event is no longer kept. Throws
   * {@link HistoryLost} if the store was restored or replaced since this client first read it.
   */
  watch(prefix: string, from: Revision, signal: AbortSignal, options?: WatchOptions): AsyncIterable<Change>;

  /** Creates a lease that ends after `seconds`, if it is not kept. */
  grantLease(seconds: number): Promise<LeaseId>;
  /** Restarts the time of the lease. Returns false if the lease has ended, and its keys are deleted. */
  keepLease(lease: LeaseId): Promise<boolean>;
  /**
   * Keeps the lease, even while this thread is busy, until the returned function is called or the store is closed
   * (test/store/lease-guard.test.ts). On etcd, the lease ends if this thread is busy for a minute.
   */
  guardLease(lease: LeaseId): () => void;
  /** Ends the lease and deletes its keys. */
  revokeLease(lease: LeaseId): Promise<void>;

  /**
   * Keeps all revisions from the current one on readable, until the returned function is called
   * (test/store/embedded.test.ts). On etcd, this does nothing: etcd itself decides what it compacts.
   */
  keepHistory(): () => void;

  /** Ends the watches and closes the connections. */
  close(): Promise<void>;
}

/** The store cannot be reached, or did not answer in time. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** The store did not confirm a commit. The transaction may have been carried out, or may still be carried out. */
export class OutcomeUnknown extends StoreUnavailable {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutcomeUnknown';
  }
}

/**
 * The store was restored from a backup, or replaced, so revisions that were read before are no longer valid. Read
 * everything again. `unproven`: it may be the same store, but the revision that would prove this was compacted.
 */
export class HistoryLost extends StoreUnavailable {
  readonly certainty: 'seen' | 'unproven';

  constructor(reason: string, certainty: 'seen' | 'unproven' = 'seen') {
    super(certainty === 'seen' ? `the store was restored or replaced: ${reason}` : reason);
    this.name = 'HistoryLost';
    this.certainty = certainty;
  }
}

/** A restore into the store is running, or was interrupted: the data of the store are incomplete. */
export class RestoreUnfinished extends StoreUnavailable {
  constructor() {
    super(
      'a backup is being restored into this store, or that was interrupted: ' +
        'run `zonewright restore` again with the same file to finish it, or empty the store to begin anew',
    );
    this.name = 'RestoreUnfinished';
  }
}

/** The transaction is too large for the store. Nothing was written. */
export class TransactionTooLarge extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TransactionTooLarge';
  }
}

/** The revision is no longer kept. Read everything again. */
export class Compacted extends Error {
  constructor(message = 'the revision is no longer kept') {
    super(message);
    this.name = 'Compacted';
  }
}

/** The lease has ended. A transaction that puts a key with this lease writes nothing. */
export class LeaseGone extends Error {
  constructor(message = 'the lease has ended') {
    super(message);
    this.name = 'LeaseGone';
  }
}
