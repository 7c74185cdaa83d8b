// Use case: a pool is created or changed. Without force, a change must leave the addresses in use inside the pool.

import { refuse, refuseField } from '../../errors.ts';
import { addressNumber } from '../../model/address.ts';
import { type AddressRange, rangesOverlap } from '../../model/address-range.ts';
import { type Pool, poolShape, shapeHolds } from '../../model/pool.ts';
import { poolKey, poolKind, poolValue } from '../../store/kinds/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import { type PoolUsage, usageOfNew } from '../addresses/pool-usage.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideEvict, refuseUse, type Stays } from './evict.ts';

/** The change that a request asks for. */
export interface PoolChange {
  name: string;
  precondition: Precondition;
  /**
   * Returns the wanted pool, made from the current pool. Is called again when the current pool has changed. Refuses by
   * throwing.
   */
  change: (current: Pool | undefined) => Pool;
}

/** Creates or changes a pool. Refuses with `pool_in_use` if addresses in use would be outside it. */
export function decidePutPool(
  context: DecisionContext,
  { name, precondition, change }: PoolChange,
): Decision<{ pool: Pool; created: boolean }> {
  const current = context.views.pools.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const pool = change(current?.value);
  const builder = new TransactionBuilder(context);
  writePool(builder, pool, current);
  return builder.build({ pool, created: current === undefined });
}

/** Creates a pool. Refuses with `already_exists`. Result: the pool with its usage at this moment. */
export function decideCreatePool(context: DecisionContext, pool: Pool): Decision<Pool & { usage: PoolUsage }> {
  const { name } = pool;
  if (context.views.pools.get(name) !== undefined)
    refuse('already_exists', `there is a pool '${name}' already`, { pool: name });
  const builder = new TransactionBuilder(context);
  writePool(builder, pool, undefined);
  return builder.build({ ...pool, usage: usageOfNew(context, pool) });
}

function writePool(builder: TransactionBuilder, pool: Pool, current: Versioned<Pool> | undefined): void {
  checkRanges(builder, pool);
  if (current !== undefined && shrinks(current.value, pool)) {
    refuseUse(builder, current.value, staysIn(current.value, pool));
  }
  guardRanges(builder, pool, current?.value);
  builder.put(poolKey(pool.name), poolValue.encode(pool), current?.modified);
}

/** Refuses ranges that overlap each other, or those of another pool of the same space. */
function checkRanges({ views }: DecisionContext, pool: Pool): void {
  const { ranges } = poolShape(pool);
  for (const [index, range] of ranges.entries()) {
    const twin = ranges.findIndex((other, earlier) => earlier < index && rangesOverlap(range, other));
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

/**
 * If the ranges change, requires that no pool is written meanwhile. Without that, two pools could be written at the
 * same time whose ranges overlap, since they have different keys.
 */
function guardRanges(builder: TransactionBuilder, pool: Pool, current: Pool | undefined): void {
  const changed = current === undefined || current.space !== pool.space || current.ranges.join() !== pool.ranges.join();
  if (changed) builder.requireQuiet(poolKind.prefix, builder.views.revision);
}

function covers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** Returns whether addresses of the current pool may be outside the changed pool. */
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

/**
 * Prepares {@link decidePutPool} by force: releases addresses outside the changed pool, as many as fit into one
 * transaction. Result: how many are left.
 */
export function decideEvictOutside(
  context: DecisionContext,
  { name, precondition, change }: PoolChange,
): Decision<number> {
  const current = context.views.pools.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const pool = change(current?.value);
  checkRanges(context, pool);
  if (current === undefined) return noChange(0);
  return decideEvict(context, current.value, staysIn(current.value, pool));
}
