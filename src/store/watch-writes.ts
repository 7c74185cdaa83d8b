// Notices whether a store takes writes: logs an error when it begins to refuse them, and a line when it takes them
// again, and has a value for /metrics.

import type { Logger } from '../model/logger.ts';
import { messageOf } from '../model/thrown.ts';
import { type Store, StoreUnavailable, type Transaction } from './store.ts';

export interface WatchedStore {
  /** The store, whose writes are watched. */
  readonly store: Store;
  /** Returns false after a write failed with StoreUnavailable, until a transaction with a put is committed. */
  takesWrites(): boolean;
}

/** Returns the store with watched writes (test/store/watch-writes.test.ts). */
export function watchWrites(store: Store, logger: Logger): WatchedStore {
  let takesWrites = true;
  let isClosed = false;

  async function noting<T>(writing: Promise<T>): Promise<T> {
    try {
      return await writing;
    } catch (error) {
      if (error instanceof StoreUnavailable && takesWrites && !isClosed) {
        takesWrites = false;
        logger.error(
          { reason: messageOf(error) },
          'the store takes no writes: names are answered, changes are refused',
        );
      }
      throw error;
    }
  }

  async function commit(transaction: Transaction) {
    const result = await noting(store.commit(transaction));
    // Only a written key proves that the store takes writes: a full store still keeps leases, and still finds that
    // compares fail.
    if (!takesWrites && result.committed && transaction.operations.some(({ kind }) => kind === 'put')) {
      takesWrites = true;
      logger.info({ revision: result.revision }, 'the store takes writes again');
    }
    return result;
  }

  return {
    takesWrites: () => takesWrites,
    store: {
      get: (key) => store.get(key),
      list: (prefix, options) => store.list(prefix, options),
      count: (prefix) => store.count(prefix),
      watch: (...watched) => store.watch(...watched),
      commit,
      grantLease: (seconds) => noting(store.grantLease(seconds)),
      keepLease: (lease) => noting(store.keepLease(lease)),
      guardLease: (lease) => store.guardLease(lease),
      revokeLease: (lease) => store.revokeLease(lease),
      keepHistory: () => store.keepHistory(),
      close: () => {
        isClosed = true;
        return store.close();
      },
    },
  };
}
