// The usage of a pool, in the form of the API's answers.

import type { Family } from '../../model/address.ts';
import { type Pool, poolShape } from '../../model/pool.ts';
import type { FamilyUsage } from '../../views/pool-state.ts';
import { PoolView } from '../../views/pool-view.ts';
import type { DecisionContext } from '../transaction/decision.ts';

/** Numbers of addresses as decimal strings, since numbers of IPv6 addresses do not fit into a JavaScript number. */
export type PoolUsage = Record<Family, Record<keyof FamilyUsage, string>>;

type Seen = Pick<DecisionContext, 'views' | 'now'>;

/** Returns the usage of a pool in the views. */
export function usageOf({ views, now }: Seen, pool: string): PoolUsage {
  return textOf(views.pools, pool, now);
}

/** Returns the usage of a pool that is about to be created. Addresses in its ranges may be held already. */
export function usageOfNew({ views, now }: Seen, pool: Pool): PoolUsage {
  const view = new PoolView();
  view.putPool(pool, views.revision);
  for (const { first, last } of poolShape(pool).ranges) {
    for (const { value, modified } of views.pools.addresses(pool.space, first, last)) view.putAddress(value, modified);
  }
  return textOf(view, pool.name, now);
}

function textOf(pools: PoolView, pool: string, now: number): PoolUsage {
  const usage = pools.usage(pool, now);
  return { ipv4: inText(usage?.ipv4), ipv6: inText(usage?.ipv6) };
}

/** Returns the usage as text. For a pool that was deleted meanwhile, returns zeros. */
function inText({ capacity = 0n, used = 0n, coolingDown = 0n, free = 0n }: Partial<FamilyUsage> = {}) {
  return { capacity: String(capacity), used: String(used), coolingDown: String(coolingDown), free: String(free) };
}
