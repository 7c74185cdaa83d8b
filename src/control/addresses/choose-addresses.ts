// Chooses the addresses for a request. Checks addresses that the request names. Finds the others by the priority and
// the strategy of the pools. Only reads: hold-address.ts takes the addresses.

import { joinFirst, maxNamed, refuse, refuseField } from '../../errors.ts';
import { type Address, addressNumber, type Family, familyOf } from '../../model/address.ts';
import {
  type AddressRecord,
  describeHolder,
  type Holder,
  isFormer,
  maxHolders,
  mayShare,
  sharingConflict,
  traitsOf,
} from '../../model/allocation.ts';
import type { Fqdn } from '../../model/name.ts';
import { capacityOf, defaultSpace, isExcluded, type Pool, poolShape, shapeHolds } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { isCarvedFrom } from '../reading/carved-from.ts';
import { existingPool } from '../reading/existing.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import { addressPath } from '../reading/resource-path.ts';
import type { DecisionContext, Lack } from '../transaction/decision.ts';
import { FreeAddresses } from '../transaction/free-addresses.ts';
import { type PoolUsage, usageOf } from './pool-usage.ts';

/** A warning: the request got the address that it named, although records at other names have that address. */
export interface AddressWarning {
  address: Address;
  /** The names of the records, {@link maxNamed} at most. */
  names: Fqdn[];
  message: string;
}

/**
 * Returns a warning for each address that records at other names than `own` have. Names only records that the actor may
 * see. May miss records that are written at the same moment.
 */
export function recordedWarnings(
  asking: Asking,
  addresses: readonly Pick<Choice, 'address' | 'space'>[],
  own?: Fqdn,
): AddressWarning[] {
  const { pools } = asking.views;
  return addresses.flatMap(({ address, space }) => {
    if (!pools.isRecorded(space, address)) return [];
    const all = pools.namesAt(address).filter((name) => name !== own);
    if (all.length === 0) return [];
    const names = seenNames(asking, all);
    const what = names.length > 0 ? `records at ${joinFirst(names)}` : 'records that the token may not see';
    return [{ address, names: names.slice(0, maxNamed), message: `${what} also have the address ${address}` }];
  });
}

/**
 * Returns the names whose records the actor may see. A token with an owner sees none: records of users have no owner.
 */
export function seenNames(asking: Asking, names: readonly Fqdn[]): Fqdn[] {
  const access = accessOf(asking);
  return access.hasOwner ? [] : names.filter((name) => access.hasName(name));
}

/** An address that is free to take. */
export interface Choice {
  address: Address;
  space: string;
  /** The id of the pool that gives the address; null if it is outside every pool. */
  givenBy: string | null;
}

const families: readonly Family[] = ['ipv4', 'ipv6'];

/**
 * Checks an address that the request names at `path`. Refuses with `address_taken`, `address_outside_pool` or
 * `address_excluded`, and with `pool_exhausted` if the pool is draining. `named`: the pool that the request
 * names. `newcomer`: the holder that shall get the address; it may share it with others ({@link mayJoin}). `recordOf`
 * returns the record of an address; default: as the views have it.
 */
export function chooseExplicit(
  context: DecisionContext,
  address: Address,
  path: string,
  named?: Pool,
  newcomer?: Holder,
  recordOf = (space: string, address: Address) => context.views.pools.address(space, address)?.value,
): Choice {
  const pool = named ?? context.views.pools.poolAt(defaultSpace, address)?.value;
  const space = pool?.space ?? defaultSpace;
  if (pool !== undefined) checkInPool(context, pool, address, path);
  const record = recordOf(space, address);
  if (record !== undefined && newcomer !== undefined && mayJoin(context, record, newcomer))
    return { address, space, givenBy: record.givenBy };
  refuseTaken(context, space, address, path, newcomer);
  return { address, space, givenBy: pool?.id ?? null };
}

/** Refuses an address that the pool does not give, as {@link chooseExplicit} does. */
export function checkInPool(context: DecisionContext, pool: Pool, address: Address, path: string): void {
  requireInPool(context, pool, address, path);
  if (isExcluded(poolShape(pool), addressNumber(address))) {
    refuseField('address_excluded', path, `${address} is excluded from pool '${pool.name}'`, {
      address,
      pool: pool.name,
    });
  }
  if (pool.drain) refuseDraining(pool);
}

/** Refuses with `address_outside_pool` an address that is not in the pool, or in one that was carved out of it. */
export function requireInPool({ views }: DecisionContext, pool: Pool, address: Address, path: string): void {
  if (!shapeHolds(poolShape(pool), addressNumber(address))) {
    refuseField('address_outside_pool', path, `${address} is not in pool '${pool.name}' (${pool.ranges.join(', ')})`, {
      address,
      pool: pool.name,
    });
  }
  const owner = views.pools.poolAt(pool.space, address)?.value;
  if (owner !== undefined && owner.id !== pool.id && isCarvedFrom(views.pools, owner, pool)) {
    const message = `${address} is in pool '${owner.name}', which was carved out of '${pool.name}': name that pool`;
    refuseField('address_outside_pool', path, message, { address, pool: owner.name });
  }
}

/** `path`: where the request names the pool. */
export function refuseDraining({ name }: Pool, path?: string): never {
  refuse('pool_exhausted', `pool '${name}' is draining: it gives no addresses`, { pool: name }, path);
}

/** Returns whether a newcomer may share an address with its holders. The actor must see all of these. */
export function mayJoin(context: DecisionContext, { state, holders }: AddressRecord, newcomer: Holder): boolean {
  const access = accessOf(context);
  return (
    state === 'held' &&
    holders.length < maxHolders &&
    mayShare(holders, newcomer) &&
    holders.every((holder) => access.hasHolder(holder))
  );
}

/**
 * Refuses with `address_taken` if the address is not free now. The refusal names the holders that the actor may see.
 * `newcomer`: the holder that shall get the address; the refusal says why it cannot share it.
 */
export function refuseTaken(
  context: DecisionContext,
  space: string,
  address: Address,
  path: string,
  newcomer?: Holder,
): void {
  const { views, claimed, now } = context;
  const key = addressKey(space, address);
  if (views.pools.isFree(space, address, now) && !claimed.has(key)) return;
  const fault = views.faults.get(key);
  if (fault !== undefined) {
    throw faultRefusal({ key, fault, code: 'address_taken', path, members: { address, heldBy: [] } });
  }
  const record = views.pools.address(space, address)?.value;
  if (record !== undefined && newcomer !== undefined && isFormer(record, newcomer) && !claimed.has(key)) return;
  const access = accessOf(context);
  const heldBy = record?.holders.map((holder) => access.describeHolder(holder)) ?? [];
  const end = record && views.pools.coolDownEnd(record);
  const freeAt = end === undefined ? undefined : timestamp(end);
  const release = `DELETE ${addressPath(space, address, { endCoolDown: 'true' })}`;
  const by =
    record?.state === 'released'
      ? `cooling down until ${freeAt}${keptFor(context, record)}: take another, or end the cool-down (${release})`
      : `held by ${joinFirst(heldBy) || 'another request'}${whyNotShared(context, record, newcomer)}: take another, or ask for none and get the next free one`;
  refuseField('address_taken', path, `${address} is ${by}`, {
    address,
    heldBy,
    ...(freeAt && { freeAt }),
  });
}

/** Returns for which host a released address is kept, as a part of a message. */
function keptFor(context: DecisionContext, { former }: AddressRecord): string {
  if (former === undefined) return '';
  const holder: Holder = { kind: 'host', ...former };
  return accessOf(context).hasHolder(holder) ? `, and kept for ${describeHolder(holder)} with its former owner` : '';
}

/** Returns why a newcomer cannot share the address, or how it can, as a part of a message. */
function whyNotShared(context: DecisionContext, record?: AddressRecord, newcomer?: Holder): string {
  if (record === undefined || newcomer === undefined || record.holders.length === 0) return '';
  if (record.holders.length >= maxHolders) return `, and has ${maxHolders} holders, the most that it can have`;
  const access = accessOf(context);
  if (!record.holders.every((holder) => access.hasHolder(holder))) return '';
  if (newcomer.shared === true) {
    const others = record.holders
      .filter(({ shared }) => shared !== true)
      .map((holder) => access.describeHolder(holder));
    return others.length > 0 ? `, and not shared: ${joinFirst(others)} must have "shared": true there too` : '';
  }
  if (traitsOf(newcomer).sharesByFlag && newcomer.sharingKey === undefined)
    return record.holders.every(({ shared }) => shared === true)
      ? ', who share it: ask for {"address", "shared": true}'
      : '';
  if (newcomer.sharingKey === undefined) return '';
  const isOther = sharingConflict(record.holders, newcomer)?.field === 'sharingKey';
  return isOther ? ', which has another sharing key, or none' : ', and each needs ports of its own';
}

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
  const { free = new FreeAddresses(context), now } = context;
  const ahead = context.line?.ahead(context, pool, family) ?? 0;
  for (const { address } of free.of(pool, family, now)) {
    if (choices.length === ahead + count) break;
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

function refuseExhausted(context: DecisionContext, family: Family, count: number, pools: Pool[], named?: Pool): never {
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
