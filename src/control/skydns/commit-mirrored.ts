// Commits the use cases that mirror keys of others in the SkyDNS layout: mirror-name.ts, mirror-stub-zone.ts.

import { type ErrorCode, Refusal } from '../../errors.ts';
import type { ForeignFault } from '../../model/skydns/foreign-rrsets.ts';
import type { Actor } from '../access/actor.ts';
import type { Committer } from '../transaction/commit.ts';
import { NotServed } from '../transaction/commit-failures.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';

/** Audit events of these changes name this actor. */
const actor: Actor = { kind: 'system', part: 'skydns' };
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['contended', 'store_unavailable']);

/**
 * Commits the decision. Resolves with its result: the keys that are not served. If the decision is refused, resolves
 * with all of `keys`. Rejects if another attempt may succeed.
 */
export async function commitMirrored(
  committer: Committer,
  keys: readonly string[],
  decide: (context: DecisionContext) => Decision<ForeignFault[]>,
): Promise<ForeignFault[]> {
  try {
    return (await committer.commit(actor, decide)).result;
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof NotServed || passing.has(error.code)) throw error;
    return keys.map((key) => ({ key, reason: error.message }));
  }
}
