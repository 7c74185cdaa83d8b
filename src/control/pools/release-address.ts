// Use case: an allocated address is released. The address of a host is not: a change or the deletion of the host
// releases it.

import { refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { describeHolder, type Holder } from '../../model/allocation.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { endCoolDown, replaceHolders } from '../addresses/hold-address.ts';
import { isOrphanedHold, requireOrphan } from '../hosts/orphans.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** The release that a request asks for. */
export interface AddressRelease {
  space: string;
  address: Address;
  precondition: Precondition;
  /** Returns whether a holder is released. Default: all are. */
  leaves?: ((holder: Holder) => boolean) | undefined;
}

/** Releases an address from its holders. If it is released already, ends its cool-down. */
export function decideReleaseAddress(
  context: DecisionContext,
  { space, address, precondition, leaves }: AddressRelease,
): Decision<void> {
  const current = context.views.pools.address(space, address);
  if (
    current?.value.state === 'released' &&
    leaves === undefined &&
    !context.views.pools.isFree(space, address, context.now)
  ) {
    checkPrecondition(precondition, entityTag(current.modified));
    const builder = new TransactionBuilder(context);
    endCoolDown(builder, current);
    return builder.build(undefined);
  }
  if (current === undefined || current.value.state !== 'held')
    refuse('not_found', `${address} is not held`, { address });
  checkPrecondition(precondition, entityTag(current.modified));
  const { holders } = current.value;
  const leaving = leaves === undefined ? holders : holders.filter(leaves);
  if (leaving.length === 0)
    refuse('not_found', `${address} has no such holder`, { address, heldBy: holders.map(describeHolder) });
  const host = leaving.find((holder) => holder.kind === 'host' && !isOrphanedHold(context, current.value, holder));
  if (host !== undefined) {
    refuse('managed_record', `${address} belongs to ${describeHolder(host)}: delete or re-address the host`, {
      address,
      managedBy: describeHolder(host),
    });
  }
  const builder = new TransactionBuilder(context);
  for (const holder of leaving) if (holder.kind === 'host') requireOrphan(builder, holder.host);
  const staying = holders.filter((holder) => !leaving.includes(holder));
  replaceHolders(builder, space, address, staying);
  return builder.build(undefined);
}

/** Deletes the record of an address whose cool-down has ended, unless the address was taken again meanwhile. */
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
