// Use case: addresses for someone who needs no name. All of them or none.

import { refuse } from '../../errors.ts';
import type { Address, Family } from '../../model/address.ts';
import { type AddressRecord, type Holder, mayShare, type Port } from '../../model/allocation.ts';
import type { Pool } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey } from '../../store/keys.ts';
import { chooseExplicit, chooseNext, defaultFamily } from '../addresses/choose-addresses.ts';
import { replaceHolders, takeAddress } from '../addresses/hold-address.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { existingPool } from '../transaction/existing.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

export interface WantedAllocation {
  pool: string;
  count: number;
  /** Default: the pool's. */
  family?: Family;
  /** These and no others; then `count` and `family` do not matter. */
  addresses?: Address[];
  owner: string;
  sharingKey?: string;
  ports?: Port[];
  expiresInSeconds?: number;
  /** One for each address; made by the caller, so that deciding again gives the same. */
  ids: string[];
}

export function decideAllocateAddresses(context: DecisionContext, wanted: WantedAllocation): Decision<AddressRecord[]> {
  const { value: pool } = existingPool(context, wanted.pool);
  const builder = new TransactionBuilder(context.views);
  const records =
    wanted.addresses === undefined
      ? allocateNext(context, builder, pool, wanted)
      : wanted.addresses.map((address, index) =>
          allocateExplicit(context, builder, pool, address, `/addresses/${index}`, holderOf(context, wanted, index)),
        );
  return { result: records, ...builder.build() };
}

function holderOf({ now }: DecisionContext, wanted: WantedAllocation, index: number): Holder {
  const { owner, sharingKey, ports, expiresInSeconds, ids } = wanted;
  return {
    kind: 'allocation',
    id: ids[index] as string,
    owner,
    ...(sharingKey !== undefined && { sharingKey }),
    ...(ports !== undefined && { ports }),
    ...(expiresInSeconds !== undefined && { expiresAt: timestamp(now + expiresInSeconds * 1000) }),
  };
}

/** With a sharing key, an address that can be shared comes before a free one. */
function allocateNext(
  context: DecisionContext,
  builder: TransactionBuilder,
  pool: Pool,
  wanted: WantedAllocation,
): AddressRecord[] {
  const family = wanted.family ?? defaultFamily(context, pool.name);
  const shared = wanted.sharingKey === undefined || pool.drain ? [] : shareable(context, pool, family, wanted);
  const missing = wanted.count - shared.length;
  const choices = missing > 0 ? chooseNext(context, family, missing, pool.name) : [];
  return [
    ...shared.map((record, index) => share(context, builder, record, holderOf(context, wanted, index))),
    ...choices.map((choice, index) =>
      takeAddress(context, builder, choice, holderOf(context, wanted, shared.length + index)),
    ),
  ];
}

function shareable(context: DecisionContext, pool: Pool, family: Family, wanted: WantedAllocation): AddressRecord[] {
  const found: AddressRecord[] = [];
  const newcomer = holderOf(context, wanted, 0);
  for (const record of context.views.pools.shareable(pool, family, newcomer)) {
    if (found.length === wanted.count) break;
    if (!context.claimed.has(addressKey(record.space, record.address))) found.push(record);
  }
  return found;
}

function allocateExplicit(
  context: DecisionContext,
  builder: TransactionBuilder,
  pool: Pool,
  address: Address,
  pointer: string,
  holder: Holder,
): AddressRecord {
  const record = context.views.pools.address(pool.space, address)?.value;
  if (!pool.drain && record?.state === 'held' && mayShare(record.holders, holder))
    return share(context, builder, record, holder);
  return takeAddress(context, builder, chooseExplicit(context, address, pointer, pool.name), holder);
}

function share(
  context: DecisionContext,
  builder: TransactionBuilder,
  record: AddressRecord,
  holder: Holder,
): AddressRecord {
  const holders = [...record.holders, holder];
  return (
    replaceHolders(context, builder, record.space, record.address, holders) ??
    refuse('address_taken', `${record.address} is no longer held`, { address: record.address })
  );
}
