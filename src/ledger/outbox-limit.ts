// Keeps the outbox within its limit while the ledger cannot be written to, because a full store would refuse every
// write. Drops the oldest events, and counts the dropped ones in the store, so that the loss is not overlooked.

import type { Logger } from '../model/logger.ts';
import { laterOf, timestamp } from '../model/timestamp.ts';
import type { LostEvents, LostGap } from '../store/kinds/ledger.ts';
import { outboxKind, outboxValue } from '../store/kinds/outbox.ts';
import { type Entry, maxOperations, type Store } from '../store/store.ts';
import { homeTransaction, type Place, readHome } from './home.ts';

/** Keys that one transaction drops. One operation is left for the count of the loss. */
const keysAtOnce = maxOperations - 1;
/** Lost transactions belong to the same gap if the time between them is less than this. */
const sameGapMilliseconds = 600_000;
const maxGaps = 50;

/**
 * Drops the `excess` oldest transactions of an outbox (test/ledger/outbox-limit.test.ts). The commit that drops
 * transactions also counts them as lost. If one of these has reached the ledger meanwhile, the commit fails, and the
 * oldest transactions are chosen anew.
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

/** Returns the loss, with these transactions added. */
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

/**
 * Returns the gaps with one more. Extends the last gap instead if the new one follows closely. Joins the two oldest
 * gaps if there are too many.
 */
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
