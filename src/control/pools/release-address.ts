// Use case: an address is given back by those who hold it without a name. A host's address goes with its host.

import { refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { describeHolder, type Holder } from '../../model/allocation.ts';
import { addressKey } from '../../store/keys.ts';
import { endCoolDown, replaceHolders } from '../addresses/hold-address.ts';
import { isAbandonedHold, proveAbandoned } from '../hosts/abandoned.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** Releases all holders, or only those that `leaves` picks; ends the cool-down of an address that was given back. */
export function decideReleaseAddress(
  context: DecisionContext,
  space: string,
  address: Address,
  precondition: Precondition,
  leaves?: (holder: Holder) => boolean,
): Decision<void> {
  const current = context.views.pools.address(space, address);
  if (
    current?.value.state === 'released' &&
    leaves === undefined &&
    !context.views.pools.isFree(space, address, context.now)
  ) {
    checkPrecondition(precondition, entityTag(current.modified));
    const builder = new TransactionBuilder(context.views);
    endCoolDown(context, builder, current);
    return { result: undefined, ...builder.build() };
  }
  if (current === undefined || current.value.state !== 'held')
    refuse('not_found', `${address} is not held`, { address });
  checkPrecondition(precondition, entityTag(current.modified));
  const { holders } = current.value;
  const leaving = leaves === undefined ? holders : holders.filter(leaves);
  if (leaving.length === 0)
    refuse('not_found', `${address} has no such holder`, { address, heldBy: holders.map(describeHolder) });
  const host = leaving.find((holder) => holder.kind === 'host' && !isAbandonedHold(context, current.value, holder));
  if (host !== undefined) {
    refuse('managed_record', `${address} belongs to ${describeHolder(host)}: delete or re-address the host`, {
      address,
      managedBy: describeHolder(host),
    });
  }
  const builder = new TransactionBuilder(context.views);
  for (const holder of leaving) if (holder.kind === 'host') proveAbandoned(context, builder, holder.host);
  const staying = holders.filter((holder) => !leaving.includes(holder));
  replaceHolders(context, builder, space, address, staying);
  return { result: undefined, ...builder.build() };
}

/** Drops what is left of an address that has cooled down. Nothing to do when it was taken again meanwhile. */
export function decideForgetAddress(context: DecisionContext, space: string, address: Address): Decision<void> {
  const current = context.views.pools.address(space, address);
  const builder = new TransactionBuilder(context.views);
  if (current?.value.state === 'released' && context.views.pools.isFree(space, address, context.now)) {
    builder.delete(addressKey(space, address), current.modified);
  }
  return { result: undefined, ...builder.build() };
}
