// Deletes or shrinks a resource by force: first clears its items in use, in as many transactions as needed, then
// commits the decision.

import { type ErrorCode, Refusal } from '../../errors.ts';
import type { Actor } from '../access/actor.ts';
import type { Committer } from './commit.ts';
import { LostRace } from './commit-failures.ts';
import type { Committed, Decide } from './decision.ts';

/** The limit for attempts, because others may add items before the decision is committed. */
const maxClearings = 20;
/** What one transaction cleared. */
export interface Cleared {
  /** 0 if there is nothing more to clear. */
  left: number;
}

const inUse: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['pool_in_use', 'zone_in_use']);

/**
 * Commits `clear` until nothing is left to clear, and passes what each transaction cleared to `note`. Then commits
 * `decide`. Does both again if `decide` refuses with `pool_in_use` or `zone_in_use`: others added items meanwhile
 * (test/http/force.test.ts), or `clear` left unreadable records. After {@link maxClearings} attempts, rejects with
 * {@link LostRace} if others still add items, otherwise with the last refusal.
 */
export async function commitByForce<T, C extends Cleared>(
  committer: Committer,
  actor: Actor,
  clear: Decide<C>,
  decide: Decide<T>,
  note: (cleared: C) => void,
): Promise<Committed<T>> {
  for (let clearings = 1; ; clearings += 1) {
    let clearsAny = false;
    const clearAndNote: Decide<C> = (context) => {
      const decision = clear(context);
      clearsAny ||= decision.operations.length > 0;
      return decision;
    };
    for (let left = 1; left > 0; ) {
      const { result } = await committer.commit(actor, clearAndNote);
      note(result);
      left = result.left;
    }
    try {
      return await committer.commit(actor, decide);
    } catch (error) {
      if (!(error instanceof Refusal && inUse.has(error.code))) throw error;
      if (clearings === maxClearings)
        throw clearsAny ? new LostRace('and added items after those in use were removed') : error;
    }
  }
}
