// Use case: an allocated address is released, or an address that is an orphan (hosts/orphans.ts). Any other address of
// a host is released when the host is changed or deleted.

import { joinFirst, maxNamed, refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { type AddressRecord, type Holder, hostsAmong } from '../../model/allocation.ts';
import { known } from '../../model/unknown.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { endCoolDown, replaceHolders } from '../addresses/hold-address.ts';
import { seenNames } from '../addresses/recorded-warnings.ts';
import { isOrphanedHold, requireOrphan } from '../hosts/orphans.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { resourceOf } from '../reading/holder-rules.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

export interface AddressRelease {
  space: string;
  address: Address;
  precondition: Precondition;
  /** Returns whether a holder must leave. Default: all holders leave. */
  leaves?: ((holder: Holder) => boolean) | undefined;
  /** True: ends the cool-down of the address, and releases nothing. */
  endsCoolDown?: boolean | undefined;
}

/**
 * Removes the holders that must leave. Releases the address if no holder stays. If the address is cooling down and the
 * request selects no holders, does nothing: a repeated request does not end the cool-down that the first one began.
 * Refuses with `not_found` or `precondition_failed`, with `managed_record` if a host that has the address must leave,
 * and with `forbidden` beyond the scope.
 */
export function decideReleaseAddress(
  context: DecisionContext,
  { space, address, precondition, leaves, endsCoolDown = false }: AddressRelease,
): Decision<void> {
  const access = accessOf(context);
  access.needAddress(known(space), address);
  const current = context.views.pools.address(space, address);
  if (
    current?.value.state === 'released' &&
    leaves === undefined &&
    !context.views.pools.isFree(space, address, context.now)
  ) {
    const builder = new TransactionBuilder(context);
    if (endsCoolDown) access.needNoOwner('addresses that cool down');
    builder.refusals.try(() => checkPrecondition(precondition, entityTag(current.modified)));
    if (endsCoolDown) endCoolDown(builder, current);
    return builder.build(undefined);
  }
  if (endsCoolDown) refuse('not_found', `${address} does not cool down`, { address }, ':ip');
  if (current === undefined || current.value.state !== 'held') refuseNotHeld(context, space, address);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, entityTag(current.modified)));
  const { holders } = current.value;
  const leaving = leaves === undefined ? holders : holders.filter(leaves);
  access.needHolders(address, leaving);
  builder.refusals.try(() => refuseLeaving(context, current.value, leaving));
  for (const host of hostsAmong(leaving)) requireOrphan(builder, host);
  const staying = holders.filter((holder) => !leaving.includes(holder));
  replaceHolders(builder, space, address, staying);
  return builder.build(undefined);
}

/** Refuses with `not_found`. If records have the address, the refusal names the records: they keep it in use. */
function refuseNotHeld(context: DecisionContext, space: string, address: Address): never {
  const { pools } = context.views;
  const names = pools.isRecorded(space, address) ? seenNames(context, pools.namesAt(address)) : [];
  if (names.length === 0) refuse('not_found', `${address} is not held`, { address }, ':ip');
  const wayOut = 'Change or delete those records (/v1/zones/{zone}/rrsets/{name}/{type})';
  const message = `${address} is not held: A or AAAA records of ${joinFirst(names)} name it. ${wayOut}`;
  refuse('not_found', message, { address, names: names.slice(0, maxNamed) }, ':ip');
}

/** Refuses with `not_found` if no holder leaves, and with `managed_record` if a host that has the address leaves. */
function refuseLeaving(context: DecisionContext, record: AddressRecord, leaving: readonly Holder[]): void {
  const { address, holders } = record;
  const access = accessOf(context);
  if (leaving.length === 0)
    refuse(
      'not_found',
      `${address} has no holder that matches the request`,
      { address, heldBy: holders.map((holder) => access.describeHolder(holder)) },
      ':ip',
    );
  for (const holder of leaving) {
    const resource = resourceOf(holder);
    if (resource === undefined || isOrphanedHold(context, record, holder)) continue;
    const managedBy = access.describeHolder(holder);
    const message = `${address} belongs to ${managedBy}: ${resource.release(holder)}`;
    refuse('managed_record', message, { address, managedBy }, ':ip');
  }
}

/**
 * Deletes the record of a released address that is free again. Does nothing if the address is held or cools down. The
 * compare of the record proves that nobody has taken the address (test/control/races.test.ts). Housekeeping calls this.
 */
export function decideForgetAddress(
  context: DecisionContext,
  { space, address }: Pick<AddressRelease, 'space' | 'address'>,
): Decision<void> {
  const current = context.views.pools.address(space, address);
  const builder = new TransactionBuilder(context);
  if (current?.value.state === 'released' && context.views.pools.isFree(space, address, context.now)) {
    builder.delete(addressKey(space, address), current.modified);
  }
  return builder.build(undefined);
}
