// Use case: a pool is created or changed. Without force, refuses a change after which a held address would be outside
// the pool. With force, those of them that the pool gave are released first; the others stay held outside the pool.

import { refuse, refuseField } from '../../errors.ts';
import { type AddressRange, rangesOverlap, rangesWithout } from '../../model/address-range.ts';
import { hasReverseNames, type Pool, poolShape } from '../../model/pool.ts';
import { ulidPattern } from '../../model/ulid.ts';
import { isKnown, known, orUnknown } from '../../model/unknown.ts';
import { poolKey, poolKind, poolValue } from '../../store/kinds/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import type { PoolUsage } from '../addresses/pool-usage.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { Refusals } from '../input/refusals.ts';
import { isCarvedFrom } from '../reading/carved-from.ts';
import { type Decision, type DecisionContext, noChange, type Standing } from '../transaction/decision.ts';
import { standingSince, TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideEvict, leavingFrom, refuseUse } from './evict.ts';
import { refuseChildren, refuseTaking, touchPool } from './pool-tree.ts';
import { type Evicted, nothingEvicted } from './released.ts';

export interface PoolChange {
  /** The name of the pool, or its id. */
  name: string;
  precondition: Precondition;
  /**
   * Makes the wanted pool from the current pool; `current` is undefined if there is no pool of that name. Called anew
   * for each attempt to commit the change. Refuses by throwing.
   */
  change: (current: Pool | undefined) => Pool;
  /** True: accepts that held addresses which the pool did not give are then outside the pool. */
  force?: boolean;
}

export interface PoolPut extends Standing {
  pool: Pool;
  created: boolean;
}

/**
 * Creates or changes a pool. A changed pool may get another name. Refuses with `precondition_failed`, with
 * `already_exists` if another pool has its name, with `pool_overlap` if one of its ranges overlaps
 * another range, and with `pool_in_use` if held addresses would be outside the pool.
 */
export function decidePutPool(
  context: DecisionContext,
  { name, precondition, change, force = false }: PoolChange,
): Decision<PoolPut> {
  const current = context.views.pools.find(known(name));
  requireScope(context, name);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, current && entityTag(current.modified)));
  const pool = builder.refusals.need(() => change(current?.value));
  requireSameAddresses(context, pool, current?.value);
  writePool(builder, pool, current, force);
  return builder.build({ pool, created: current === undefined, ...standingSince(builder, poolKey(pool.id), current) });
}

/**
 * Creates a pool. Refuses with `already_exists` or `pool_overlap`. Result: the pool with its usage, which the caller
 * has from `usageOfNew`. A repeated request with the same Idempotency-Key gets this result again.
 */
export function decideCreatePool(
  context: DecisionContext,
  pool: Pool,
  usage: PoolUsage,
): Decision<Pool & { usage: PoolUsage }> {
  const { name } = pool;
  requireScope(context, name);
  requireSameAddresses(context, pool, undefined);
  const builder = new TransactionBuilder(context);
  writePool(builder, pool, undefined, false);
  return builder.build({ ...pool, usage });
}

function requireScope(context: DecisionContext, name: string): void {
  const access = accessOf(context);
  access.needPool(name);
  access.needNoOwner('pools');
}

/**
 * Refuses with `forbidden` a token that is limited to pools, if the pool is new or gets other addresses or another
 * name: a refusal of a taken name would tell it of other pools.
 */
function requireSameAddresses(context: DecisionContext, pool: Pool, current: Pool | undefined): void {
  if (current === undefined) accessOf(context).needAllPools('to create a pool');
  else if (!isSameName(pool, current)) accessOf(context).needAllPools('to rename a pool');
  else if (!isSameKnown(pool, current)) accessOf(context).needAllPools("to change a pool's ranges or space");
}

/**
 * Returns whether the pool keeps its space and ranges. Returns false also if one of these is unknown: then a refusal
 * could name other pools.
 */
function isSameKnown(pool: Pool, current: Pool): boolean {
  const isSame = orUnknown(() => isKnown(pool.space) && hasSameAddresses(pool, current));
  return isKnown(isSame) && isSame;
}

/** Returns false also if the name is unknown, like {@link isSameKnown}. */
function isSameName(pool: Pool, current: Pool): boolean {
  return isKnown(pool.name) && pool.name === current.name;
}

function hasSameAddresses(pool: Pool, current: Pool): boolean {
  const isSame = current.space === pool.space && current.ranges.join() === pool.ranges.join();
  return isSame && hasReverseNames(current) === hasReverseNames(pool);
}

function writePool(
  builder: TransactionBuilder,
  pool: Pool,
  current: Versioned<Pool> | undefined,
  force: boolean,
): void {
  builder.refusals.try(() => refuseTakenName(builder, pool));
  checkRanges(builder, pool, builder.refusals);
  builder.refusals.try(() => checkReverse(builder, pool));
  if (current !== undefined) {
    const { value: before } = current;
    const isMoved = before.space !== pool.space;
    const path = isMoved ? '/space' : '/ranges';
    builder.refusals.try(() => refuseChildren(builder, before, pool), path);
    builder.refusals.try(() => refuseUse(builder, leavingFrom(before, pool), force), path);
    const parent = pool.parent === undefined ? undefined : builder.views.pools.byId(pool.parent);
    if (parent !== undefined && !hasSameAddresses(pool, before)) {
      builder.refusals.try(() => refuseTaking(builder, before, pool, parent.value), path);
      touchPool(builder, parent);
    }
  }
  guardPools(builder, pool, current?.value);
  builder.put(
    poolKey(pool.id),
    poolValue.encode(current === undefined ? pool : withReverseOf(current.value, pool)),
    current?.modified,
    current && poolValue.encode(current.value),
  );
}

/**
 * Adds a refusal with `pool_overlap` for each range that overlaps another range of the pool, or of another pool in the
 * same space.
 */
function checkRanges({ views }: DecisionContext, pool: Pool, refusals: Refusals): void {
  const ranges = refusals.try(() => poolShape(pool).ranges) ?? [];
  const parent = pool.parent === undefined ? undefined : views.pools.byId(pool.parent)?.value;
  refusals.try(() => {
    if (parent !== undefined && known(pool.space) !== parent.space)
      refuseField(
        'invalid_request',
        '/space',
        `is '${parent.space}', as that of pool '${parent.name}' around this one`,
      );
  });
  const checkRange = (range: AddressRange, index: number) => {
    const isTwin = (other: AddressRange) => isKnown(other) && rangesOverlap(known(range), other);
    const twin = ranges.findIndex((other, earlier) => earlier < index && isTwin(other));
    if (twin >= 0) {
      refuseField('pool_overlap', `/ranges/${index}`, `${range.text} overlaps ${ranges[twin]?.text} of the same pool`);
    }
    if (parent !== undefined && rangesWithout([known(range)], poolShape(parent).ranges).length > 0) {
      const message = `${range.text} is not in pool '${parent.name}', out of which '${pool.name}' was carved`;
      refuseField('address_outside_pool', `/ranges/${index}`, message, { pool: parent.name });
    }
    const isRelated = (other: Pool) =>
      other.id === pool.id || isCarvedFrom(views.pools, pool, other) || isCarvedFrom(views.pools, other, pool);
    const other = views.pools.overlapping(known(pool.space), known(range), isRelated);
    if (other !== undefined) {
      const message = `${range.text} overlaps ${other.range.text} of pool '${other.pool.name}'`;
      refuseField('pool_overlap', `/ranges/${index}`, message, { pool: other.pool.name, range: other.range.text });
    }
  };
  for (const [index, range] of ranges.entries()) refusals.try(() => checkRange(range, index));
}

/** Refuses with `already_exists` if another pool has the name. Refuses a new name that could be the id of a pool. */
export function refuseTakenName({ views }: DecisionContext, { id, name }: Pick<Pool, 'id' | 'name'>): void {
  const other = views.pools.byName(known(name));
  if (other?.value.id === id) return;
  if (ulidPattern.test(name.toUpperCase()))
    refuseField('invalid_request', '/name', 'has the form of an id of a pool: choose another name');
  if (other === undefined) return;
  refuse('already_exists', `there is a pool '${name}' already`, { pool: name }, '/name');
}

/**
 * Refuses with `reverse_conflict` a pool with reverse names if a pool of another space has those of one of its
 * addresses: DNS has one reverse tree. `path`: the field of the request that makes the conflict.
 */
export function checkReverse({ views }: DecisionContext, pool: Pool, path = '/reverse'): void {
  if (!hasReverseNames({ space: known(pool.space), reverse: known(pool.reverse) })) return;
  const { ranges } = poolShape(pool);
  for (const { value: other } of views.pools.list()) {
    if (other.id === pool.id || other.space === pool.space || !hasReverseNames(other)) continue;
    const twin = poolShape(other).ranges.find((range) => ranges.some((own) => rangesOverlap(known(own), range)));
    if (twin === undefined) continue;
    const message = `pool '${other.name}' of space '${other.space}' has the reverse names of ${twin.text}: set "reverse" to false on one of the two pools`;
    refuseField('reverse_conflict', path, message, { pool: other.name, space: other.space, range: twin.text });
  }
}

/**
 * Returns the pool with `reverse` if that has changed once, even if it has its default again: some hosts may still have
 * their PTRs as before (hosts/align-reverse.ts).
 */
function withReverseOf(current: Pool, pool: Pool): Pool {
  const isSettled = current.reverse === undefined && hasReverseNames(current) === hasReverseNames(pool);
  return isSettled ? pool : { ...pool, reverse: hasReverseNames(pool) };
}

/**
 * If the name, the ranges, the space or the reverse names change, requires that no pool is written before the commit.
 * Each pool has its own key, so two requests could otherwise give one name to two pools, or write overlapping ranges
 * into two pools at the same time (test/control/races.test.ts).
 */
function guardPools(builder: TransactionBuilder, pool: Pool, current: Pool | undefined): void {
  if (current === undefined || !isSameName(pool, current) || !hasSameAddresses(pool, current))
    builder.requireQuiet(poolKind.prefix, builder.views.revision);
}

/**
 * Makes room for {@link decidePutPool} with force: releases held addresses that the pool gave and that would be outside
 * the changed pool, as many as fit into one transaction. Result: what it released.
 */
export function decideEvictOutside(
  context: DecisionContext,
  { name, precondition, change }: PoolChange,
): Decision<Evicted> {
  const current = context.views.pools.find(known(name));
  requireScope(context, name);
  const { refusals = new Refusals() } = context;
  refusals.try(() => checkPrecondition(precondition, current && entityTag(current.modified)));
  const pool = refusals.need(() => change(current?.value));
  requireSameAddresses(context, pool, current?.value);
  refusals.try(() => refuseTakenName(context, pool));
  checkRanges(context, pool, refusals);
  if (current !== undefined) refusals.try(() => refuseChildren(context, current.value, pool), '/ranges');
  refusals.throwIfAny();
  if (current === undefined) return noChange(nothingEvicted);
  return decideEvict(context, leavingFrom(current.value, pool));
}
