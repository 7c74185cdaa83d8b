// Finds addresses for a request that names none, by the priority and the strategy of the pools. Only reads:
// hold-address.ts takes the addresses.

import { type Address, addressNumber, type Family, familyOf } from '../../model/address.ts';
import { type Holder, isFormer, traitsOf } from '../../model/allocation.ts';
import { capacityOf, defaultSpace, isExcluded, type Pool, poolShape } from '../../model/pool.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { existingPool } from '../reading/existing.ts';
import type { DecisionContext, Lack } from '../transaction/decision.ts';
import { FreeAddresses } from '../transaction/free-addresses.ts';
import type { Choice } from './choice.ts';
import { refuseExhausted } from './refuse-exhausted.ts';

const families: readonly Family[] = ['ipv4', 'ipv6'];

/**
 * Returns the address of a family that a host of the same name and owner held last, if it still cools down and a pool
 * of the request would give it: the named pool or, without one, an automatic pool.
 */
export function chooseFormer(
  context: DecisionContext,
  family: Family,
  newcomer: Holder,
  named?: Pool,
): Choice | undefined {
  const { views, claimed, now } = context;
  const host = traitsOf(newcomer).formerOf(newcomer)?.host;
  const records = host === undefined ? [] : views.pools.formerOf(host);
  for (const record of records) {
    const { space, address } = record;
    const pool = views.pools.poolAt(space, address)?.value;
    if (pool === undefined || pool.drain || familyOf(address) !== family || !isFormer(record, newcomer)) continue;
    if (named === undefined ? !isAutomatic(context, pool) : pool.id !== named.id) continue;
    if (isExcluded(poolShape(pool), addressNumber(address)) || views.pools.isRecorded(space, address)) continue;
    if (views.pools.isFree(space, address, now) || claimed.has(addressKey(space, address))) continue;
    return { address, space, givenBy: pool.id };
  }
  return undefined;
}

/**
 * Chooses addresses of a family from the pool that the request names. If it names none, chooses from the first
 * automatic pool that has enough free addresses. Refuses with `pool_exhausted`.
 */
export function chooseNext(context: DecisionContext, family: Family, count: number, named?: Pool): Choice[] {
  const pools = named === undefined ? automaticPools(context) : [named];
  const able = pools.filter((pool) => capacityOf(poolShape(pool), family) > 0n);
  for (const pool of able) {
    const choices = nextOf(context, pool, family, count);
    if (choices.length < count) continue;
    context.line?.chose(choices);
    return choices;
  }
  return refuseExhausted(context, family, count, named === undefined ? able : pools, named);
}

/**
 * Chooses an address of each family from the first automatic pool that has one of each free. Returns undefined if there
 * is no such pool.
 */
export function chooseFromOnePool(context: DecisionContext, wanted: readonly Family[]): Choice[] | undefined {
  return automaticPools(context)
    .values()
    .map((pool) => wanted.flatMap((family) => nextOf(context, pool, family, 1)))
    .find((choices) => choices.length === wanted.length);
}

/** Returns whether a decision would find these addresses free, or that their pool is gone. */
export function canChoose(context: DecisionContext, { family, count, pool: id }: Lack): boolean {
  const named = id === undefined ? undefined : context.views.pools.byId(id)?.value;
  if (id !== undefined && named === undefined) return true;
  const pools = named === undefined ? automaticPools(context) : [named];
  return pools.some((pool) => nextOf(context, pool, family, count).length === count);
}

/** Returns the addresses that the next request for this pool would get. */
export function nextAddresses(asking: Asking, poolName: string, count: number, family?: Family): Address[] {
  const context = { ...asking, claimed: new Set<string>(), now: Date.now() };
  const { value: pool } = existingPool(context, poolName);
  return nextOf(context, pool, family ?? defaultFamily(context, pool), count).map(({ address }) => address);
}

/**
 * Returns up to `count` free addresses of one pool, in the order of its strategy. A draining pool gives none. Leaves
 * the first ones to those who wait longer.
 */
function nextOf(context: DecisionContext, pool: Pool, family: Family, count: number): Choice[] {
  const choices: Choice[] = [];
  if (pool.drain) return choices;
  const { claimed, free = new FreeAddresses(context), now } = context;
  const ahead = context.line?.ahead(context, pool, family) ?? 0;
  for (const { address, key } of free.of(pool, family, now)) {
    if (choices.length === ahead + count) break;
    // All decisions of a batch share the search. Hosts created together claim more: what the earlier ones take.
    if (claimed.has(key)) continue;
    choices.push({ address, space: pool.space, givenBy: pool.id });
  }
  return choices.slice(ahead);
}

/** Returns whether the pool is in scope for requests that name no pool. */
export function isAutomatic(asking: Asking, { autoAssign, drain, space, id }: Pool): boolean {
  return autoAssign && !drain && space === defaultSpace && accessOf(asking).hasPool(id);
}

/** Returns the pools in scope for requests that name no pool: by priority, those of one priority by name. */
function automaticPools(asking: Asking): Pool[] {
  return [...asking.views.pools.list()]
    .map(({ value }) => value)
    .filter((pool) => isAutomatic(asking, pool))
    .sort((a, b) => a.priority - b.priority);
}

/**
 * Returns the family for a request that names no family. It is IPv4 if a pool that may serve the request has IPv4
 * addresses that are not excluded or carved out, otherwise IPv6 if such a pool has IPv6 addresses. If there are none
 * of either, it is the family of the ranges. Without a pool, it is IPv4.
 */
export function defaultFamily(context: Asking, named?: Pool): Family {
  const pools = named === undefined ? automaticPools(context) : [named];
  const shapes = pools.map(poolShape);
  const isGiven = (family: Family) => pools.some(({ id }) => context.views.pools.capacityLeft(id, family) > 0n);
  const isNamed = (family: Family) => shapes.some(({ ranges }) => ranges.some((range) => range.family === family));
  return families.find(isGiven) ?? families.find(isNamed) ?? 'ipv4';
}
