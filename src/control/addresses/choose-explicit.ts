// Checks the addresses that a request names. Only reads: hold-address.ts takes the addresses.

import { joinFirst, refuse, refuseField } from '../../errors.ts';
import { type Address, addressNumber } from '../../model/address.ts';
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
import { defaultSpace, isExcluded, type Pool, poolShape, shapeHolds } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { isCarvedFrom } from '../reading/carved-from.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import { addressPath } from '../reading/resource-path.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { Choice } from './choice.ts';

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
