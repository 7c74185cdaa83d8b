// The store's interface: etcd's semantics, no more than we need. Two implementations: etcd.ts and embedded.ts.
// What the keys and values mean is not known here: kinds/ builds the keys and reads the values.
// Keys are relative to the store's own prefix; one that begins with `/` is taken as it is: other systems' layouts will stand there, so far
// nothing of ours does.

import type { Revision } from '../model/revision.ts';

/** One key as it stands. `created` and `modified` are etcd's create and mod revision. */
export interface Entry {
  key: string;
  value: string;
  created: Revision;
  modified: Revision;
}

/** What a transaction needs to be true. All of them hold, or nothing is written. */
export type Compare =
  /** The key does not exist. */
  | { kind: 'absent'; key: string }
  /** The key was created at this revision (and was not deleted since). */
  | { kind: 'created'; key: string; revision: Revision }
  /** The key was last written at this revision. */
  | { kind: 'modified'; key: string; revision: Revision }
  /** No key below the prefix was created or written after this revision (deletions are not seen; an empty prefix holds). */
  | { kind: 'quiet'; prefix: string; since: Revision };

export type Operation =
  | { kind: 'put'; key: string; value: string; lease?: LeaseId }
  | { kind: 'delete'; key: string }
  | { kind: 'delete-prefix'; prefix: string };

/** No key may be written twice in one transaction (etcd refuses that too). At most {@link maxOperations} of each. */
export interface Transaction {
  compares: Compare[];
  operations: Operation[];
}

/** etcd's default `--max-txn-ops`: compares and operations each. */
export const maxOperations = 128;

/** `revision`: of this transaction when committed; of the store when it refused. */
export interface CommitResult {
  committed: boolean;
  revision: Revision;
}

export interface ListOptions {
  /** The first key wanted; default: the prefix's first. {@link Page.next} continues. */
  from?: string;
  /** Reads as of that revision; default: the newest, which {@link Page.revision} names. */
  at?: Revision;
  /** Keys, 1000 by default. A page may be shorter. */
  limit?: number;
}

/** One page of a prefix in key order, as the store stood at `revision`. `next` starts the following page. */
export interface Page {
  entries: Entry[];
  revision: Revision;
  next: string | undefined;
}

export type StoreEvent = { kind: 'put'; entry: Entry } | { kind: 'delete'; key: string };

/** All that one revision changed below the watched prefix; never split, never merged with another's. */
export interface Change {
  revision: Revision;
  events: StoreEvent[];
}

/** A lease: keys put with it vanish when it is not kept alive. */
export type LeaseId = string & { readonly brand: 'LeaseId' };

/**
 * Every method rejects with {@link StoreUnavailable} within a few seconds (5 at most) when the store cannot be reached.
 * A `commit` was not carried out then, unless it rejects with {@link OutcomeUnknown}.
 */
export interface Store {
  /** The entry, or undefined. */
  get(key: string): Promise<Entry | undefined>;

  /**
   * One page of the keys that begin with `prefix`, in the order of their UTF-8 bytes. Rejects with {@link Compacted} when `at` is no
   * longer kept, {@link HistoryLost} when it is yet to come.
   */
  list(prefix: string, options?: ListOptions): Promise<Page>;

  /**
   * Durable when it resolves. Serializable: it is as if transactions ran one after another. Rejects with {@link TransactionTooLarge},
   * {@link LeaseGone}.
   */
  commit(transaction: Transaction): Promise<CommitResult>;

  /**
   * Every change below `prefix` from revision `from` on, in order, without gaps or doubles. While the store is away it waits and
   * goes on by itself. Ends when `signal` aborts; throws {@link Compacted} when `from` (or where it had got to) is no longer kept,
   * {@link HistoryLost} when the store is not the one any more that was read before.
   */
  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<Change>;

  /** A new lease of so many seconds. */
  grantLease(seconds: number): Promise<LeaseId>;
  /** Starts the lease's time again. False: the lease is gone, and its keys with it. */
  keepLease(lease: LeaseId): Promise<boolean>;
  /** Ends the lease and deletes its keys. */
  revokeLease(lease: LeaseId): Promise<void>;

  /** Ends watches and connections. */
  close(): Promise<void>;
}

/** The store cannot be reached, or did not answer in time. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** The store was asked to commit and did not say whether it did: the transaction may have been carried out, or may yet be. */
export class OutcomeUnknown extends StoreUnavailable {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OutcomeUnknown';
  }
}

/**
 * The store was restored from a backup, or replaced: no revision read before means anything now. Read everything again. `unproven`: nothing says so, but
 * nothing is left that would show the contrary.
 */
export class HistoryLost extends StoreUnavailable {
  readonly certainty: 'seen' | 'unproven';

  constructor(reason: string, certainty: 'seen' | 'unproven' = 'seen') {
    super(certainty === 'seen' ? `the store was restored or replaced: ${reason}` : reason);
    this.name = 'HistoryLost';
    this.certainty = certainty;
  }
}

/** The store takes no transaction of this size; nothing of it was written. */
export class TransactionTooLarge extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TransactionTooLarge';
  }
}

/** The revision asked for is no longer kept: read everything again. */
export class Compacted extends Error {
  constructor(message = 'the revision is no longer kept') {
    super(message);
    this.name = 'Compacted';
  }
}

/** A transaction puts a key on a lease that has ended; nothing of it was written. */
export class LeaseGone extends Error {
  constructor(message = 'the lease has ended') {
    super(message);
    this.name = 'LeaseGone';
  }
}
