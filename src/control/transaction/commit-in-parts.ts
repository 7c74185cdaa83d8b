// Commits work on many items that no transaction has room for: some of them at a time, one transaction after the other.

import type { Actor } from '../access/actor.ts';
import type { Committer } from './commit.ts';
import type { Decision, DecisionContext } from './decision.ts';

/** `size`: how many items one transaction has room for. `decide`: decides about these of the items. */
export async function commitInParts<T>(
  committer: Committer,
  actor: Actor,
  { items, size }: { items: readonly T[]; size: number },
  decide: (context: DecisionContext, part: readonly T[]) => Decision<unknown>,
): Promise<void> {
  for (let start = 0; start < items.length; start += size) {
    const part = items.slice(start, start + size);
    await committer.commit(actor, (context) => decide(context, part));
  }
}
