// Refuses a request for which no address is free: says how the pools are used, and what to do.

import { joinFirst, refuse } from '../../errors.ts';
import type { Family } from '../../model/address.ts';
import { capacityOf, type Pool, poolShape } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import { refuseDraining } from './choose-explicit.ts';
import { type PoolUsage, usageOf } from './pool-usage.ts';

/**
 * Refuses with `pool_exhausted` more addresses than any of the pools can ever give. Nobody waits for them: whoever came
 * later would wait in vain, too.
 */
function refuseBeyond(
  family: Family,
  count: number,
  usage: Pick<PoolUsage[Family], 'capacity' | 'carved'>[],
  named?: Pool,
): void {
  const most = usage.map(({ capacity, carved }) => BigInt(capacity) - BigInt(carved)).reduce((a, b) => (a > b ? a : b));
  if (BigInt(count) <= most) return;
  const where = named === undefined ? 'no automatic pool has' : `pool '${named.name}' does not have`;
  const hasRange = named === undefined || poolShape(named).ranges.some((range) => range.family === family);
  const message = hasRange
    ? `${where} ${count} ${family} addresses, but ${most} at most: ask for fewer, widen a pool or create another`
    : `pool '${named.name}' has no ${family} ranges: add some, or name another pool or family`;
  refuse('pool_exhausted', message, { family, pools: usage });
}

/** Returns what a request that named no pool can do when there is no automatic pool for it. */
function otherWay(asking: Asking, family: Family): string {
  const access = accessOf(asking);
  const names = [...asking.views.pools.list()]
    .filter(({ value }) => access.hasPool(value.id) && !value.drain && capacityOf(poolShape(value), family) > 0n)
    .map(({ value }) => `"pool": "${value.name}"`);
  if (names.length > 0) return `name ${names.length === 1 ? 'the' : 'a'} pool: ${joinFirst(names)}`;
  return access.isWhole ? 'create one (POST /v1/pools)' : 'ask for a token that may use one';
}

/**
 * Refuses with `pool_exhausted`: none of these pools has so many free addresses of the family. `named`: the pool that
 * the request names.
 */
export function refuseExhausted(
  context: DecisionContext,
  family: Family,
  count: number,
  pools: Pool[],
  named?: Pool,
): never {
  const { views, now } = context;
  if (pools.length === 0) {
    const which = accessOf(context).isWhole ? '' : ' that the token may use';
    context.line?.lacks({ family, count });
    const message = `no automatic pool${which} has ${family} addresses: ${otherWay(context, family)}`;
    refuse('pool_exhausted', message, { family });
  }
  // Only a pool that the request names can be draining here: draining pools are not among the automatic pools.
  const draining = pools.find(({ drain }) => drain);
  if (draining !== undefined) refuseDraining(draining);
  const usage = pools.map((pool) => {
    const soonest = views.pools.nextCoolDownEnd(pool.id, now);
    return {
      pool: pool.name,
      ...usageOf(context, pool.id)[family],
      ...(soonest !== undefined && { nextCoolDownEnd: timestamp(soonest) }),
    };
  });
  const ahead = Math.max(...pools.map((pool) => context.line?.ahead(context, pool, family) ?? 0));
  refuseBeyond(family, count, usage, named);
  context.line?.lacks({ family, count, pool: named?.id });
  const free = usage.reduce((sum, { free }) => sum + BigInt(free), 0n);
  const isKept = ahead > 0 && free > 0n;
  const what = count === 1 ? `no ${family} address is` : `${count} ${family} addresses are not`;
  const where = named === undefined ? 'any automatic pool' : `pool '${named.name}'`;
  const also = (count: string, what: string) => (count === '0' ? '' : `, ${count} ${what}`);
  const full = usage
    .map(({ pool, used, capacity, recorded, coolingDown, carved, free }) => {
      // Held addresses that the pool excludes are beyond its capacity.
      const excluded =
        [used, recorded, coolingDown, carved, free].reduce((sum, one) => sum + BigInt(one), 0n) - BigInt(capacity);
      return `${pool}: ${BigInt(used) - excluded} of ${capacity} used${also(recorded, 'named by records')}${also(coolingDown, 'cooling down')}${also(carved, 'carved out')}${also(String(excluded), 'held though excluded')}`;
    })
    .join('; ');
  const kept = isKept ? `${free} free, but kept` : `the next ${ahead} are kept`;
  const waiting = ahead > 0 ? `; ${kept} for requests that wait longer${isKept ? ` and need ${ahead}` : ''}` : '';
  refuse(
    'pool_exhausted',
    `${what} ${isKept ? 'left' : 'free'} in ${where} (${full}${waiting}): release some, widen a pool or create another`,
    {
      family,
      pools: usage,
    },
  );
}
