// The changes of a decision at one address: one event for its allocations, and the uses of all its holders. The address
// of a host is part of the host's event.

import { isDeepStrictEqual } from 'node:util';
import type { Address } from '../../../model/address.ts';
import { type AddressRecord, describeHolder, type Holder } from '../../../model/allocation.ts';
import type { AddressUse, AuditEvent } from '../../../model/audit-event.ts';
import { resourceOf } from '../../reading/holder-rules.ts';

/** An address before and after a decision. Undefined: the store has no record of it. */
export interface AddressChange {
  before: AddressRecord | undefined;
  after: AddressRecord | undefined;
  /** True if the address was cooling down before the decision. */
  isCooling: boolean;
}

/**
 * Returns the event of the allocations of an address. The event of a change shows only the holders that leave and the
 * holders that come. `tellsOf` returns whether the decision has an event of the holder's own resource. If it has none,
 * this event shows the holder too: somebody deleted the resource's key in the store, and this decision releases the
 * address. `poolAt` returns the name of the pool that has the address in its ranges.
 */
export function allocationEvent(
  { before, after, isCooling }: AddressChange,
  tellsOf: (holder: Holder) => boolean,
  poolAt: (space: string, address: Address) => string | null,
): AuditEvent | undefined {
  const record = after ?? before;
  if (record === undefined) return undefined;
  const { space, address } = record;
  const told = (one: AddressRecord | undefined, other: AddressRecord | undefined) =>
    (one?.holders ?? []).filter(
      (holder) => isPart(holder) || (!tellsOf(holder) && without([holder], other?.holders ?? []).length > 0),
    );
  const event = (action: AuditEvent['action'], fields: Pick<AuditEvent, 'before' | 'after'>): AuditEvent => {
    return { resource: 'allocation', action, name: address, ...fields };
  };
  const [old, wanted] = [told(before, after), told(after, before)];
  const [left, come] = [without(old, wanted), without(wanted, old)];
  if (left.length === 0 && come.length === 0) {
    // If a cool-down ended because its time was over, there is no event: nobody made that change.
    // The host that takes an address back in its cool-down has an event of its own.
    if (!isCooling || after?.freeAt !== undefined || after?.state === 'held') return undefined;
    const cooling = { space, state: 'cooling-down', freeAt: before?.freeAt };
    return event('changed', { before: cooling, after: { space, state: 'free' } });
  }
  const pool = poolAt(space, address);
  // A host that stays at the address and that the decision does not write does not count.
  const counts = (moved: readonly Holder[]) => (holder: Holder) => isPart(holder) || moved.includes(holder);
  if (!old.some(counts(left))) return event('created', { before: null, after: { space, pool, holders: come } });
  if (!wanted.some(counts(come))) return event('deleted', { before: { space, pool, holders: left }, after: null });
  return event('changed', { before: { space, holders: left }, after: { space, holders: come } });
}

/** Returns whether the holder is a part of the address, so that its changes are told with the address. */
function isPart(holder: Holder): boolean {
  return resourceOf(holder) === undefined;
}

/** Returns the holders that the other list does not have, or has with other fields. */
function without(holders: readonly Holder[], others: readonly Holder[]): Holder[] {
  if (others.length === 0 || holders.length === 0) return [...holders];
  const same = new Map(others.map((other) => [describeHolder(other), other]));
  return holders.filter((holder) => !isDeepStrictEqual(same.get(describeHolder(holder)), holder));
}

/**
 * Returns the holders that lose the address and the holders that get it. A holder that gets another owner ends one use
 * and begins another. `pool`: the id of the pool that has the address in its ranges.
 */
export function addressUses({ before, after }: AddressChange, pool: string | null): AddressUse[] {
  if (before === undefined) return usesOf('taken', after, pool);
  const [old, now] = [usesOf('released', before, pool), usesOf('taken', after, pool)];
  const keyOf = ({ holder, owner }: AddressUse) => `${holder} ${owner}`;
  const oldKeys = new Set(old.map(keyOf));
  const nowKeys = new Set(now.map(keyOf));
  return [...old.filter((use) => !nowKeys.has(keyOf(use))), ...now.filter((use) => !oldKeys.has(keyOf(use)))];
}

function usesOf(action: AddressUse['action'], record: AddressRecord | undefined, pool: string | null): AddressUse[] {
  if (record === undefined) return [];
  const { space, address, holders } = record;
  return holders.map((holder) => {
    return { space, address, action, holder: describeHolder(holder), owner: holder.owner, pool };
  });
}
