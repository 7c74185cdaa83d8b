// Releases addresses of a pool by force. A host loses such an address with the records of the address. A host that
// loses its last address is deleted.

import { joinFirst, maxNamed, refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { type AddressRecord, describeHolder } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import type { Pool } from '../../model/pool.ts';
import { addressesPrefix } from '../../store/kinds/address.ts';
import { replaceHolders } from '../addresses/hold-address.ts';
import { isOrphanedHold } from '../hosts/orphans.ts';
import { maxKeysOf, WriteBudget } from '../hosts/write-budget.ts';
import { writeHost } from '../hosts/write-host.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** A function that returns whether an address may stay with its holders. */
export type Stays = (address: Address) => boolean;

/**
 * Refuses with `pool_in_use` if the pool has held addresses that may not stay. Requires that no address of the pool's
 * space is written meanwhile.
 */
export function refuseUse(builder: TransactionBuilder, pool: Pool, stays: Stays): void {
  builder.requireQuiet(addressesPrefix(pool.space), builder.views.revision);
  const records = leaving(builder, pool, stays);
  if (records.length > 0) refuseInUse(pool.name, records);
}

/**
 * Releases held addresses that may not stay, as many as fit into one transaction. Result: the number of addresses still
 * to be released.
 */
export function decideEvict(context: DecisionContext, pool: Pool, stays: Stays): Decision<number> {
  const records = leaving(context, pool, stays);
  const builder = new TransactionBuilder(context);
  const budget = new WriteBudget();
  let released = 0;
  for (const record of records) {
    const hosts = hostsOf(context, record);
    if (!budget.take(1 + hosts.reduce((sum, host) => sum + maxKeysOf(host), 0))) break;
    if (hosts.length === 0) replaceHolders(builder, record.space, record.address, []);
    released += 1;
  }
  for (const [before, left] of hostsWithout(context, records.slice(0, released))) {
    writeHost(builder, before, left.addresses.length > 0 ? left : undefined);
  }
  return builder.build(records.length - released);
}

/** Returns the records of the addresses from the pool that are held and may not stay. */
function leaving({ views }: DecisionContext, pool: Pool, stays: Stays): AddressRecord[] {
  return [...views.pools.heldFrom(pool)].map(({ value }) => value).filter(({ address }) => !stays(address));
}

/** Returns the hosts that have the address. For an orphan, there are none. */
function hostsOf(context: DecisionContext, record: AddressRecord): Host[] {
  return record.holders.flatMap((holder) =>
    holder.kind === 'host' && !isOrphanedHold(context, record, holder)
      ? (context.views.hosts.get(holder.host)?.value ?? [])
      : [],
  );
}

/** Returns the hosts that have any of the addresses. The value is the same host without these addresses. */
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
  const names = joinFirst(inUse.map(({ address, heldBy }) => `${address} (${heldBy.join(', ')})`));
  refuse(
    'pool_in_use',
    `pool '${pool}' has addresses in use: ${names}; release them first, or repeat with ?force=true`,
    { pool, inUse: inUse.length, addresses: inUse.slice(0, maxNamed) },
  );
}
