// Use case: a pool is deleted. While addresses of the pool are held, this needs force.

import type { Pool } from '../../model/pool.ts';
import { poolKey } from '../../store/kinds/pool.ts';
import { renumberingKey } from '../../store/kinds/renumbering.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { Refusals } from '../input/refusals.ts';
import { existingPool } from '../reading/existing.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideEvict, leavingFrom, refuseUse } from './evict.ts';
import { refuseChildren } from './pool-tree.ts';
import { refuseRenumbering } from './refuse-renumbering.ts';
import type { Evicted } from './released.ts';

interface PoolDeletion {
  /** The name of the pool, or its id. */
  name: string;
  precondition: Precondition;
  /** True: accepts held addresses that the pool did not give. They stay with their holders, outside every pool. */
  force?: boolean;
}

/**
 * Deletes a pool. Refuses with `not_found`, `precondition_failed`, `forbidden`, or with `pool_in_use` while addresses
 * of the pool are held. Without force, refuses as {@link refuseRenumbering} does. With force, a renumbering to this
 * pool is stopped as soon as its leader sees that the pool is gone.
 */
export function decideDeletePool(context: DecisionContext, wanted: PoolDeletion): Decision<void> {
  const { value, modified } = poolToDelete(context, wanted.name);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(wanted.precondition, entityTag(modified)));
  builder.refusals.try(() => refuseChildren(builder, value), ':pool');
  if (!wanted.force) builder.refusals.try(() => refuseRenumbering(builder, value, ':pool'));
  builder.refusals.try(() => refuseUse(builder, leavingFrom(value), wanted.force ?? false), ':pool');
  const renumbering = context.views.renumberings.get(value.id);
  if (renumbering !== undefined) builder.delete(renumberingKey(value.id), renumbering.modified);
  return builder.delete(poolKey(value.id), modified).build(undefined);
}

/**
 * Makes room for {@link decideDeletePool} with force: releases as many addresses of the pool as fit into one
 * transaction. Result: what it released.
 */
export function decideEvictAll(context: DecisionContext, { name, precondition }: PoolDeletion): Decision<Evicted> {
  const { value, modified } = poolToDelete(context, name);
  const { refusals = new Refusals() } = context;
  refusals.try(() => checkPrecondition(precondition, entityTag(modified)));
  refusals.try(() => refuseChildren(context, value), ':pool');
  refusals.throwIfAny();
  return decideEvict(context, leavingFrom(value));
}

/** Refuses with `forbidden` a token that may not delete the pool. */
function poolToDelete(context: DecisionContext, name: string): Versioned<Pool> {
  const access = accessOf(context);
  access.needPool(name);
  access.needNoOwner('pools');
  access.needAllPools('to delete a pool');
  return existingPool(context, name);
}
