// Keeps the outbox within its limit while the ledger cannot be written to: a store that is full would refuse every
// write. The oldest events are lost then. The store keeps how many, so that nobody overlooks it.

import type { Logger } from '../model/logger.ts';
import { laterOf, timestamp } from '../model/timestamp.ts';
import type { LostEvents, LostGap } from '../store/kinds/ledger.ts';
import { outboxKind, outboxValue } from '../store/kinds/outbox.ts';
import { type Entry, maxOperations, type Store } from '../store/store.ts';
import { homeTransaction, type Place, readHome } from './home.ts';

/** Keys that one transaction drops. It also writes what is lost. */
const keysAtOnce = maxOperations - 1;
/** What is dropped within this time after an earlier drop is part of the same gap. */
const sameGapMilliseconds = 600_000;
const maxGaps = 50;

/**
 * Drops the oldest transactions of an outbox that has `excess` more than it may (test/ledger/outbox-limit.test.ts). The
 * transaction that drops some also notes that they are lost, and does nothing if the ledger has got one of them.
 */
export async function dropOldest(store: Store, place: Place, excess: number, logger: Logger): Promise<void> {
  let dropped = 0;
  let lost: LostEvents | undefined;
  try {
    while (dropped < excess) {
      const before = await readHome(store);
      const { entries } = await store.list(outboxKind.prefix, { limit: Math.min(excess - dropped, keysAtOnce) });
      if (entries.length === 0) return;
      const now = withLost(before?.home.lost, entries);
      const { kind, replica } = place;
      const home = before?.home ?? { kind, ...(kind === 'sqlite' && { replica }) };
      const { compares, operations } = homeTransaction({ ...home, lost: now }, before);
      for (const { key, modified } of entries) {
        compares.push({ kind: 'modified', key, revision: modified });
        operations.push({ kind: 'delete', key });
      }
      if (!(await store.commit({ compares, operations })).committed) continue;
      dropped += entries.length;
      lost = now;
    }
  } finally {
    if (lost !== undefined) {
      const { transactions, from, until } = lost;
      logger.error(
        { dropped, transactions, from, until },
        'EVENTS ARE LOST: too many waited for the ledger, and the oldest were dropped; repair the ledger, or raise --ledger-outbox-max',
      );
    }
  }
}

/** Returns what is lost, with these transactions. */
function withLost(lost: LostEvents | undefined, entries: readonly Entry[]): LostEvents {
  const dropped = entries.map(droppedOf);
  const times = dropped.map(({ at }) => at).sort();
  const revisions = dropped.map(({ revision }) => revision).sort((a, b) => a - b);
  const [oldest, newest] = [times[0] as string, times.at(-1) as string];
  const gap = { first: revisions[0] as number, last: revisions.at(-1) as number, from: oldest, until: newest };
  const { transactions = 0, from = oldest, until = newest, gaps = [] } = lost ?? {};
  return {
    transactions: transactions + entries.length,
    from,
    until: laterOf(until, newest),
    gaps: withGap(gaps, gap),
  };
}

/** Returns the gaps with one more. It makes the last one longer if it follows that closely. */
export function withGap(gaps: readonly LostGap[], gap: LostGap): LostGap[] {
  const last = gaps.at(-1);
  if (last === undefined) return [gap];
  if (Date.parse(gap.from) - Date.parse(last.until) < sameGapMilliseconds)
    return [...gaps.slice(0, -1), joined(last, gap)];
  const [oldest, second, ...others] = gaps as [LostGap, ...LostGap[]];
  if (second === undefined || gaps.length < maxGaps) return [...gaps, gap];
  return [joined(oldest, second), ...others, gap];
}

function joined(one: LostGap, other: LostGap): LostGap {
  return {
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
    from: one.from < other.from ? one.from : other.from,
    until: laterOf(one.until, other.until),
  };
}

function droppedOf({ value, modified }: Entry): { at: string; revision: number } {
  try {
    const { at, revision = modified } = outboxValue.decode(value);
    return { at, revision };
  } catch {
    return { at: timestamp(Date.now()), revision: modified };
  }
}
