// Use case: a pool goes; what is in use in it only by force.

import type { Pool } from '../../model/pool.ts';
import { poolKey } from '../../store/keys.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { existingPool } from '../transaction/existing.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideEvict, refuseUse } from './evict.ts';

/** Refuses with `pool_in_use` while addresses of it are held. */
export function decideDeletePool(context: DecisionContext, name: string, precondition: Precondition): Decision<void> {
  const { value, modified } = asWanted(context, name, precondition);
  const builder = new TransactionBuilder(context.views);
  refuseUse(context, builder, value, () => false);
  builder.delete(poolKey(name), modified);
  return { result: undefined, ...builder.build() };
}

/** By force, before {@link decideDeletePool}: releases its addresses, in as many transactions as it takes. Result: how many are left. */
export function decideEvictAll(context: DecisionContext, name: string, precondition: Precondition): Decision<number> {
  return decideEvict(context, asWanted(context, name, precondition).value, () => false);
}

function asWanted(context: DecisionContext, name: string, precondition: Precondition): Versioned<Pool> {
  const current = existingPool(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  return current;
}
