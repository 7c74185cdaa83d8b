// Orphans: records and held addresses that belong to a host, but the host does not exist, or exists without them. They
// are left over when somebody deletes or changes the key of a host by hand. Users may overwrite or delete such records,
// and release such addresses. A new host with the name of that host takes over the orphans. If the value of a host
// cannot be read, its records and addresses are not orphans.

import { parseAddress } from '../../model/address.ts';
import { type AddressRecord, type Holder, isHost } from '../../model/allocation.ts';
import { type Host, type HostAddress, isSameAddress, recordsOf } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { managingHost, type Rrset } from '../../model/rrset.ts';
import { timestamp } from '../../model/timestamp.ts';
import { hostKey } from '../../store/kinds/host.ts';
import { replaceHost } from '../addresses/hold-address.ts';
import { spacesIn } from '../reading/spaces-in.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** Returns whether an RRset at `owner` is an orphan: its host does not exist, or has no record of this type there. */
export function isOrphanedRecord({ views }: DecisionContext, owner: Fqdn, rrset: Rrset): boolean {
  if (rrset.manager !== 'host') return false;
  const name = managingHost(owner, rrset);
  if (views.faults.has(hostKey(name))) return false;
  const host = views.hosts.get(name)?.value;
  if (host === undefined) return true;
  return !recordsOf(host, 0).some((one) => one.owner === owner && one.rrset.type === rrset.type);
}

/**
 * Returns whether a held address is an orphan: its holder is a host that does not exist or does not have the address.
 */
export function isOrphanedHold(
  { views }: DecisionContext,
  held: Pick<AddressRecord, 'space' | 'address'>,
  holder: Holder,
): boolean {
  if (holder.kind !== 'host' || views.faults.has(hostKey(holder.host))) return false;
  const addresses = views.hosts.get(holder.host)?.value.addresses ?? [];
  return !addresses.some((one) => isSameAddress(one, held));
}

/**
 * Requires that the host is still as in the views, absent or unchanged. So the orphans of that host are still orphans.
 */
export function requireOrphan(builder: TransactionBuilder, host: Fqdn): void {
  const current = builder.views.hosts.get(host);
  if (current === undefined) builder.requireAbsent(hostKey(host));
  else builder.requireUnchanged(hostKey(host), current.modified);
}

/** Removes a host that does not exist from the holders of these addresses. An address without holders is released. */
export function releaseAddresses(builder: TransactionBuilder, host: Fqdn, addresses: readonly HostAddress[]): void {
  for (const address of addresses) replaceHost(builder, address, host);
}

/**
 * Returns the host that the orphans of this name describe. It has each address of the managed A and AAAA records at
 * this name, if the store still has the host as a holder of that address. Returns undefined if a host of this name
 * exists, if no zone contains the name, or if no managed A or AAAA records are there.
 */
export function orphanedHost({ views, now }: DecisionContext, name: Fqdn): Host | undefined {
  const zone = views.zones.enclosing(name)?.value.name;
  if (zone === undefined || views.hosts.get(name) !== undefined) return undefined;
  const texts = views.zones
    .name(zone, name)
    .rrsets.filter(({ type, manager }) => manager === 'host' && (type === 'A' || type === 'AAAA'))
    .flatMap(({ records }) => records);
  if (texts.length === 0) return undefined;
  const spaces = spacesIn(views);
  const addresses: HostAddress[] = [];
  let owner = '';
  for (const text of texts) {
    const address = parseAddress(text);
    for (const space of spaces) {
      const record = views.pools.address(space, address)?.value;
      const holder = record?.holders.find((one) => isHost(one, name));
      if (record === undefined || holder === undefined) continue;
      addresses.push({ address, givenBy: record.givenBy, space });
      owner = holder.owner;
      break;
    }
  }
  return { name, zone, addresses, aliases: [], ttl: null, ptr: true, owner, tags: {}, createdAt: timestamp(now) };
}
