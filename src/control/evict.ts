// Taking addresses of a pool from their holders, by force only: hosts lose the address with its records, and go when it was their last.

import { refuse } from '../errors.ts';
import type { Address } from '../model/address.ts';
import { type AddressRecord, describeHolder } from '../model/allocation.ts';
import type { Host } from '../model/host.ts';
import type { Pool } from '../model/pool.ts';
import { addressesPrefix } from '../store/keys.ts';
import { maxOperations } from '../store/store.ts';
import type { DecisionContext } from './commit.ts';
import { replaceHolders } from './hold-address.ts';
import type { TransactionBuilder } from './transaction-builder.ts';
import { writeHost } from './write-host.ts';

const shown = 10;
/** A host of one address writes up to six keys: itself, the address, two names, two serials. */
const greatestEviction = Math.floor(maxOperations / 6);

/** Releases what the pool gave, but for the addresses that stay. Without `force` it refuses with `pool_in_use` if there are any. */
export function evict(
  context: DecisionContext,
  builder: TransactionBuilder,
  pool: Pool,
  force: boolean,
  stays: (address: Address) => boolean,
): void {
  const records = [...context.views.pools.heldFrom(pool)]
    .map(({ value }) => value)
    .filter((record) => record.pool === pool.name && !stays(record.address));
  // Nothing may have been taken since the view was read.
  builder.quiet(addressesPrefix(pool.space), context.views.revision);
  if (records.length === 0) return;
  if (!force) refuseInUse(pool.name, records);
  if (records.length > greatestEviction) {
    refuse(
      'pool_in_use',
      `${records.length} addresses are in use, and ${greatestEviction} can be released at once: shrink the pool in steps, or release some first`,
      { pool: pool.name, inUse: records.length },
    );
  }
  for (const { space, address, holders } of records) {
    if (holders.every(({ kind }) => kind === 'allocation')) replaceHolders(context, builder, space, address, []);
  }
  for (const [before, left] of hostsWithout(context, records)) {
    writeHost(context, builder, before, left.addresses.length > 0 ? left : undefined);
  }
}

/** The hosts that hold any of the addresses, each with what it has left. */
function hostsWithout({ views }: DecisionContext, records: readonly AddressRecord[]): Map<Host, Host> {
  const hosts = new Map<Host, Host>();
  for (const { space, address, holders } of records) {
    for (const holder of holders) {
      const before = holder.kind === 'host' ? views.hosts.get(holder.host)?.value : undefined;
      if (before === undefined) continue;
      const { addresses } = hosts.get(before) ?? before;
      const left = addresses.filter((one) => one.address !== address || one.space !== space);
      hosts.set(before, { ...before, addresses: left });
    }
  }
  return hosts;
}

function refuseInUse(pool: string, records: readonly AddressRecord[]): never {
  const some = records
    .slice(0, shown)
    .map(({ address, holders }) => ({ address, heldBy: holders.map(describeHolder) }));
  const names = some.map(({ address, heldBy }) => `${address} (${heldBy.join(', ')})`).join(', ');
  const more = records.length > shown ? ` and ${records.length - shown} more` : '';
  refuse(
    'pool_in_use',
    `pool '${pool}' has addresses in use: ${names}${more}; release them first, or repeat with ?force=true`,
    {
      pool,
      inUse: records.length,
      addresses: some,
    },
  );
}
