// Use case: a pool is made, or becomes another. Addresses in use must stay inside it, unless forced out.

import { refuse, refuseField } from '../errors.ts';
import { addressNumber } from '../model/address.ts';
import { type AddressRange, rangesOverlap } from '../model/address-range.ts';
import { type Pool, poolShape, shapeHolds } from '../model/pool.ts';
import { poolKey, prefixes } from '../store/keys.ts';
import { poolValue } from '../store/values.ts';
import type { Decision, DecisionContext } from './commit.ts';
import { evict } from './evict.ts';
import { checkPrecondition, entityTag, type Precondition } from './precondition.ts';
import { TransactionBuilder } from './transaction-builder.ts';

export interface PoolChange {
  name: string;
  precondition: Precondition;
  /** Releases what the new ranges leave out. */
  force: boolean;
  /** From the pool as it is to what is wanted; it may be asked again with a newer one. Refuses by throwing. */
  change: (current: Pool | undefined) => Pool;
}

export function decidePutPool(
  context: DecisionContext,
  { name, precondition, force, change }: PoolChange,
): Decision<{ pool: Pool; created: boolean }> {
  const current = context.views.pools.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const pool = change(current?.value);
  checkRanges(context, pool);
  const builder = new TransactionBuilder(context.views);
  if (current !== undefined) checkUse(context, builder, current.value, pool, force);
  guardRanges(context, builder, pool, current?.value);
  builder.put(poolKey(name), poolValue.encode(pool), current?.modified);
  return { result: { pool, created: current === undefined }, ...builder.build() };
}

/** Ranges overlap neither each other nor another pool's of the same space. */
function checkRanges({ views }: DecisionContext, pool: Pool): void {
  const { ranges } = poolShape(pool);
  for (const [index, range] of ranges.entries()) {
    const twin = ranges.findIndex((other, at) => at < index && rangesOverlap(range, other));
    if (twin >= 0) {
      refuseField('pool_overlap', `/ranges/${index}`, `${range.text} overlaps ${ranges[twin]?.text} of the same pool`);
    }
    const other = views.pools.overlapping(pool.space, range, pool.name);
    if (other !== undefined) {
      refuse('pool_overlap', `${range.text} overlaps ${other.range.text} of pool '${other.pool.name}'`, {
        pool: other.pool.name,
        range: other.range.text,
        errors: [{ pointer: `/ranges/${index}`, message: `overlaps pool '${other.pool.name}'` }],
      });
    }
  }
}

/** Two pools made at once could overlap without touching one key: a change of ranges needs that no pool was written meanwhile. */
function guardRanges(
  { views }: DecisionContext,
  builder: TransactionBuilder,
  pool: Pool,
  current: Pool | undefined,
): void {
  const changed = current === undefined || current.space !== pool.space || current.ranges.join() !== pool.ranges.join();
  if (changed) builder.quiet(prefixes.pools, views.revision);
}

function covers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

function checkUse(
  context: DecisionContext,
  builder: TransactionBuilder,
  current: Pool,
  next: Pool,
  force: boolean,
): void {
  const shape = poolShape(next);
  const shrinks =
    next.space !== current.space ||
    !poolShape(current).ranges.every((range) => shape.ranges.some((other) => covers(other, range)));
  if (!shrinks) return;
  evict(
    context,
    builder,
    current,
    force,
    (address) => next.space === current.space && shapeHolds(shape, addressNumber(address)),
  );
}
