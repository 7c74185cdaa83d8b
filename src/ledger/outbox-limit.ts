// Keeps the outbox within its limit while the ledger cannot be written to: a store that is full would refuse every
// write. The oldest events are lost then. The store keeps how many, so that nobody overlooks it.

import type { Logger } from '../model/logger.ts';
import { timestamp } from '../model/timestamp.ts';
import type { LostEvents } from '../store/kinds/ledger.ts';
import { outboxKind, outboxValue } from '../store/kinds/outbox.ts';
import type { Entry, Store } from '../store/store.ts';
import { deleteKeys } from './drain.ts';
import { type Place, readHome, writeHome } from './home.ts';

/** Keys that are dropped together. */
const keysAtOnce = 500;

/** Drops the oldest transactions of an outbox that has `excess` more than it may (test/ledger/outbox-limit.test.ts). */
export async function dropOldest(store: Store, place: Place, excess: number, logger: Logger): Promise<void> {
  for (let left = excess; left > 0; ) {
    const { entries } = await store.list(outboxKind.prefix, { limit: Math.min(left, keysAtOnce) });
    if (entries.length === 0) return;
    await deleteKeys(store, entries);
    left -= entries.length;
    const lost = await noteLost(store, place, entries);
    logger.error(
      { dropped: entries.length, ...lost },
      'EVENTS ARE LOST: too many waited for the ledger, and the oldest were dropped; repair the ledger, or raise --ledger-outbox-max',
    );
  }
}

/** Adds the transactions to those that are lost. */
async function noteLost(store: Store, { kind, replica }: Place, entries: readonly Entry[]): Promise<LostEvents> {
  const times = entries.map(timeOf).sort();
  for (;;) {
    const before = await readHome(store);
    const { transactions = 0, from = times[0], until = '' } = before?.home.lost ?? {};
    const lost = {
      transactions: transactions + entries.length,
      from: from as string,
      until: [until, times.at(-1) as string].sort()[1] as string,
    };
    const home = before?.home ?? { kind, ...(kind === 'sqlite' && { replica }) };
    if (await writeHome(store, { ...home, lost }, before)) return lost;
  }
}

function timeOf({ value }: Entry): string {
  try {
    return outboxValue.decode(value).at;
  } catch {
    return timestamp(Date.now());
  }
}
