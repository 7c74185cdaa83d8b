// A request that waits for its transaction, in the loop of commit.ts.

import type { Actor } from '../access/actor.ts';
import type { Batch } from './batch.ts';
import type { Committed, Decide, Decision, DecisionContext } from './decision.ts';

/** A call of `Committer.commit`. */
export interface Job {
  actor: Actor;
  decide: Decide<unknown>;
  attempts: number;
  maxAttempts: number;
  /** The time of the call, by performance.now(). */
  since: number;
  /** The batches for which the job waits before it is decided again. */
  waitsFor: readonly Batch<Job>[];
  /** True after a refusal that was not final, because other batches were under way. */
  wasRefused: boolean;
  /** The last decision, while the job waits. */
  wanted: Decision<unknown> | undefined;
  /** The keys of the SkyDNS layout that were read after the last failed attempt. */
  skydnsKeys?: DecisionContext['skydnsKeys'];
  resolve: (committed: Committed<unknown>) => void;
  reject: (reason: unknown) => void;
}
