// Moves events from the outbox into the ledger. A key is deleted when the ledger has its events, or when they cannot be
// read: then the log has them. If the process ends before the deletion, the next drain appends the same rows, which
// changes nothing (test/ledger/service.test.ts).

import type { Logger } from '../model/logger.ts';
import type { Revision } from '../model/revision.ts';
import { outboxKind } from '../store/kinds/outbox.ts';
import { type Entry, maxOperations, type Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';

/** Keys of the outbox that are appended together. */
const keysAtOnce = 500;
/** The log shows this much of an unreadable value. */
const shownCharacters = 2000;

export interface DrainOptions {
  store: Store;
  /** Returns the ledger. Called when there is something to append. */
  ledger: () => Promise<Ledger>;
  logger: Logger;
}

/** The result of a drain. */
export interface Drained {
  /** The number of deleted keys of the outbox: one for each transaction. */
  transactions: number;
  /** No key that was written up to this revision is left in the outbox. Undefined if the drain ended early. */
  emptyAt: Revision | undefined;
}

/**
 * Empties the outbox. Calls `mayGoOn` before each part, and ends early if it returns false. Pass `emptyAt` of the last
 * drain to read only newer keys, unless the store was restored or replaced since.
 */
export async function drainOutbox(
  { store, ledger, logger }: DrainOptions,
  mayGoOn: () => boolean,
  emptyAt?: Revision,
): Promise<Drained> {
  let transactions = 0;
  while (mayGoOn()) {
    const recent = emptyAt !== undefined && { writtenAfter: emptyAt };
    const { entries, revision, next } = await store.list(outboxKind.prefix, { limit: keysAtOnce, ...recent });
    if (entries.length > 0) {
      const inOrder = entries.toSorted((a, b) => a.modified - b.modified);
      const rows = inOrder.map(({ key, value, modified }) => ({ key, value, revision: modified }));
      for (const key of await (await ledger()).append(rows)) {
        const value = entries.find((entry) => entry.key === key)?.value.slice(0, shownCharacters);
        logger.error({ key, value }, 'the events of a change cannot be read, and are not in the ledger');
      }
      await deleteKeys(store, entries);
      transactions += entries.length;
    }
    if (next === undefined) return { transactions, emptyAt: revision };
  }
  return { transactions, emptyAt: undefined };
}

async function deleteKeys(store: Store, entries: readonly Entry[]): Promise<void> {
  for (let start = 0; start < entries.length; start += maxOperations) {
    const part = entries.slice(start, start + maxOperations);
    await store.commit({ compares: [], operations: part.map(({ key }) => ({ kind: 'delete', key })) });
  }
}
