// What a use case is: a pure decision, from what the views say and what was asked to the transaction that makes it true. The loop that does: commit.ts.

import type { Revision } from '../../model/revision.ts';
import type { Transaction } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';

/** What a decision may look at. */
export interface DecisionContext {
  views: Views;
  /** Keys that other requests of this replica are about to write: not free, though the views do not show it yet. */
  claimed: { has(key: string): boolean };
  /** Milliseconds since the epoch. */
  now: number;
}

/** What was decided: the answer to the caller, and the transaction that makes it true. No operations: it is true already. */
export interface Decision<T> extends Transaction {
  result: T;
}

/** A pure function: it may be called again, on a fresher view. Refuses by throwing. */
export type Decide<T> = (context: DecisionContext) => Decision<T>;

export interface Committed<T> {
  result: T;
  /** The store's revision that made it true. */
  revision: Revision;
}

/** There is nothing to write. */
export function nothing<T>(result: T): Decision<T> {
  return { result, compares: [], operations: [] };
}
