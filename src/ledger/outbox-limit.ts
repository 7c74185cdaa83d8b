// Keeps the outbox within its limit while the ledger cannot be written to: a store that is full would refuse every
// write. The oldest events are lost then. The store keeps how many, so that nobody overlooks it.

import type { Logger } from '../model/logger.ts';
import { laterOf, timestamp } from '../model/timestamp.ts';
import type { LostEvents, LostGap } from '../store/kinds/ledger.ts';
import { outboxKind, outboxValue } from '../store/kinds/outbox.ts';
import type { Entry, Store } from '../store/store.ts';
import { deleteKeys } from './drain.ts';
import { type Place, readHome, writeHome } from './home.ts';

/** Keys that are dropped together. */
const keysAtOnce = 500;
/** What is dropped within this time after an earlier drop is part of the same gap. */
const sameGapMilliseconds = 600_000;
const maxGaps = 50;

/** Drops the oldest transactions of an outbox that has `excess` more than it may (test/ledger/outbox-limit.test.ts). */
export async function dropOldest(store: Store, place: Place, excess: number, logger: Logger): Promise<void> {
  for (let left = excess; left > 0; ) {
    const { entries } = await store.list(outboxKind.prefix, { limit: Math.min(left, keysAtOnce) });
    if (entries.length === 0) return;
    await deleteKeys(store, entries);
    left -= entries.length;
    const { transactions, from, until } = await noteLost(store, place, entries);
    logger.error(
      { dropped: entries.length, transactions, from, until },
      'EVENTS ARE LOST: too many waited for the ledger, and the oldest were dropped; repair the ledger, or raise --ledger-outbox-max',
    );
  }
}

/** Adds the transactions to those that are lost. */
async function noteLost(store: Store, { kind, replica }: Place, entries: readonly Entry[]): Promise<LostEvents> {
  const dropped = entries.map(droppedOf);
  const times = dropped.map(({ at }) => at).sort();
  const revisions = dropped.map(({ revision }) => revision).sort((a, b) => a - b);
  const [oldest, newest] = [times[0] as string, times.at(-1) as string];
  const gap = { first: revisions[0] as number, last: revisions.at(-1) as number, from: oldest, until: newest };
  for (;;) {
    const before = await readHome(store);
    const { transactions = 0, from = oldest, until = '', gaps = [] } = before?.home.lost ?? {};
    const lost = {
      transactions: transactions + entries.length,
      from,
      until: laterOf(until, newest),
      gaps: withGap(gaps, gap),
    };
    const home = before?.home ?? { kind, ...(kind === 'sqlite' && { replica }) };
    if (await writeHome(store, { ...home, lost }, before)) return lost;
  }
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
