// Defines the store's interface: the part of etcd's semantics that we need. Implementations: etcd.ts and embedded.ts.
// The meaning of keys and values is not known here: kinds/ builds the keys and reads the values. Keys are relative to
// the store's own prefix. A key that begins with `/` is absolute: that form is for the layouts of other systems. The
// service itself does not use it yet.

import type { Revision } from '../model/revision.ts';

/** One key with its current value. `created` and `modified` are etcd's create and mod revision. */
export interface Entry {
  key: string;
  value: string;
  created: Revision;
  modified: Revision;
}

/** A condition of a transaction. Nothing is written unless all of them hold. */
export type Compare =
  /** The key does not exist. */
  | { kind: 'absent'; key: string }
  /** The key was created at this revision and not deleted since. */
  | { kind: 'created'; key: string; revision: Revision }
  /** The key was last written at this revision. */
  | { kind: 'modified'; key: string; revision: Revision }
  /** No key below the prefix was written after this revision. Deletions do not count. Holds if there is no key. */
  | { kind: 'quiet'; prefix: string; since: Revision };

export type Operation =
  | { kind: 'put'; key: string; value: string; lease?: LeaseId }
  | { kind: 'delete'; key: string }
  | { kind: 'delete-prefix'; prefix: string };

/**
 * Operations that are carried out together, if all compares hold. A transaction must not put a key twice, nor put and
 * delete it (etcd refuses that too). At most {@link maxOperations} compares and operations each.
 */
export interface Transaction {
  compares: Compare[];
  operations: Operation[];
}

/** The limit of compares, and of operations: etcd's default `--max-txn-ops`. */
export const maxOperations = 128;

/** `revision` is the transaction's revision if it was committed and wrote a key, otherwise the store's newest one. */
export interface CommitResult {
  committed: boolean;
  revision: Revision;
}

export interface ListOptions {
  /** The key to start at; default: the prefix's first key. {@link Page.next} is for the following page. */
  from?: string;
  /** The revision to read at; default: the newest. {@link Page.revision} returns it. */
  at?: Revision;
  /** The limit of keys; default: 1000. A page may have fewer although more follow. */
  limit?: number;
  /** Keys that were not written after this revision may be left out, if that is faster. Without `at`. */
  writtenAfter?: Revision;
}

/** One page of a prefix in key order, as of `revision`. `next`: the start of the following page. */
export interface Page {
  entries: Entry[];
  revision: Revision;
  next: string | undefined;
}

/** `previous`: what the key held before, if the watch reports that. A put without it has created the key. */
export type StoreEvent =
  | { kind: 'put'; entry: Entry; previous?: Entry }
  | { kind: 'delete'; key: string; previous?: Entry };

/** All changes of one revision below the watched prefix. A change has exactly one revision. */
export interface Change {
  revision: Revision;
  events: StoreEvent[];
}

export interface WatchOptions {
  /** Whether events report what the key held before. Default: they do not. */
  previous?: boolean;
}

/** The id of a lease. Keys put with the lease are deleted when it ends. */
export type LeaseId = string & { readonly brand: 'LeaseId' };

/**
 * A store. Every method rejects with {@link StoreUnavailable} within 5 seconds if the store cannot be reached. Then a
 * `commit` was not carried out, unless it rejects with {@link OutcomeUnknown}.
 */
export interface Store {
  /** Returns the entry of a key, or undefined. */
  get(key: string): Promise<Entry | undefined>;

  /**
   * Returns one page of the keys that begin with `prefix`, in the order of their UTF-8 bytes. Rejects with
   * {@link Compacted} if revision `at` is no longer kept, with {@link HistoryLost} if it does not exist yet.
   */
  list(prefix: string, options?: ListOptions): Promise<Page>;

  /** Returns how many keys begin with `prefix`, without reading them. */
  count(prefix: string): Promise<number>;

  /**
   * Commits a transaction: durable when it resolves, and serializable. Rejects with {@link TransactionTooLarge},
   * {@link LeaseGone}.
   */
  commit(transaction: Transaction): Promise<CommitResult>;

  /**
   * Yields every change below `prefix` from revision `from` on, in order, without gaps or duplicates. Waits while the
   * store cannot be reached, then continues. Ends when `signal` aborts. Throws {@link Compacted} if the next revision
   * that it needs is no longer kept, or the values before it, {@link HistoryLost} if the store was restored or replaced
   * since it was read.
   */
  watch(prefix: string, from: Revision, signal: AbortSignal, options?: WatchOptions): AsyncIterable<Change>;

  /** Creates a lease that ends after this time unless it is kept. */
  grantLease(seconds: number): Promise<LeaseId>;
  /** Restarts the lease's time. Returns false if the lease has ended; its keys are deleted then. */
  keepLease(lease: LeaseId): Promise<boolean>;
  /**
   * Keeps the lease also while this thread is busy, until the function that it returns is called or the store is closed
   * (test/store/lease-guard.test.ts). On etcd, a lease ends if this thread is busy for a minute.
   */
  guardLease(lease: LeaseId): () => void;
  /** Ends the lease and deletes its keys. */
  revokeLease(lease: LeaseId): Promise<void>;

  /**
   * Keeps every revision from the newest one on, so that it can be read, until the function that it returns is called
   * (test/store/embedded.test.ts). On etcd this keeps nothing: etcd decides by itself what it compacts.
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

/** The store did not confirm a commit: the transaction may have been carried out, or may still be. */
export class OutcomeUnknown extends StoreUnavailable {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutcomeUnknown';
  }
}

/**
 * The store was restored from a backup, or replaced: the revisions that were read before are no longer valid. Read
 * everything again. `unproven`: it may also be the same store, but the revision that would prove it was compacted.
 */
export class HistoryLost extends StoreUnavailable {
  readonly certainty: 'seen' | 'unproven';

  constructor(reason: string, certainty: 'seen' | 'unproven' = 'seen') {
    super(certainty === 'seen' ? `the store was restored or replaced: ${reason}` : reason);
    this.name = 'HistoryLost';
    this.certainty = certainty;
  }
}

/** A backup is being restored into the store, or that was interrupted: the store is not whole. */
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

/** The requested revision is no longer kept. Read everything again. */
export class Compacted extends Error {
  constructor(message = 'the revision is no longer kept') {
    super(message);
    this.name = 'Compacted';
  }
}

/** A lease has ended. A transaction that puts a key on it writes nothing. */
export class LeaseGone extends Error {
  constructor(message = 'the lease has ended') {
    super(message);
    this.name = 'LeaseGone';
  }
}
