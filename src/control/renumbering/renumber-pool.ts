// Use cases: a renumbering of a pool is begun, its progress is noted, and it is stopped. move-holder.ts moves the
// holders, run-renumberings.ts all of them.

import { atField, refuse, refuseField } from '../../errors.ts';
import { type Family, formatAddress } from '../../model/address.ts';
import { type AddressRange, parseFilterRange, parseRange } from '../../model/address-range.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import { type Pool, poolShape, shapeHolds } from '../../model/pool.ts';
import type { Renumbering } from '../../model/renumbering.ts';
import { timestamp } from '../../model/timestamp.ts';
import { isKnown, known, unknownValue } from '../../model/unknown.ts';
import { poolKey, poolValue } from '../../store/kinds/pool.ts';
import { renumberingKey, renumberingValue } from '../../store/kinds/renumbering.ts';
import type { Versioned } from '../../views/versioned.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { refuseDraining } from '../addresses/choose-explicit.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingPool, noPool } from '../reading/existing.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

interface WantedRenumbering {
  pool: string;
  to: { pool: string } | { range: AddressRange };
  allocations: boolean;
}

/** Returns where a request wants the holders to go: the name of a pool, or a range. Refuses with `invalid_request`. */
export function parseTarget(text: string): WantedRenumbering['to'] {
  if (/^[a-z0-9-]+$/.test(text)) return { pool: text };
  if (unlessInvalid(() => parseFilterRange(text)) !== undefined)
    return { range: atField('/to', () => parseRange(text)) };
  const message = `'${text}' is neither the name of a pool nor a range: give a pool, a prefix, or an address and a last one (10.0.0.1-10.0.0.9)`;
  return refuseField('invalid_request', '/to', message);
}

/**
 * Begins a renumbering, and lets its pool drain: from now on, requests get no addresses of it. Refuses with
 * `not_found`, with `already_exists` if one is running, and as {@link targetOf} does.
 */
export function decideRenumberPool(context: DecisionContext, wanted: WantedRenumbering): Decision<Renumbering> {
  needAll(context);
  const { views, now } = context;
  const builder = new TransactionBuilder(context);
  const source = builder.refusals.try(() => existingPool(context, known(wanted.pool)));
  const target = builder.refusals.try(() => targetOf(context, wanted, source?.value ?? unknownValue));
  if (source === undefined || target === undefined) return builder.refusals.throwAll();
  const { value: pool, modified } = source;
  const current = views.renumberings.get(pool.id);
  builder.refusals.try(() => {
    if (current?.value.state !== 'running') return;
    refuse('already_exists', `pool '${pool.name}' is being renumbered: wait, or stop it first (DELETE …/renumbering)`);
  }, ':pool');
  const usage = views.pools.usage(pool.id, now);
  const families: Family[] = target.within === undefined ? ['ipv4', 'ipv6'] : [parseRange(target.within).family];
  const used = families.reduce((sum, family) => sum + (usage?.[family].used ?? 0n), 0n);
  const { id: to } = target.pool;
  const renumbering: Renumbering = {
    pool: pool.id,
    to,
    ...(target.within !== undefined && { within: target.within }),
    allocations: isKnown(wanted.allocations) && wanted.allocations,
    state: 'running',
    startedAt: timestamp(now),
    done: 0,
    total: Number(used),
    left: 0,
    skipped: { count: 0, first: [] },
  };
  const draining = poolValue.encode({ ...pool, drain: true });
  builder.put(poolKey(pool.id), draining, modified, poolValue.encode(pool));
  if (to !== pool.id) builder.requireUnchanged(poolKey(to), views.pools.byId(to)?.modified ?? modified);
  builder.put(renumberingKey(pool.id), renumberingValue.encode(renumbering), current?.modified);
  tellPool(builder, pool, null, { to: target.pool.name, within: target.within ?? null });
  return builder.build(renumbering);
}

/** Adds an audit event of the pool: its renumbering has begun or was stopped. */
function tellPool(
  builder: TransactionBuilder,
  { id, name }: Pick<Pool, 'id' | 'name'>,
  before: object | null,
  after: object | null,
): void {
  const fields = { before: { id, renumbering: before }, after: { id, renumbering: after } };
  builder.tell({ resource: 'pool', action: 'changed', name, ...fields });
}

/**
 * Returns the pool and the range from which the holders get addresses. Refuses with `pool_not_found`, with
 * `address_outside_pool` if no pool has the whole range, with `invalid_request` if the pool is the old one or in
 * another space, and with `pool_exhausted` if it is draining. `source`: the old pool, or an unknown value.
 */
export function targetOf(
  { views }: Pick<DecisionContext, 'views'>,
  { to }: WantedRenumbering,
  source: Pool,
): { pool: Pool; within?: string } {
  const wanted = known(to);
  if ('pool' in wanted) {
    const { value: pool } =
      views.pools.find(wanted.pool) ?? refuseField('pool_not_found', '/to', noPool(wanted.pool), { pool: wanted.pool });
    if (!isKnown(source)) return { pool };
    if (pool.id === source.id)
      refuseField('invalid_request', '/to', 'is the pool itself: name another pool, or a range');
    if (pool.space !== source.space)
      refuseField('invalid_request', '/to', `is in space '${pool.space}': a pool of space '${source.space}' is needed`);
    if (pool.drain) refuseDraining(pool, '/to');
    return { pool };
  }
  const { range } = wanted;
  const pool = views.pools.poolAt(known(source).space, formatAddress(range.first))?.value;
  const isWhole =
    pool !== undefined &&
    poolShape(pool).ranges.some(({ first, last }) => first <= range.first && range.last <= last) &&
    shapeHolds(poolShape(pool), range.last);
  if (!isWhole)
    refuseField('address_outside_pool', '/to', `no pool has a range with all of ${range.text}: create or widen one`);
  if (pool.id !== source.id && pool.drain) refuseDraining(pool, '/to');
  return { pool, within: range.text };
}

/** Refuses a token with a scope: a renumbering changes the hosts of all zones and owners. */
export function needAll(asking: Asking): void {
  accessOf(asking).needWhole('renumbering a pool');
}

export function existingRenumbering(asking: Asking, pool: string): Versioned<Renumbering> {
  needAll(asking);
  const { id, name } = existingPool(asking, pool).value;
  const message = `pool '${name}' is not being renumbered: begin with POST /v1/pools/${name}/renumber`;
  return asking.views.renumberings.get(id) ?? refuse('not_found', message, { pool: name }, ':pool');
}

/** Stops a renumbering, or forgets the outcome of one. Holders that have moved stay where they are. */
export function decideStopRenumbering(
  context: DecisionContext,
  { pool, precondition }: { pool: string; precondition: Precondition },
): Decision<void> {
  const { value, modified } = existingRenumbering(context, pool);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, entityTag(modified)));
  builder.delete(renumberingKey(value.pool), modified);
  const nameOf = (id: string) => context.views.pools.byId(id)?.value.name ?? id;
  const told = { to: nameOf(value.to), within: value.within ?? null };
  if (value.state === 'running') tellPool(builder, { id: value.pool, name: nameOf(value.pool) }, told, null);
  return builder.build(undefined);
}

/** Notes the progress of a renumbering. Does nothing if it was stopped. */
export function decideNoteProgress(context: DecisionContext, progress: Renumbering): Decision<void> {
  const current = context.views.renumberings.get(progress.pool);
  if (current?.value.startedAt !== progress.startedAt || current.value.state !== 'running') return noChange(undefined);
  const [value, standing] = [renumberingValue.encode(progress), renumberingValue.encode(current.value)];
  return new TransactionBuilder(context)
    .put(renumberingKey(progress.pool), value, current.modified, standing)
    .build(undefined);
}

/** Ends a renumbering whose target is gone. `left`: the number of addresses that stay in the old pool. */
export function decideEndWithoutTarget(
  context: DecisionContext,
  { pool, startedAt }: Renumbering,
  left: number,
): Decision<void> {
  const current = context.views.renumberings.get(pool);
  const from = context.views.pools.byId(pool)?.value;
  if (from === undefined || current?.value.startedAt !== startedAt || current.value.state !== 'running')
    return noChange(undefined);
  const { value, modified } = current;
  const { position: _, ...others } = value;
  const stopped: Renumbering = {
    ...others,
    state: 'stopped',
    reason: 'the pool that gives the new addresses was deleted: renumber to another one',
    endedAt: timestamp(context.now),
    done: Math.max(0, value.total - left),
    left,
  };
  const builder = new TransactionBuilder(context).requireAbsent(poolKey(value.to));
  builder.put(renumberingKey(pool), renumberingValue.encode(stopped), modified, renumberingValue.encode(value));
  tellPool(builder, from, { to: value.to, within: value.within ?? null }, null);
  return builder.build(undefined);
}

/** Deletes a renumbering whose pool is gone. */
export function decideForgetRenumbering(context: DecisionContext, pool: string): Decision<void> {
  const current = context.views.renumberings.get(pool);
  if (current === undefined || context.views.pools.byId(pool) !== undefined) return noChange(undefined);
  return new TransactionBuilder(context)
    .delete(renumberingKey(pool), current.modified)
    .requireAbsent(poolKey(pool))
    .build(undefined);
}
