// Use case: a pool is made, or becomes another. Addresses in use must stay inside it, unless forced out.

import { refuse, refuseField } from '../../errors.ts';
import { addressNumber } from '../../model/address.ts';
import { type AddressRange, rangesOverlap } from '../../model/address-range.ts';
import { type Pool, poolShape, shapeHolds } from '../../model/pool.ts';
import { poolKey, prefixes } from '../../store/keys.ts';
import { poolValue } from '../../store/values.ts';
import { type PoolUsage, usageOfNew } from '../addresses/pool-usage.ts';
import { type Decision, type DecisionContext, nothing } from '../transaction/decision.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideEvict, refuseUse, type Stays } from './evict.ts';

export interface PoolChange {
  name: string;
  precondition: Precondition;
  /** From the pool as it is to what is wanted; it may be asked again with a newer one. Refuses by throwing. */
  change: (current: Pool | undefined) => Pool;
}

export function decidePutPool(
  context: DecisionContext,
  { name, precondition, change }: PoolChange,
): Decision<{ pool: Pool; created: boolean }> {
  const current = context.views.pools.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const pool = change(current?.value);
  checkRanges(context, pool);
  const builder = new TransactionBuilder(context.views);
  if (current !== undefined && shrinks(current.value, pool)) {
    refuseUse(context, builder, current.value, staysIn(current.value, pool));
  }
  guardRanges(context, builder, pool, current?.value);
  builder.put(poolKey(name), poolValue.encode(pool), current?.modified);
  return { result: { pool, created: current === undefined }, ...builder.build() };
}

/** Refuses with `already_exists`. Result: the pool with its usage, as it was when the pool was made, whenever the answer is given again. */
export function decideCreatePool(context: DecisionContext, pool: Pool): Decision<Pool & { usage: PoolUsage }> {
  const { name } = pool;
  if (context.views.pools.get(name) !== undefined)
    refuse('already_exists', `there is a pool '${name}' already`, { pool: name });
  const { result: _, ...transaction } = decidePutPool(context, { name, precondition: {}, change: () => pool });
  return { result: { ...pool, usage: usageOfNew(context, pool) }, ...transaction };
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
      const message = `${range.text} overlaps ${other.range.text} of pool '${other.pool.name}'`;
      refuseField('pool_overlap', `/ranges/${index}`, message, { pool: other.pool.name, range: other.range.text });
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

/** Whether an address that the pool gave may be outside what it becomes. */
function shrinks(current: Pool, next: Pool): boolean {
  const { ranges } = poolShape(next);
  return (
    next.space !== current.space ||
    !poolShape(current).ranges.every((range) => ranges.some((other) => covers(other, range)))
  );
}

function staysIn(current: Pool, next: Pool): Stays {
  const shape = poolShape(next);
  return (address) => next.space === current.space && shapeHolds(shape, addressNumber(address));
}

/** By force, before {@link decidePutPool}: releases what the change leaves outside, in as many transactions as it takes. Result: how many are left. */
export function decideEvictOutside(
  context: DecisionContext,
  { name, precondition, change }: PoolChange,
): Decision<number> {
  const current = context.views.pools.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const pool = change(current?.value);
  checkRanges(context, pool);
  if (current === undefined) return nothing(0);
  return decideEvict(context, current.value, staysIn(current.value, pool));
}
