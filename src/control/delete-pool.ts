// Use case: a pool goes; what is in use in it only by force.

import { refuse } from '../errors.ts';
import { poolKey } from '../store/keys.ts';
import type { Decision, DecisionContext } from './commit.ts';
import { evict } from './evict.ts';
import { checkPrecondition, entityTag, type Precondition } from './precondition.ts';
import { TransactionBuilder } from './transaction-builder.ts';

export function decideDeletePool(
  context: DecisionContext,
  name: string,
  precondition: Precondition,
  force: boolean,
): Decision<void> {
  const current = context.views.pools.get(name) ?? refuse('not_found', `there is no pool '${name}'`, { pool: name });
  checkPrecondition(precondition, entityTag(current.modified));
  const builder = new TransactionBuilder(context.views);
  evict(context, builder, current.value, force, () => false);
  builder.delete(poolKey(name), current.modified);
  return { result: undefined, ...builder.build() };
}
