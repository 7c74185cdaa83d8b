// What a host left behind that is not there any more, because somebody deleted its key in the store: records and addresses that still name it. They are
// nobody's, and may be written over, released, or had again by a host of that name. A host that cannot be read is there.

import { parseAddress } from '../../model/address.ts';
import type { AddressRecord, Holder } from '../../model/allocation.ts';
import { type Host, type HostAddress, recordsOf } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { managingHost, type Rrset } from '../../model/rrset.ts';
import { timestamp } from '../../model/timestamp.ts';
import { hostKey } from '../../store/keys.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** Whether the host that the RRset names is not there, or has no such record. */
export function isAbandonedRecord({ views }: DecisionContext, owner: Fqdn, rrset: Rrset): boolean {
  if (rrset.manager !== 'host') return false;
  const name = managingHost(owner, rrset);
  if (views.faults.has(hostKey(name))) return false;
  const host = views.hosts.get(name)?.value;
  if (host === undefined) return true;
  return !recordsOf(host, 0).some((one) => one.owner === owner && one.rrset.type === rrset.type);
}

/** Whether the host that holds the address is not there, or does not have it. */
export function isAbandonedHold(
  { views }: DecisionContext,
  { space, address }: Pick<AddressRecord, 'space' | 'address'>,
  holder: Holder,
): boolean {
  if (holder.kind !== 'host' || views.faults.has(hostKey(holder.host))) return false;
  const addresses = views.hosts.get(holder.host)?.value.addresses ?? [];
  return !addresses.some((one) => one.address === address && one.space === space);
}

/** The transaction needs that the host is still as it is: not there, or without what names it. */
export function proveAbandoned({ views }: DecisionContext, builder: TransactionBuilder, host: Fqdn): void {
  const current = views.hosts.get(host);
  if (current === undefined) builder.absent(hostKey(host));
  else builder.unchanged(hostKey(host), current.modified);
}

/** A host that is not there, as far as its address records and the holders of those addresses still tell. */
export function remainsOf({ views, now }: DecisionContext, name: Fqdn): Host | undefined {
  const zone = views.zones.enclosing(name)?.value.name;
  if (zone === undefined || views.hosts.get(name) !== undefined) return undefined;
  const texts = views.zones
    .name(zone, name)
    .rrsets.filter(({ type, manager }) => manager === 'host' && (type === 'A' || type === 'AAAA'))
    .flatMap(({ records }) => records);
  if (texts.length === 0) return undefined;
  const spaces = new Set(['default', ...[...views.pools.list()].map(({ value }) => value.space)]);
  const addresses: HostAddress[] = [];
  let owner = '';
  for (const text of texts) {
    const address = parseAddress(text);
    for (const space of spaces) {
      const record = views.pools.address(space, address)?.value;
      const holder = record?.holders.find((one) => one.kind === 'host' && one.host === name);
      if (record === undefined || holder === undefined) continue;
      addresses.push({ address, pool: record.pool, space });
      owner = holder.owner;
      break;
    }
  }
  return { name, zone, addresses, aliases: [], ttl: null, ptr: true, owner, tags: {}, createdAt: timestamp(now) };
}
