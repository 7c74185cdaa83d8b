// What a pool and those that were carved out of it need of each other.

import { maxNamed, refuse } from '../../errors.ts';
import { rangesWithout } from '../../model/address-range.ts';
import { type Pool, poolShape } from '../../model/pool.ts';
import { addressesPrefix } from '../../store/kinds/address.ts';
import { poolKey, poolValue } from '../../store/kinds/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { heldAddress, heldInParts, joinHeld } from './released.ts';

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
  const message = `pools were carved out of pool '${pool.name}' there (${shown.join(', ')}): ${next === undefined ? 'delete them first' : 'delete them first, or keep their ranges'}; ?force=true does not help`;
  refuse('pool_in_use', message, { pool: pool.name, pools: shown });
}

/**
 * Refuses with `pool_in_use` if addresses are held in ranges that a carved pool takes from its parent when `before`
 * becomes `next`: the holders have them from the parent, whose users would lose them with the carved pool.
 */
export function refuseTaking(builder: TransactionBuilder, before: Pool, next: Pool, parent: Pool): void {
  const parts = rangesWithout(poolShape(next).ranges, poolShape(before).ranges);
  if (parts.length === 0) return;
  builder.requireQuiet(addressesPrefix(next.space), builder.views.revision);
  const access = accessOf(builder);
  const held = heldInParts(builder.views, next.space, parts)
    .map((record) => heldAddress(access, record))
    .take(maxNamed)
    .toArray();
  if (held.length === 0) return;
  const message = `addresses of pool '${parent.name}' are in use there: ${joinHeld(held)}; release them first, or renumber their pool`;
  refuse('pool_in_use', message, { pool: parent.name, addresses: held });
}
