// What a pool and those that were carved out of it need of each other.

import { maxNamed, refuse } from '../../errors.ts';
import { rangesWithout } from '../../model/address-range.ts';
import { type Pool, poolShape } from '../../model/pool.ts';
import { poolKey, poolValue } from '../../store/kinds/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/**
 * Writes a pool as it is, because its children are about to get addresses of it: a request that takes one of these
 * addresses from the pool at the same moment loses the race.
 */
export function touchPool(builder: TransactionBuilder, { value, modified }: Versioned<Pool>): void {
  builder.put(poolKey(value.id), poolValue.encode(value), modified);
}

/**
 * Refuses with `pool_in_use` if pools were carved out of ranges that the pool loses when it becomes `next`. Without
 * `next`, the pool loses all.
 */
export function refuseChildren({ views }: DecisionContext, pool: Pool, next?: Pool): void {
  const stay = next?.space === pool.space ? poolShape(next).ranges : [];
  const names = [...views.pools.childrenOf(pool.id)]
    .filter(({ value }) => rangesWithout(poolShape(value).ranges, stay).length > 0)
    .map(({ value }) => value.name);
  if (names.length === 0) return;
  const shown = names.slice(0, maxNamed);
  const message = `pools were carved out of pool '${pool.name}' there (${shown.join(', ')}): delete them first, or keep their ranges`;
  refuse('pool_in_use', message, { pool: pool.name, pools: shown });
}
