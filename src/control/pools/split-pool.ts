// Use case: some ranges of a pool become a pool of their own, while their addresses are in use. Two keys are written,
// whatever the number of holders: which pool an address is in follows from the ranges of the pools.

import { refuseField } from '../../errors.ts';
import { type AddressRange, rangesOverlap, rangesWithout } from '../../model/address-range.ts';
import { maxRanges, type Pool, poolShape } from '../../model/pool.ts';
import { partOf, withoutRanges } from '../../model/pool-parts.ts';
import { known } from '../../model/unknown.ts';
import { poolKey, poolKind, poolValue } from '../../store/kinds/pool.ts';
import { tokenKey, tokenKind, tokenValue } from '../../store/kinds/token.ts';
import { accessOf } from '../access/access.ts';
import { type PoolUsage, usageInText, usageOfNew } from '../addresses/pool-usage.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingPool } from '../reading/existing.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { refuseChildren } from './pool-tree.ts';
import { refuseTakenName } from './put-pool.ts';
import { refuseRenumbering } from './refuse-renumbering.ts';

export interface WantedSplit {
  /** The name of the pool that is split, or its id. */
  pool: string;
  /** The id of the new pool. */
  id: string;
  name: string;
  /** The ranges of the new pool. */
  ranges: AddressRange[];
  precondition: Precondition;
}

/** Returns the usage that the new pool would have now. Zeros if there is no pool to split. */
export async function usageOfSplit(
  seen: Pick<DecisionContext, 'views' | 'now'>,
  wanted: WantedSplit,
): Promise<PoolUsage> {
  const pool = seen.views.pools.find(wanted.pool)?.value;
  return pool === undefined ? usageInText() : usageOfNew(seen, partOf(pool, wanted, wanted.ranges));
}

/**
 * Splits a pool. The new pool has the settings and the parent of the pool, and the exclusions in its ranges. Tokens
 * that are limited to the pool get the new one too: so each token may use the same addresses as before. Result: the new
 * pool with its usage, which the caller has from {@link usageOfSplit}. Refuses with `not_found`, `precondition_failed`,
 * `already_exists` or `address_outside_pool`, with `pool_overlap` also if nothing would be left of the pool, with
 * `pool_in_use` if pools were carved out of these ranges, and with `renumbering_running`.
 */
export function decideSplitPool(
  context: DecisionContext,
  wanted: WantedSplit,
  usage: PoolUsage,
): Decision<Pool & { usage: PoolUsage }> {
  const access = accessOf(context);
  const { value: pool, modified } = existingPool(context, known(wanted.pool));
  access.needNoOwner('pools');
  access.needAllPools('to split a pool');
  const builder = new TransactionBuilder(context);
  const { refusals } = builder;
  refusals.try(() => checkPrecondition(wanted.precondition, entityTag(modified)));
  refusals.try(() => refuseTakenName(builder, wanted));
  refusals.try(() => refuseRenumbering(builder, pool, ':pool'));
  const areFit = checkParts(builder, pool, wanted.ranges);
  const left = areFit ? refusals.try(() => withoutRanges(pool, wanted.ranges)) : undefined;
  if (left === undefined) return refusals.throwAll();
  refusals.try(() => refuseLeft(pool, left));
  refusals.try(() => refuseChildren(builder, pool, left), '/ranges');
  const created = partOf(pool, wanted, wanted.ranges);
  builder.requireQuiet(poolKind.prefix, builder.views.revision);
  builder.put(poolKey(pool.id), poolValue.encode(left), modified);
  builder.addUnchecked({ kind: 'put', key: poolKey(created.id), value: poolValue.encode(created) });
  widenTokens(builder, pool, created);
  return builder.build({ ...created, usage });
}

/** Adds a refusal for each range that is not in the pool, or overlaps another one. Returns whether there is none. */
function checkParts({ refusals }: TransactionBuilder, pool: Pool, ranges: readonly AddressRange[]): boolean {
  const checkRange = (range: AddressRange, index: number) => {
    const path = `/ranges/${index}`;
    if (rangesWithout([known(range)], poolShape(pool).ranges).length > 0) {
      const message = `${range.text} is not in pool '${pool.name}' (${pool.ranges.slice(0, 3).join(', ')}${pool.ranges.length > 3 ? ' …' : ''})`;
      refuseField('address_outside_pool', path, message, { pool: pool.name });
    }
    const twin = ranges.slice(0, index).find((other) => rangesOverlap(known(other), range));
    if (twin !== undefined) refuseField('pool_overlap', path, `${range.text} overlaps ${twin.text} of the request`);
    return true;
  };
  const checked = refusals.try(() =>
    known(ranges).map((range, index) => refusals.try(() => checkRange(range, index)) === true),
  );
  return checked?.every((isFit) => isFit) ?? false;
}

function refuseLeft(pool: Pool, left: Pool): void {
  if (left.ranges.length === 0) {
    const message = `are all of pool '${pool.name}': leave it an address, or rename it (PATCH {"name": …})`;
    refuseField('pool_overlap', '/ranges', message, { pool: pool.name });
  }
  const most = Math.max(left.ranges.length, left.exclude.length);
  if (most > maxRanges)
    refuseField('invalid_request', '/ranges', `would leave pool '${pool.name}' ${most} ranges, more than ${maxRanges}`);
}

/**
 * Adds the new pool to the scope of each token that has the pool in its scope. Requires that no token is created before
 * the commit: it could have the pool alone in its scope.
 */
function widenTokens(builder: TransactionBuilder, pool: Pool, created: Pool): void {
  builder.requireQuiet(tokenKind.prefix, builder.views.revision);
  for (const [id, { value, modified }] of builder.views.tokens) {
    if (value.pools?.includes(pool.id) !== true) continue;
    builder.put(tokenKey(id), tokenValue.encode({ ...value, pools: [...value.pools, created.id] }), modified);
  }
  if (builder.hasRoom(0)) return;
  const message = `pool '${pool.name}' is in the scope of more tokens than one transaction can change: delete some of them first (DELETE /v1/tokens/{id})`;
  builder.refusals.try(() => refuseField('pool_in_use', ':pool', message, { pool: pool.name }));
}
