// Use case: an allocation is renewed or changed: its expiry, its owner, what it shares, its tags. It keeps its address
// and its identifier.

import { isDeepStrictEqual } from 'node:util';
import { joinFirst, refuse, refuseField } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { type AddressRecord, type Allocation, type Holder, sharingConflict, traitsOf } from '../../model/allocation.ts';
import { known, orUnknown } from '../../model/unknown.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { replaceHolders } from '../addresses/hold-address.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { resourceOf } from '../reading/holder-rules.ts';
import { addressPath } from '../reading/resource-path.ts';
import type { Decision, DecisionContext, Standing } from '../transaction/decision.ts';
import { standingSince, TransactionBuilder } from '../transaction/transaction-builder.ts';

interface AllocationChange {
  space: string;
  address: Address;
  id: string;
  precondition: Precondition;
  /** Makes the wanted allocation from the current one. `now`: milliseconds since the epoch. Refuses by throwing. */
  change: (current: Allocation, now: number) => Allocation;
}

interface AllocationChanged extends Standing {
  record: AddressRecord;
  id: string;
}

/**
 * Changes an allocation. Refuses with `not_found` or `precondition_failed`, with `managed_record` if the holder is
 * another one, with `address_taken` if the other holders do not fit to what the allocation wants to share, and with
 * `forbidden` beyond the scope.
 */
export function decideChangeAllocation(
  context: DecisionContext,
  { space, address, id, precondition, change }: AllocationChange,
): Decision<AllocationChanged> {
  const access = accessOf(context);
  access.needAddress(known(space), address);
  const current = context.views.pools.address(space, address);
  const record = current?.value.state === 'held' ? current.value : undefined;
  if (current === undefined || record === undefined) refuse('not_found', `${address} is not held`, { address }, ':ip');
  const holder = namedHolder(context, record, id);
  access.needHolders(address, [holder]);
  if (holder.kind !== 'allocation') {
    const managedBy = access.describeHolder(holder);
    const message = `${address} belongs to ${managedBy}: ${resourceOf(holder).change(holder)}`;
    refuse('managed_record', message, { address, managedBy }, ':id');
  }
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, entityTag(current.modified)));
  const next = builder.refusals.need(() => change(holder, context.now));
  return builder.build({
    record: changeHolder(builder, record, holder, next),
    id: next.id,
    ...standingSince(builder, addressKey(space, address), current),
  });
}

/**
 * Replaces an allocation by `next`. Returns the changed record. Refuses with `address_taken` if the other holders do
 * not fit to what `next` wants to share, and with `forbidden` an owner beyond the scope.
 */
export function changeHolder(
  builder: TransactionBuilder,
  record: AddressRecord,
  holder: Allocation,
  next: Allocation,
): AddressRecord {
  orUnknown(() => accessOf(builder).needOwner(known(next.owner), '/owner'));
  builder.refusals.try(() => refuseUnfit(builder, record, holder, next));
  const holders = record.holders.map((one) => (one === holder ? next : one));
  replaceHolders(builder, record.space, record.address, holders);
  return { ...record, holders };
}

/**
 * Returns the holder that the path of a request means: an allocation by its identifier, a host by its name, the only
 * holder by `@`. Refuses with `not_found`. A host that the actor may not see is not found, as if it did not exist.
 */
function namedHolder(context: DecisionContext, { space, address, holders }: AddressRecord, id: string): Holder {
  const access = accessOf(context);
  const isFound = (holder: Holder) => resourceOf(holder) === undefined || access.hasHolder(holder);
  const isNamed = (holder: Holder) => traitsOf(holder).idOf(holder) === id && isFound(holder);
  const holder = known(id) === '@' && holders.length === 1 ? holders[0] : holders.find(isNamed);
  if (holder !== undefined) return holder;
  const what = id === '@' ? 'several holders: name one of them' : `no holder '${id}'`;
  refuse('not_found', `${address} has ${what} (GET ${addressPath(space, address)})`, { address }, ':id');
}

/** Refuses a change of the sharing key or of the ports that does not fit the other holders. */
function refuseUnfit(
  context: DecisionContext,
  { address, holders }: AddressRecord,
  now: Allocation,
  next: Allocation,
): void {
  const others = holders.filter((holder) => holder !== now);
  const isSame = next.sharingKey === now.sharingKey && isDeepStrictEqual(known(next.ports), now.ports);
  if (others.length === 0 || isSame) return;
  const conflict = sharingConflict(others, next);
  if (conflict === undefined) return;
  const access = accessOf(context);
  const heldBy = conflict.with.map((holder) => access.describeHolder(holder));
  const rule =
    conflict.field === 'sharingKey'
      ? 'all holders of an address need the same sharing key'
      : 'each holder of a shared address needs ports of its own';
  const message = `${address} is also held by ${joinFirst(heldBy)}: ${rule}; keep it as it is, or allocate another address`;
  refuseField('address_taken', `/${conflict.field}`, message, { address, heldBy });
}
