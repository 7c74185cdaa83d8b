// Use case: a pool is deleted. While its addresses are in use, that takes force.

import type { Pool } from '../../model/pool.ts';
import { poolKey } from '../../store/kinds/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingPool } from '../reading/existing.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideEvict, refuseUse } from './evict.ts';

interface PoolDeletion {
  name: string;
  precondition: Precondition;
}

/** Deletes a pool. Refuses with `pool_in_use` while its addresses are held. */
export function decideDeletePool(context: DecisionContext, wanted: PoolDeletion): Decision<void> {
  const { value, modified } = poolToDelete(context, wanted);
  const builder = new TransactionBuilder(context);
  refuseUse(builder, value, () => false);
  return builder.delete(poolKey(wanted.name), modified).build(undefined);
}

/**
 * Prepares {@link decideDeletePool} by force: releases as many addresses of the pool as fit into one transaction.
 * Result: how many are left.
 */
export function decideEvictAll(context: DecisionContext, wanted: PoolDeletion): Decision<number> {
  return decideEvict(context, poolToDelete(context, wanted).value, () => false);
}

function poolToDelete(context: DecisionContext, { name, precondition }: PoolDeletion): Versioned<Pool> {
  const current = existingPool(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  return current;
}
