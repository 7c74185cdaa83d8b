// The usage of a pool, in the form of the API's answers.

import type { Family } from '../../model/address.ts';
import { inSlices } from '../../model/in-slices.ts';
import type { Pool } from '../../model/pool.ts';
import type { FamilyUsage } from '../../views/pool-state.ts';
import type { DecisionContext } from '../transaction/decision.ts';

/** Numbers of addresses as decimal strings, because JavaScript numbers cannot count IPv6 addresses exactly. */
export type PoolUsage = Record<Family, Record<keyof FamilyUsage, string>>;

type Seen = Pick<DecisionContext, 'views' | 'now'>;

/** Returns the usage of the pool with this id in the views. Returns zeros for a pool that was deleted meanwhile. */
export function usageOf({ views, now }: Seen, id: string): PoolUsage {
  return usageInText(views.pools.usage(id, now));
}

/** Returns the usage of a pool that is about to be created. Addresses in its ranges may be in use already. */
export async function usageOfNew({ views, now }: Seen, pool: Pool): Promise<PoolUsage> {
  return usageInText(await inSlices(views.pools.preview(pool, now)));
}

/** Returns the usage in the form of answers. Numbers that are absent are 0. */
export function usageInText(usage?: Record<Family, Partial<FamilyUsage>>): PoolUsage {
  return { ipv4: inText(usage?.ipv4), ipv6: inText(usage?.ipv6) };
}

function inText(usage: Partial<FamilyUsage> = {}): Record<keyof FamilyUsage, string> {
  const { capacity = 0n, used = 0n, recorded = 0n, coolingDown = 0n, carved = 0n, free = 0n } = usage;
  return {
    capacity: String(capacity),
    used: String(used),
    recorded: String(recorded),
    coolingDown: String(coolingDown),
    carved: String(carved),
    free: String(free),
  };
}
