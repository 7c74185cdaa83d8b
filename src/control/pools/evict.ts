// Releases addresses that a pool gave, by force. A host loses such an address with all records of the address. A host
// that loses its last address is deleted.

import { joinFirst, maxNamed, refuse } from '../../errors.ts';
import { formatAddress } from '../../model/address.ts';
import { type Interval, rangesWithout } from '../../model/address-range.ts';
import { type AddressRecord, type Holder, hostsAmong, isHost } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { type Pool, poolShape } from '../../model/pool.ts';
import { addressesPrefix } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { replaceHolders } from '../addresses/hold-address.ts';
import { isOrphanedHold } from '../hosts/orphans.ts';
import { maxKeysOf, WriteBudget } from '../hosts/write-budget.ts';
import { writeHost } from '../hosts/write-host.ts';
import { rulesOf } from '../reading/holder-rules.ts';
import { poolPath } from '../reading/resource-path.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { type Evicted, heldAddress, heldInParts, joinHeld } from './released.ts';

/** A refusal counts the addresses in use up to this number. */
const maxCounted = 10_000;

/** The parts of a pool's ranges that the pool is about to lose. */
export interface Leaving {
  pool: Pool;
  parts: readonly Interval[];
}

/** Returns the ranges that the pool loses when it becomes `next`. Without `next`, the pool loses all. */
export function leavingFrom(pool: Pool, next?: Pool): Leaving {
  const stay = next?.space === pool.space ? poolShape(next).ranges : [];
  return { pool, parts: rangesWithout(poolShape(pool).ranges, stay) };
}

/**
 * Refuses with `pool_in_use` if addresses that leave the pool are held. With force, ignores held addresses that the
 * pool did not give: they stay with their holders, outside every pool. Requires that no address of the pool's space is
 * written before the commit.
 */
export function refuseUse(builder: TransactionBuilder, { pool, parts }: Leaving, force: boolean): void {
  if (parts.length === 0) return;
  builder.requireQuiet(addressesPrefix(pool.space), builder.views.revision);
  const records = held(builder, { pool, parts }, force).take(maxCounted).toArray();
  if (records.length > 0) refuseInUse(builder, { pool, parts }, records);
}

/**
 * Releases held addresses that the pool gave and that leave it, as many as fit into one transaction. Of an address with
 * too many holders, releases some of the holders. Result: what it released (test/http/forced-pools.test.ts).
 */
export function decideEvict(context: DecisionContext, leaving: Leaving): Decision<Evicted> {
  needEveryHolder(context, leaving);
  const builder = new TransactionBuilder(context);
  const budget = new WriteBudget();
  const released: AddressRecord[] = [];
  let left = 0;
  for (const record of held(context, leaving, true)) {
    const leaves = holdersThatFit(context, record, budget);
    if (leaves.length > 0) {
      const hosts = hostsOf(context, { ...record, holders: leaves });
      const isWritten = (holder: Holder) => hosts.some(({ name }) => isHost(holder, name));
      const stays = (holder: Holder) => !leaves.includes(holder) || isWritten(holder);
      replaceHolders(builder, record.space, record.address, record.holders.filter(stays));
      released.push({ ...record, holders: leaves });
    }
    if (leaves.length < record.holders.length) {
      left = 1;
      break;
    }
  }
  const deletedHosts: Fqdn[] = [];
  for (const [before, rest] of hostsWithout(context, released)) {
    const isLast = rest.addresses.length === 0;
    if (isLast) deletedHosts.push(before.name);
    writeHost(builder, before, isLast ? undefined : rest);
  }
  const access = accessOf(context);
  return builder.build({ released: released.map((record) => heldAddress(access, record)), deletedHosts, left });
}

/** Returns the first holders of the address that one transaction can take it from. */
function holdersThatFit(context: DecisionContext, record: AddressRecord, budget: WriteBudget): Holder[] {
  const fits = record.holders.findIndex((holder, index) => {
    const [host] = hostsOf(context, { ...record, holders: [holder] });
    const keys = host === undefined ? 0 : maxKeysOf(host);
    return !budget.take(index === 0 ? keys + 1 : keys, 1);
  });
  return fits < 0 ? [...record.holders] : record.holders.slice(0, fits);
}

/** Refuses with `forbidden`, before any release, if one of the holders is beyond the scope of the token. */
function needEveryHolder(context: DecisionContext, leaving: Leaving): void {
  const access = accessOf(context);
  if (access.isWhole) return;
  for (const record of held(context, leaving, true)) access.needHolders(record.address, record.holders);
}

/** Yields the held addresses that leave the pool. If `given`, yields only addresses that the pool gave. */
function held({ views }: DecisionContext, { pool, parts }: Leaving, given: boolean): IteratorObject<AddressRecord> {
  return heldInParts(views, pool.space, parts).filter((record) => !given || isGiven(record));
}

/**
 * Returns whether a pool gave the address: then the pool that has the address now counts as its giver, since an address
 * leaves the ranges of its pool only if it is released, or together with a part of the pool.
 */
function isGiven({ givenBy }: AddressRecord): boolean {
  return givenBy !== null;
}

/** Returns the hosts that have the address; none for an orphan. */
function hostsOf(context: DecisionContext, record: AddressRecord): Host[] {
  const asHosts = record.holders.filter(
    (holder) => rulesOf(holder).leaves === 'as a host' && !isOrphanedHold(context, record, holder),
  );
  return hostsAmong(asHosts).flatMap((name) => context.views.hosts.get(name)?.value ?? []);
}

/** Returns the hosts that have any of the addresses, each with the same host without these addresses. */
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

function refuseInUse(context: DecisionContext, { pool, parts }: Leaving, records: readonly AddressRecord[]): never {
  const access = accessOf(context);
  const inUse = records.map((record) => heldAddress(access, record));
  const count = `${inUse.length}${inUse.length === maxCounted ? ' or more' : ''}`;
  const kept = !records.every(isGiven) ? ' (addresses that the pool did not give are kept)' : '';
  const left = hostsWithout(context, records.filter(isGiven)).values();
  const deletedHosts = left.filter(({ addresses }) => addresses.length === 0).toArray().length;
  const within = parts.map(({ first, last }) => `GET /v1/hosts?within=${formatAddress(first)}-${formatAddress(last)}`);
  const loss =
    deletedHosts === 0 ? '' : `, which deletes ${deletedHosts} hosts with their names (${joinFirst(within)})`;
  refuse(
    'pool_in_use',
    `pool '${pool.name}' has addresses in use, ${count} that it would lose: ${joinHeld(inUse)}; release them, move them first (POST ${poolPath(pool.name)}/renumber), or repeat with ?force=true${loss}${kept}`,
    { pool: pool.name, inUse: inUse.length, deletedHosts, addresses: inUse.slice(0, maxNamed) },
  );
}
