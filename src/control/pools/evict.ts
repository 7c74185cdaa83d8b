// Taking addresses of a pool from their holders, by force only: hosts lose the address with its records, and go when it was their last.

import { refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { type AddressRecord, describeHolder } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import type { Pool } from '../../model/pool.ts';
import { addressesPrefix } from '../../store/keys.ts';
import { replaceHolders } from '../addresses/hold-address.ts';
import { isAbandonedHold } from '../hosts/abandoned.ts';
import { writeHost } from '../hosts/write-host.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { greatestNamed, nameSome } from '../transaction/name-some.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { greatestWrite, WriteBudget } from '../transaction/write-budget.ts';

/** Which addresses of a pool may stay with their holders. */
export type Stays = (address: Address) => boolean;

/** Refuses with `pool_in_use` when the pool gave addresses that may not stay; proves that none is taken meanwhile. */
export function refuseUse(context: DecisionContext, builder: TransactionBuilder, pool: Pool, stays: Stays): void {
  builder.quiet(addressesPrefix(pool.space), context.views.revision);
  const records = leaving(context, pool, stays);
  if (records.length > 0) refuseInUse(pool.name, records);
}

/** Releases addresses that may not stay, as many as one transaction can. Result: how many are left. */
export function decideEvict(context: DecisionContext, pool: Pool, stays: Stays): Decision<number> {
  const records = leaving(context, pool, stays);
  const builder = new TransactionBuilder(context.views);
  const budget = new WriteBudget();
  let released = 0;
  for (const record of records) {
    const hosts = hostsOf(context, record);
    if (!budget.take(1 + hosts.reduce((sum, host) => sum + greatestWrite(host), 0))) break;
    if (hosts.length === 0) replaceHolders(context, builder, record.space, record.address, []);
    released += 1;
  }
  for (const [before, left] of hostsWithout(context, records.slice(0, released))) {
    writeHost(context, builder, before, left.addresses.length > 0 ? left : undefined);
  }
  return { result: records.length - released, ...builder.build() };
}

function leaving({ views }: DecisionContext, pool: Pool, stays: Stays): AddressRecord[] {
  return [...views.pools.heldFrom(pool)].map(({ value }) => value).filter(({ address }) => !stays(address));
}

/** The hosts that hold it, and have it. */
function hostsOf(context: DecisionContext, record: AddressRecord): Host[] {
  return record.holders.flatMap((holder) =>
    holder.kind === 'host' && !isAbandonedHold(context, record, holder)
      ? (context.views.hosts.get(holder.host)?.value ?? [])
      : [],
  );
}

/** The hosts that hold any of the addresses, each with what it has left. */
function hostsWithout(context: DecisionContext, records: readonly AddressRecord[]): Map<Host, Host> {
  const hosts = new Map<Host, Host>();
  for (const record of records) {
    for (const before of hostsOf(context, record)) {
      const { addresses } = hosts.get(before) ?? before;
      const left = addresses.filter((one) => one.address !== record.address || one.space !== record.space);
      hosts.set(before, { ...before, addresses: left });
    }
  }
  return hosts;
}

function refuseInUse(pool: string, records: readonly AddressRecord[]): never {
  const inUse = records.map(({ address, holders }) => ({ address, heldBy: holders.map(describeHolder) }));
  const names = nameSome(inUse.map(({ address, heldBy }) => `${address} (${heldBy.join(', ')})`));
  refuse(
    'pool_in_use',
    `pool '${pool}' has addresses in use: ${names}; release them first, or repeat with ?force=true`,
    { pool, inUse: inUse.length, addresses: inUse.slice(0, greatestNamed) },
  );
}
