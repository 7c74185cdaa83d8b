// Use case: a pool takes the ranges of another one, with all that is in use there, and the other one is gone. Two keys
// are written, and those of the pools that were carved out of the other one, whatever the number of holders.

import { refuseField } from '../../errors.ts';
import { inSlices } from '../../model/in-slices.ts';
import { maxRanges, type Pool } from '../../model/pool.ts';
import { withPoolJoined } from '../../model/pool-parts.ts';
import { known } from '../../model/unknown.ts';
import { poolKey, poolKind, poolValue } from '../../store/kinds/pool.ts';
import { renumberingKey } from '../../store/kinds/renumbering.ts';
import { accessOf } from '../access/access.ts';
import { type PoolUsage, usageInText } from '../addresses/pool-usage.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingPool, noPool } from '../reading/existing.ts';
import { poolPath } from '../reading/resource-path.ts';
import { poolName } from '../reading/with-pools.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { changedByMerge, type MergeChange } from './merge-changes.ts';
import { checkReverse } from './put-pool.ts';
import { refuseRenumbering } from './refuse-renumbering.ts';

interface WantedMerge {
  /** The name of the pool that stays, or its id. */
  pool: string;
  /** The name of the pool that is gone afterwards, or its id. */
  from: string;
  precondition: Precondition;
}

interface Merged {
  pool: Pool & { usage: PoolUsage };
  /** What is different for the addresses of the pool that is gone. */
  changes: MergeChange[];
  /** How many tokens are limited to the pool that is gone, and not to the other one. */
  tokens: number;
}

/** Returns the usage that the pool would have with the ranges of the other one. Zeros if one of the two is missing. */
export async function usageOfMerged(
  { views, now }: Pick<DecisionContext, 'views' | 'now'>,
  wanted: WantedMerge,
): Promise<PoolUsage> {
  const { pools } = views;
  const [pool, from] = [pools.find(wanted.pool)?.value, pools.find(wanted.from)?.value];
  if (pool === undefined || from === undefined || pool.id === from.id) return usageInText();
  const children = [...pools.childrenOf(pool.id), ...pools.childrenOf(from.id)].map(({ value }) => value);
  const carved = children.filter(({ id }) => id !== from.id);
  return usageInText(await inSlices(pools.preview(withPoolJoined(pool, from), now, carved)));
}

/**
 * Merges another pool into a pool, whose settings stay. Pools that were carved out of the other one get the pool as
 * their parent. Result: the pool with its usage, which the caller has from {@link usageOfMerged}. Refuses with
 * `not_found`, `pool_not_found`, `precondition_failed`, `renumbering_running` or `reverse_conflict`, and with
 * `invalid_request` pools that have not the same space and parent, unless the other one was carved out of the pool.
 */
export function decideMergePool(context: DecisionContext, wanted: WantedMerge, usage: PoolUsage): Decision<Merged> {
  const access = accessOf(context);
  const { value: pool, modified } = existingPool(context, known(wanted.pool));
  access.needNoOwner('pools');
  access.needAllPools('to merge pools');
  const builder = new TransactionBuilder(context);
  const { refusals, views } = builder;
  refusals.try(() => checkPrecondition(wanted.precondition, entityTag(modified)));
  refusals.try(() => refuseRenumbering(builder, pool, ':pool'));
  const other = refusals.try(() => otherPool(builder, pool, wanted.from));
  if (other === undefined) return refusals.throwAll();
  const { value: from } = other;
  refusals.try(() => refuseRenumbering(builder, from, '/from'));
  const merged = withPoolJoined(pool, from);
  refusals.try(() => checkReverse(builder, merged, '/from'));
  refusals.try(() => refuseLong(merged));
  builder.requireQuiet(poolKind.prefix, views.revision);
  builder.put(poolKey(pool.id), poolValue.encode(merged), modified);
  builder.delete(poolKey(from.id), other.modified);
  for (const child of views.pools.childrenOf(from.id))
    builder.put(poolKey(child.value.id), poolValue.encode({ ...child.value, parent: pool.id }), child.modified);
  refusals.try(() => {
    if (!builder.hasRoom(0))
      refuseField('pool_in_use', '/from', `more pools were carved out of '${from.name}' than one transaction can move`);
  });
  const renumbering = views.renumberings.get(from.id);
  if (renumbering !== undefined) builder.delete(renumberingKey(from.id), renumbering.modified);
  const left = [...views.tokens.values()].filter(
    ({ value: { pools } }) => pools?.includes(from.id) === true && !pools.includes(pool.id),
  );
  return builder.build({ pool: { ...merged, usage }, changes: changedByMerge(from, merged), tokens: left.length });
}

/** Returns the pool that is merged into the other. Refuses one that is elsewhere in the tree of pools. */
function otherPool(context: DecisionContext, pool: Pool, name: string) {
  const { pools } = context.views;
  accessOf(context).needPool(known(name), '/from');
  const other = pools.find(name) ?? refuseField('pool_not_found', '/from', noPool(name), { pool: name });
  const { value: from } = other;
  const refuseFrom = (message: string) => refuseField('invalid_request', '/from', message);
  if (from.id === pool.id) refuseFrom('is the pool itself: name another one');
  if (from.space !== pool.space)
    refuseFrom(`is in space '${from.space}': a pool of space '${pool.space}' can be merged into '${pool.name}'`);
  if (pool.parent === from.id)
    refuseFrom(
      `is the pool around '${pool.name}': merge that into this one (POST ${poolPath(from.name)}/merge {"from": "${pool.name}"})`,
    );
  if (from.parent !== pool.parent && from.parent !== pool.id) {
    const place = ({ parent }: Pool) =>
      parent === undefined ? 'was not carved out of a pool' : `was carved out of '${poolName(context, parent)}'`;
    refuseFrom(`${place(from)}, and '${pool.name}' ${place(pool)}: merge it into the pool around it, or beside it`);
  }
  return other;
}

function refuseLong({ name, ranges, exclude }: Pool): void {
  const most = Math.max(ranges.length, exclude.length);
  if (most > maxRanges)
    refuseField('invalid_request', '/from', `pool '${name}' would have ${most} ranges, more than ${maxRanges}`);
}
