// The requests for pools of a history: put, delete, carve, split and merge. address-history.ts has the others.

import assert from 'node:assert/strict';
import { usageInText } from '../../src/control/addresses/pool-usage.ts';
import { decideCarvePool } from '../../src/control/pools/carve-pool.ts';
import { decideDeletePool } from '../../src/control/pools/delete-pool.ts';
import { decideMergePool, usageOfMerged } from '../../src/control/pools/merge-pools.ts';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import { decideSplitPool, usageOfSplit } from '../../src/control/pools/split-pool.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { parseRange } from '../../src/model/address-range.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import type { Views } from '../../src/views/views.ts';
import { type Command, range } from './address-commands.ts';
import { type AddressModel, isInside, type ModelPool, type Predicted, placesIn } from './address-model.ts';
import { changedSettings, partOf, poolWith, poolWithout } from './address-model-parts.ts';
import type { HistoryNames } from './address-names.ts';

/** A history that runs. */
export interface Run {
  readonly model: AddressModel;
  readonly names: HistoryNames;
  /** The views of a replica. */
  readonly views: Views;
  /** Commits, and asserts that the outcome is as predicted. Returns undefined if the request was refused. */
  commit<T>(decide: Decide<T>, predicted: Predicted): Promise<{ result: T } | undefined>;
}

type Wanted<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/** Returns a prediction from the codes that are no false. */
export function refusedWith(...codes: (string | false)[]): Predicted {
  const refused = codes.filter((code) => code !== false);
  return refused.length > 0 ? { refused } : { places: [] };
}

export async function putPool({ model, names, commit }: Run, { pool: wanted }: Wanted<'put pool'>): Promise<void> {
  const { pools } = model;
  const before = pools.get(wanted.name);
  const parent = before?.parent === undefined ? undefined : pools.get(before.parent);
  const next: ModelPool = { ...wanted, ...(parent && { parent: parent.name }) };
  const after = next.ranges.flatMap(placesIn);
  const leaving = (before?.ranges ?? []).flatMap(placesIn).filter((one) => !isInside(next, one));
  const coming = after.filter((one) => before !== undefined && !isInside(before, one));
  const isRelated = (other: ModelPool) =>
    other.name === next.name || model.isBelow(next, other) || model.isBelow(other, next);
  const others = [...pools.values()].filter((other) => !isRelated(other));
  const carved = model.childrenOf(next).flatMap(({ ranges }) => ranges.flatMap(placesIn));
  const predicted = refusedWith(
    others.some((other) => after.some((one) => isInside(other, one))) && 'pool_overlap',
    parent !== undefined && after.some((one) => !isInside(parent, one)) && 'address_outside_pool',
    leaving.some((one) => model.isHeld(one) || carved.includes(one)) && 'pool_in_use',
    parent !== undefined && coming.some((one) => model.isHeld(one)) && 'pool_in_use',
  );
  const value = names.poolOf(next);
  const decide: Decide<unknown> = (context) =>
    decidePutPool(context, { name: value.name, precondition: {}, change: () => value });
  if (await commit(decide, predicted)) pools.set(next.name, next);
}

export async function deletePool({ model, names, commit }: Run, { name }: Wanted<'delete pool'>): Promise<void> {
  const current = model.pools.get(name);
  const isHeld = current?.ranges.flatMap(placesIn).some((one) => model.isHeld(one));
  const isUsed = isHeld || (current !== undefined && model.childrenOf(current).length > 0);
  const codes = [isUsed === true && 'pool_in_use', model.isRenumbered(name) && 'renumbering_running'];
  const predicted = refusedWith(...(current === undefined ? ['not_found'] : codes));
  const decide: Decide<unknown> = (context) => decideDeletePool(context, { name: names.pool(name), precondition: {} });
  if ((await commit(decide, predicted)) === undefined) return;
  model.pools.delete(name);
  model.renumberings.delete(name);
}

export async function carvePool({ model, names, commit }: Run, wanted: Wanted<'carve pool'>): Promise<void> {
  const { parent, family, size } = wanted;
  const { pools } = model;
  const around = pools.get(parent);
  const block = around && model.freeBlock(around, family, size);
  const predicted = refusedWith(
    around === undefined && 'not_found',
    pools.has('c') && 'already_exists',
    around !== undefined && block === undefined && 'pool_exhausted',
  );
  const name = names.pool('c');
  const id = pools.has('c') ? `other-${name}` : name;
  const prefixLength = (family === 'ipv4' ? 32 : 128) - Math.log2(size);
  const carving = { parent: names.pool(parent), id, name, prefixLength, family, settings: {} };
  const done = await commit((context) => decideCarvePool(context, carving), predicted);
  if (done === undefined || block === undefined) return;
  const [first = 0] = block;
  assert.deepEqual(done.result.ranges, [`${names.addressOf(first)}/${prefixLength}`]);
  const { exclude: _, ...settings } = poolDefaults;
  const ranges = [range(first, first + size - 1)];
  pools.set('c', { ...settings, autoAssign: false, name: 'c', parent, ranges, exclude: [] });
}

export async function splitPool({ model, names, views, commit }: Run, split: Wanted<'split pool'>): Promise<void> {
  const { pools } = model;
  const pool = pools.get(split.pool);
  const all = split.ranges.flatMap(placesIn);
  const isOutside = pool !== undefined && !all.every((one) => isInside(pool, one));
  const isTwice = new Set(all).size < all.length;
  const left = pool && poolWithout(pool, split.ranges);
  const carved = pool === undefined ? [] : model.childrenOf(pool).flatMap(({ ranges }) => ranges.flatMap(placesIn));
  const areFit = !isOutside && !isTwice;
  const codes = [
    pools.has(split.name) && 'already_exists',
    model.isRenumbered(split.pool) && 'renumbering_running',
    isOutside && 'address_outside_pool',
    isTwice && 'pool_overlap',
    areFit && left?.ranges.length === 0 && 'pool_overlap',
    areFit && carved.some((one) => all.includes(one)) && 'pool_in_use',
  ];
  const predicted = refusedWith(...(pool === undefined ? ['not_found'] : codes));
  const name = names.pool(split.name);
  const ranges = split.ranges.map((one) => parseRange(names.rangeText(one)));
  const id = pools.has(split.name) ? `other-${name}` : name;
  const wanted = { pool: names.pool(split.pool), id, name, ranges, precondition: {} };
  const usage = await usageOfSplit({ views, now: model.now }, wanted);
  const done = await commit((context) => decideSplitPool(context, wanted, usage), predicted);
  if (done === undefined || pool === undefined || left === undefined) return;
  const part = partOf(pool, split.name, split.ranges);
  pools.set(pool.name, left);
  pools.set(part.name, part);
  assertUsage(model, part, done.result.usage);
}

export async function mergePools({ model, names, views, commit }: Run, merge: Wanted<'merge pools'>): Promise<void> {
  const { pools } = model;
  const [pool, from] = [pools.get(merge.pool), pools.get(merge.from)];
  const isRelated = (one: ModelPool, other: ModelPool) => other.parent === one.parent || other.parent === one.name;
  const isUnfit = pool !== undefined && from !== undefined && (pool === from || !isRelated(pool, from));
  const codes = [
    model.isRenumbered(merge.pool) && 'renumbering_running',
    from === undefined && 'pool_not_found',
    isUnfit && 'invalid_request',
    from !== undefined && !isUnfit && model.isRenumbered(merge.from) && 'renumbering_running',
  ];
  const predicted = refusedWith(...(pool === undefined ? ['not_found'] : codes));
  const wanted = { pool: names.pool(merge.pool), from: names.pool(merge.from), precondition: {} };
  const usage = await usageOfMerged({ views, now: model.now }, wanted);
  const done = await commit((context) => decideMergePool(context, wanted, usage), predicted);
  if (done === undefined || pool === undefined || from === undefined) return;
  const merged = poolWith(pool, from);
  for (const child of model.childrenOf(from)) pools.set(child.name, { ...child, parent: pool.name });
  pools.delete(from.name);
  pools.set(pool.name, merged);
  model.renumberings.delete(from.name);
  assertUsage(model, merged, done.result.pool.usage);
  const changed = done.result.changes.map(({ setting }) => setting);
  assert.deepEqual(changed, changedSettings(from, merged));
}

function assertUsage(model: AddressModel, pool: ModelPool, usage: unknown): void {
  const [ipv4, ipv6] = [model.usage(pool, 'ipv4'), model.usage(pool, 'ipv6')];
  assert.deepEqual(usage, usageInText({ ipv4, ipv6 }), `the usage of ${pool.name} in the answer`);
}
