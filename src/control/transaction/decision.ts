// The shape of a use case: a pure function from the views and the request to the transaction that carries it out.
// How a decision is built: transaction-builder.ts. How it is committed: commit.ts.

import type { Revision } from '../../model/revision.ts';
import type { DecisionContext } from './decision-context.ts';
import type { Decision } from './transaction-builder.ts';

/** A pure function. It is called again, on newer views, when its transaction lost a race. Refuses by throwing. */
export type Decide<T> = (context: DecisionContext) => Decision<T>;

/** The result of a committed decision. */
export interface Committed<T> {
  result: T;
  /** The store's revision at which the result is true. */
  revision: Revision;
}
