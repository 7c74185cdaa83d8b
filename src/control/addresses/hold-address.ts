// Takes addresses and releases them, in a transaction that a use case builds. choose-explicit.ts and choose-next.ts
// choose the addresses.

import type { Address } from '../../model/address.ts';
import { type AddressRecord, type Holder, isHost, traitsOf } from '../../model/allocation.ts';
import type { Fqdn } from '../../model/name.ts';
import { strategyTraits } from '../../model/pool.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey, addressValue } from '../../store/kinds/address.ts';
import { poolKey } from '../../store/kinds/pool.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import type { WrittenValue } from '../transaction/written-value.ts';
import type { Choice } from './choice.ts';
import { mayJoin, refuseTaken } from './choose-explicit.ts';

/**
 * Gives a chosen address to a holder. If others hold the address and the holder may share it ({@link mayJoin}), adds
 * the holder to them. The compare of the address's key proves that nobody else holds or shares the address meanwhile.
 * If the address is in a pool, the compare of the pool's key proves that the pool still has the address and still gives
 * it (test/control/races.test.ts). Refuses with `address_taken`. `path`: where the request names the address.
 */
export function takeAddress(builder: TransactionBuilder, choice: Choice, holder: Holder, path = ''): AddressRecord {
  const { views, now } = builder;
  const current = recordNow(builder, choice.space, choice.address);
  if (current !== undefined && mayJoin(builder, current, holder)) {
    // The record names the pool that gave the address. After a merge or a split, another pool has it.
    requirePool(builder, builder.views.pools.poolIdAt(choice.space, choice.address));
    const holders = [...current.holders, holder];
    return replaceHolders(builder, choice.space, choice.address, holders) ?? current;
  }
  refuseTaken(builder, choice.space, choice.address, path, holder);
  const before = views.pools.address(choice.space, choice.address);
  const record: AddressRecord = { ...choice, state: 'held', holders: [holder], since: timestamp(now) };
  putAddressRecord(builder, record, before);
  requirePool(builder, choice.givenBy);
  return record;
}

function requirePool(builder: TransactionBuilder, id: string | null): void {
  const pool = id === null ? undefined : builder.views.pools.byId(id);
  if (pool !== undefined) builder.requireUnchanged(poolKey(pool.value.id), pool.modified);
}

/**
 * Replaces the holders of an address. Releases the address if `holders` is empty. Returns the address's new record or,
 * if the address was released, its last record. Does nothing and returns undefined if nobody holds the address.
 */
export function replaceHolders(
  builder: TransactionBuilder,
  space: string,
  address: Address,
  holders: Holder[],
): AddressRecord | undefined {
  const before = builder.views.pools.address(space, address);
  const current = recordNow(builder, space, address);
  // Without a value in the views, this transaction takes the address.
  if (current?.state !== 'held' || (before === undefined && holders.length === 0)) return undefined;
  if (holders.length > 0) {
    const record = { ...current, holders };
    putAddressRecord(builder, record, before);
    return record;
  }
  const released = releasedRecord(builder, current);
  if (released !== undefined) putAddressRecord(builder, released, before);
  else if (before !== undefined) builder.delete(addressKey(space, address), before.modified);
  return current;
}

/**
 * Gives a chosen address all holders of another one, and releases that, for a renumbering ({@link forgetFormer}).
 * Refuses as {@link takeAddress} does.
 */
export function moveHolders(
  builder: TransactionBuilder,
  { space, address, holders }: AddressRecord,
  choice: Choice,
): void {
  const [first, ...others] = holders;
  if (first === undefined) return;
  const record = takeAddress(builder, choice, first);
  if (others.length > 0) {
    const before = builder.views.pools.address(choice.space, choice.address);
    putAddressRecord(builder, { ...record, holders: [...holders] }, before);
  }
  replaceHolders(builder, space, address, []);
  forgetFormer(builder, space, address);
}

/** Lets no host have an address back that this transaction releases: a renumbering is not undone. */
export function forgetFormer(builder: TransactionBuilder, space: string, address: Address): void {
  const before = builder.views.pools.address(space, address);
  const current = recordNow(builder, space, address);
  if (current?.state !== 'released' || current.former === undefined) return;
  const { former: _, ...record } = current;
  putAddressRecord(builder, record, before);
}

/**
 * Returns the record of an address as this transaction writes it; as the views have it, if the transaction does not
 * write it. A transaction may change several holders of one address, one after the other.
 */
export function recordNow(builder: TransactionBuilder, space: string, address: Address): AddressRecord | undefined {
  const key = addressKey(space, address);
  const written = builder.valueAt(key) as WrittenValue<'address'> | undefined;
  if (written !== undefined) return written.value;
  const operation = builder.operationOn(key);
  if (operation === undefined) return builder.views.pools.address(space, address)?.value;
  return operation.kind === 'put' ? addressValue.decode(operation.value) : undefined;
}

/**
 * Removes a host from the holders of an address, or replaces it by `next`. Other holders stay, in their order. Does
 * nothing if the host is not a holder, or if the record of the address cannot be read.
 */
export function replaceHost(
  builder: TransactionBuilder,
  { space, address }: Pick<Choice, 'space' | 'address'>,
  host: Fqdn,
  next?: Holder,
): void {
  if (builder.views.faults.has(addressKey(space, address))) return;
  const holders = recordNow(builder, space, address)?.holders ?? [];
  const at = holders.findIndex((holder) => isHost(holder, host));
  if (at !== -1) replaceHolders(builder, space, address, holders.toSpliced(at, 1, ...(next ? [next] : [])));
}

/** Ends an address's cool-down. Keeps the address's record only if the pool remembers releases. */
export function endCoolDown(builder: TransactionBuilder, before: Versioned<AddressRecord>): void {
  const { freeAt: _, former: __, ...record } = before.value;
  const pool = builder.views.pools.poolAt(record.space, record.address)?.value;
  if (pool !== undefined && strategyTraits[pool.strategy].remembersReleases) putAddressRecord(builder, record, before);
  else builder.delete(addressKey(record.space, record.address), before.modified);
}

/**
 * Returns the record that an address keeps after its release; undefined if it keeps none. An address keeps a record if
 * its pool has a cool-down, or remembers the time of the release.
 */
function releasedRecord({ views, now }: TransactionBuilder, record: AddressRecord): AddressRecord | undefined {
  const pool = views.pools.poolAt(record.space, record.address)?.value;
  if (pool === undefined || (pool.coolDownSeconds === 0 && !strategyTraits[pool.strategy].remembersReleases))
    return undefined;
  const released: AddressRecord = { ...record, state: 'released', holders: [], since: timestamp(now) };
  if (pool.coolDownSeconds === 0) return released;
  const [last, ...others] = record.holders;
  const former = last !== undefined && others.length === 0 ? traitsOf(last).formerOf(last) : undefined;
  const freeAt = timestamp(now + pool.coolDownSeconds * 1000);
  return { ...released, freeAt, ...(former && { former }) };
}

function putAddressRecord(
  builder: TransactionBuilder,
  record: AddressRecord,
  before: Versioned<AddressRecord> | undefined,
): void {
  const key = addressKey(record.space, record.address);
  const { space, address } = record;
  builder.putValue<'address'>(key, addressValue, { space, address }, record, before);
}
