// Use case: addresses are allocated without a host, all of them or none.

import { refuse } from '../../errors.ts';
import { type Address, type Family, formatAddress } from '../../model/address.ts';
import { type AddressRecord, type Allocation, type Holder, hasTags, type Port } from '../../model/allocation.ts';
import { type Pool, poolShape, type Tags } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { known, orUnknown } from '../../model/unknown.ts';
import { addressesPrefix, addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { chooseExplicit, mayJoin } from '../addresses/choose-explicit.ts';
import { chooseNext, defaultFamily } from '../addresses/choose-next.ts';
import { takeAddress } from '../addresses/hold-address.ts';
import { type AddressWarning, recordedWarnings } from '../addresses/recorded-warnings.ts';
import { existingPool } from '../reading/existing.ts';
import { type SeenRecord, withPool } from '../reading/with-pools.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

export interface WantedAllocation {
  pool: string;
  count: number;
  /** Default: the default of the pool (`defaultFamily`). */
  family?: Family;
  /** The addresses to allocate. With them, `count` and `family` are ignored. */
  addresses?: Address[];
  owner: string;
  sharingKey?: string;
  ports?: Port[];
  expiresInSeconds?: number;
  tags?: Tags;
  /** One identifier for each address. The caller makes them, because all attempts of a decision must have the same. */
  ids: string[];
}

/**
 * The record of an allocated address. `id`: the holder that the request made. `warning`: the request names the address,
 * and DNS records have the same one.
 */
export type Allocated = SeenRecord & { id: string; warning?: AddressWarning };

/**
 * Allocates addresses. Result: their records. Refuses with `not_found` if there is no such pool, and as
 * {@link chooseExplicit} and {@link chooseNext} do. Refuses with `forbidden` an owner that the token may not use.
 */
export function decideAllocateAddresses(context: DecisionContext, wanted: WantedAllocation): Decision<Allocated[]> {
  const { value: pool } = existingPool(context, wanted.pool);
  orUnknown(() => accessOf(context).needOwner(known(wanted.owner), '/owner'));
  const builder = new TransactionBuilder(context);
  const records =
    wanted.addresses === undefined
      ? (builder.refusals.try(() => allocateNext(builder, pool, wanted), ':pool') ?? [])
      : wanted.addresses.flatMap((address, index) => {
          const path = `/addresses/${index}`;
          const allocate = () =>
            made(holderOf(context, wanted, index), (holder) =>
              allocateExplicit(builder, pool, known(address), path, holder),
            );
          return builder.refusals.try(allocate, path) ?? [];
        });
  return builder.build(
    records.map(({ id, record }) => {
      const [warning] = wanted.addresses === undefined ? [] : recordedWarnings(context, [record]);
      return { ...withPool(context, record), id, ...(warning && { warning }) };
    }),
  );
}

/** The record of an address, with the identifier of its new holder. */
interface Made {
  id: string;
  record: AddressRecord;
}

function made(holder: Allocation, take: (holder: Allocation) => AddressRecord): Made {
  return { record: take(holder), id: holder.id };
}

function holderOf({ now }: DecisionContext, wanted: WantedAllocation, index: number): Allocation {
  const { owner, sharingKey, ports, expiresInSeconds, tags, ids } = wanted;
  return {
    kind: 'allocation',
    id: orUnknown(() => ids[index] as string),
    owner,
    ...(sharingKey !== undefined && { sharingKey }),
    ...(ports !== undefined && { ports }),
    ...(expiresInSeconds !== undefined && { expiresAt: orUnknown(() => timestamp(now + expiresInSeconds * 1000)) }),
    ...(hasTags(tags) && { tags }),
  };
}

/**
 * Allocates addresses that the request does not name. With a sharing key, first takes addresses that can be shared,
 * then free ones. A draining pool gives neither.
 */
function allocateNext(builder: TransactionBuilder, pool: Pool, wanted: WantedAllocation): Made[] {
  const family = wanted.family ?? defaultFamily(builder, pool);
  const shares = known(wanted.sharingKey) !== undefined && (wanted.ports ?? []).length > 0 && !pool.drain;
  const shared = shares ? shareable(builder, pool, family, wanted) : [];
  const missing = wanted.count - shared.length;
  const choices = missing > 0 ? chooseNext(builder, family, missing, pool) : [];
  if (shares && missing > 0) requireNoNewSharer(builder, pool, family);
  return [
    ...shared.map((record, index) =>
      made(holderOf(builder, wanted, index), (holder) => takeAddress(builder, record, holder)),
    ),
    ...choices.map((choice, index) =>
      made(holderOf(builder, wanted, shared.length + index), (holder) => takeAddress(builder, choice, holder)),
    ),
  ];
}

/**
 * Returns addresses that the new holder may share ({@link mayJoin}). Refuses if another request of this transaction
 * writes such an address. commit.ts decides again after that commit: then the new holder may share the address.
 */
function shareable(context: DecisionContext, pool: Pool, family: Family, wanted: WantedAllocation): AddressRecord[] {
  const found: AddressRecord[] = [];
  const newcomer = holderOf(context, wanted, 0);
  for (const record of context.views.pools.shareable(pool, family, newcomer)) {
    if (found.length === wanted.count) break;
    if (!mayJoin(context, record, newcomer)) continue;
    if (context.claimed.has(addressKey(record.space, record.address))) refuseBusy(record.address);
    found.push(record);
  }
  return found;
}

/**
 * Requires that nobody takes an address of the pool before the commit. Otherwise two requests with the same sharing key
 * could take two addresses instead of one (test/control/allocation.test.ts).
 */
function requireNoNewSharer(builder: TransactionBuilder, pool: Pool, family: Family): void {
  const ranges = poolShape(pool).ranges.filter((range) => range.family === family);
  const ends = ranges.flatMap(({ first, last }) => [first, last].map(formatAddress));
  builder.requireQuiet(addressesPrefix(pool.space, ends), builder.views.revision);
}

function allocateExplicit(
  builder: TransactionBuilder,
  pool: Pool,
  address: Address,
  path: string,
  holder: Holder,
): AddressRecord {
  return takeAddress(builder, chooseExplicit(builder, address, path, pool, holder), holder, path);
}

function refuseBusy(address: Address): never {
  refuse('address_taken', `${address} is being changed by another request: try again`, { address });
}
