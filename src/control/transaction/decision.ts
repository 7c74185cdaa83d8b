// The shape of a use case: a pure function from the views and the request to the transaction that carries it out.
// How a decision is built: transaction-builder.ts. How it is committed: commit.ts.

import type { Revision } from '../../model/revision.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from './actor.ts';
import type { Decision } from './transaction-builder.ts';

/** The inputs of a decision beside the request. */
export interface DecisionContext {
  readonly actor: Actor;
  readonly views: Views;
  /**
   * Keys that other requests to this replica are about to write: they are not free, though the views do not show it
   * yet.
   */
  readonly claimed: { has(key: string): boolean };
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A pure function. It is called again, on newer views, when its transaction lost a race. Refuses by throwing. */
export type Decide<T> = (context: DecisionContext) => Decision<T>;

/** The result of a committed decision. */
export interface Committed<T> {
  result: T;
  /** The store's revision at which the result is true. */
  revision: Revision;
}
