// Taking an address and giving it back, inside a transaction that someone else decides on.

import type { Address } from '../../model/address.ts';
import type { AddressRecord, Holder } from '../../model/allocation.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { timestamp } from '../../model/timestamp.ts';
import { addressKey, poolKey } from '../../store/keys.ts';
import { addressValue } from '../../store/values.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { type Choice, refuseTaken } from './choose-addresses.ts';

/**
 * A holder takes an address that was chosen. The compare on its key is what makes it no one else's (test/control/allocation.test.ts); the one on its pool's, that the
 * pool still gives it. Refuses with `address_taken`, pointing at where the request names the address.
 */
export function takeAddress(
  context: DecisionContext,
  builder: TransactionBuilder,
  choice: Choice,
  holder: Holder,
  pointer = '',
): AddressRecord {
  refuseTaken(context, choice.space, choice.address, pointer);
  const before = context.views.pools.address(choice.space, choice.address);
  const record: AddressRecord = { ...choice, state: 'held', holders: [holder], since: timestamp(context.now) };
  write(builder, record, before?.modified);
  const pool = choice.pool === null ? undefined : context.views.pools.get(choice.pool);
  if (pool !== undefined) builder.unchanged(poolKey(pool.value.name), pool.modified);
  return record;
}

/** Changes who holds an address: the holders given take the place of those there were. None: it is released. */
export function replaceHolders(
  context: DecisionContext,
  builder: TransactionBuilder,
  space: string,
  address: Address,
  holders: Holder[],
): AddressRecord | undefined {
  const before = context.views.pools.address(space, address);
  if (before === undefined || before.value.state !== 'held') return undefined;
  if (holders.length > 0) {
    const record = { ...before.value, holders };
    write(builder, record, before.modified);
    return record;
  }
  const released = releasedRecord(context, before.value);
  if (released !== undefined) write(builder, released, before.modified);
  else builder.delete(addressKey(space, address), before.modified);
  return before.value;
}

/** A host lets go of an address, or holds it as somebody else: only its own hold changes, whoever else the store names. What cannot be read stays as it is. */
export function replaceHost(
  context: DecisionContext,
  builder: TransactionBuilder,
  { space, address }: Pick<Choice, 'space' | 'address'>,
  host: Fqdn,
  next?: Holder,
): void {
  const { pools, faults } = context.views;
  if (faults.has(addressKey(space, address))) return;
  const holders = pools.address(space, address)?.value.holders ?? [];
  const others = holders.filter((holder) => holder.kind !== 'host' || holder.host !== host);
  if (others.length === holders.length) return;
  replaceHolders(context, builder, space, address, next === undefined ? others : [...others, next]);
}

/** What was given back may be given again at once. */
export function endCoolDown(
  { views }: DecisionContext,
  builder: TransactionBuilder,
  { value, modified }: Versioned<AddressRecord>,
): void {
  const { freeAt: _, ...record } = value;
  const pool = views.pools.poolAt(record.space, record.address)?.value;
  if (pool?.strategy === 'least-recently-used') write(builder, record, modified);
  else builder.delete(addressKey(record.space, record.address), modified);
}

/** What stays of an address that was given back: nothing, unless its pool has it cool down or remembers when it was last used. */
function releasedRecord({ views, now }: DecisionContext, record: AddressRecord): AddressRecord | undefined {
  const pool = views.pools.poolAt(record.space, record.address)?.value;
  if (pool === undefined || (pool.coolDownSeconds === 0 && pool.strategy !== 'least-recently-used')) return undefined;
  return {
    ...record,
    state: 'released',
    holders: [],
    since: timestamp(now),
    ...(pool.coolDownSeconds > 0 && { freeAt: timestamp(now + pool.coolDownSeconds * 1000) }),
  };
}

function write(builder: TransactionBuilder, record: AddressRecord, before: Revision | undefined): void {
  builder.put(addressKey(record.space, record.address), addressValue.encode(record), before);
}
