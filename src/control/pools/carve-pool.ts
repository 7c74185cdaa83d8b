// Use case: a pool is carved out of another one: it gets the first aligned block in which nothing is in use. The pool
// around it gives no address of the block until the new pool is deleted.

import { refuseField } from '../../errors.ts';
import { type Family, formatAddress } from '../../model/address.ts';
import type { Interval } from '../../model/address-range.ts';
import { capacityOf, type Pool, poolFrom, poolShape } from '../../model/pool.ts';
import { known } from '../../model/unknown.ts';
import { addressesPrefix } from '../../store/kinds/address.ts';
import { poolKey, poolKind, poolValue } from '../../store/kinds/pool.ts';
import { accessOf } from '../access/access.ts';
import { defaultFamily } from '../addresses/choose-next.ts';
import { type PoolUsage, usageInText } from '../addresses/pool-usage.ts';
import { existingPool } from '../reading/existing.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { touchPool } from './pool-tree.ts';
import { checkReverse, refuseTakenName } from './put-pool.ts';

export interface WantedCarving {
  /** The name of the pool around the new one, or its id. */
  parent: string;
  id: string;
  name: string;
  prefixLength: number;
  /** Default: the default of the parent (`defaultFamily`), or IPv6 if the prefix is longer than an IPv4 address. */
  family?: Family;
  settings: Partial<Omit<Pool, 'id' | 'name' | 'parent' | 'ranges' | 'space'>>;
}

const bitsOf = { ipv4: 32, ipv6: 128 } as const;

/**
 * Carves a pool out of another one. Result: the pool with its usage. Refuses with `not_found`, `already_exists`, or
 * `reverse_conflict`, and with `pool_exhausted` if no block of that length is free.
 */
export function decideCarvePool(
  context: DecisionContext,
  wanted: WantedCarving,
): Decision<Pool & { usage: PoolUsage }> {
  const access = accessOf(context);
  const parent = existingPool(context, wanted.parent);
  access.needNoOwner('pools');
  access.needAllPools('to create a pool');
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => refuseTakenName(builder, wanted));
  const { block, text } = builder.refusals.need(() => freeBlock(builder, parent.value, wanted));
  const { reverse = parent.value.reverse, ...settings } = wanted.settings;
  const { space, id: parentId } = parent.value;
  const inherited = {
    id: wanted.id,
    space,
    parent: parentId,
    ranges: [text],
    ...(reverse !== undefined && { reverse }),
  };
  const pool = poolFrom(wanted.name, { ...settings, ...inherited });
  builder.refusals.try(() => checkReverse(builder, pool));
  builder.requireQuiet(poolKind.prefix, builder.views.revision);
  const ends = [block.first, block.last].map(formatAddress);
  builder.requireQuiet(addressesPrefix(space, ends), builder.views.revision);
  touchPool(builder, parent);
  builder.addUnchecked({ kind: 'put', key: poolKey(pool.id), value: poolValue.encode(pool) });
  const capacity = (family: Family) => capacityOf(poolShape(pool), family);
  const usage = (family: Family) => ({ capacity: capacity(family), free: capacity(family) });
  return builder.build({ ...pool, usage: usageInText({ ipv4: usage('ipv4'), ipv6: usage('ipv6') }) });
}

function freeBlock(
  context: TransactionBuilder,
  parent: Pool,
  { prefixLength, family: asked }: WantedCarving,
): { block: Interval; text: string } {
  const family = asked ?? (known(prefixLength) > bitsOf.ipv4 ? 'ipv6' : defaultFamily(context, parent));
  const bits = bitsOf[known(family)];
  if (known(prefixLength) > bits) refuseField('invalid_request', '/prefixLength', `is at most ${bits} for ${family}`);
  const blockOf = (length: number) => {
    const block = context.views.pools.freeBlock(parent, family, 1n << BigInt(bits - length), context.now);
    return block && { block, text: `${formatAddress(block.first)}/${length}` };
  };
  const found = blockOf(prefixLength);
  if (found !== undefined) return found;
  let largest: string | undefined;
  for (let length = prefixLength + 1; length <= bits && largest === undefined; length += 1)
    largest = blockOf(length)?.text;
  const left = largest === undefined ? 'it has no free address' : `its largest free block is ${largest}`;
  const message = `pool '${parent.name}' has no free ${family} block /${prefixLength}: ${left}`;
  refuseField('pool_exhausted', '/prefixLength', message, { pool: parent.name, family, largest: largest ?? null });
}
