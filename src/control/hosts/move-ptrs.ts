// Moves the PTRs of hosts when a CNAME at their reverse name is written or deleted (RFC 2317). A change of RRsets does
// this in the same transaction. After an import of a zone file, and after a zone is created or deleted, align-ptrs.ts
// does it in transactions of its own.

import { addressOfReverse, reverseName } from '../../model/address.ts';
import { hostsAmong } from '../../model/allocation.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { hostKey } from '../../store/kinds/host.ts';
import type { Views } from '../../views/views.ts';
import { spacesIn } from '../reading/spaces-in.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { mayFollowAliases, placePtr } from './ptr-place.ts';
import { writeHost } from './write-host.ts';

/**
 * Moves the PTRs of the hosts whose reverse name this is, after the transaction has written or deleted a CNAME there.
 */
export function movePtrs(builder: TransactionBuilder, owner: Fqdn): void {
  const address = addressOfReverse(owner);
  if (address === undefined) return;
  const { hosts, pools } = builder.views;
  const names = new Set<Fqdn>();
  // The compares prove that no other host has the address, and that these hosts want a PTR or not, as the views say.
  for (const space of spacesIn(builder.views)) {
    const record = pools.address(space, address);
    const key = addressKey(space, address);
    if (record === undefined) builder.requireAbsent(key);
    else builder.requireUnchanged(key, record.modified);
    for (const name of hostsAmong(record?.value.holders ?? [])) names.add(name);
  }
  for (const name of names) {
    const host = hosts.get(name);
    if (host === undefined) continue;
    builder.requireUnchanged(hostKey(name), host.modified);
    moveOf(builder, host.value, owner);
  }
}

/** Returns whether the PTR of this name, which a host has, moves to where a CNAME leads: its address is not shared. */
export function mayMovePtr(views: Views, owner: Fqdn): boolean {
  const address = addressOfReverse(owner);
  if (address === undefined) return false;
  const holders = [...spacesIn(views)].flatMap((space) => views.pools.address(space, address)?.value.holders ?? []);
  return holders.every(mayFollowAliases);
}

function moveOf(builder: TransactionBuilder, host: Host, owner: Fqdn): void {
  if (!host.ptr) return;
  const addresses = host.addresses.map((one) =>
    reverseName(one.address) === owner ? placePtr(builder, host, one) : one,
  );
  if (addresses.every((one, index) => one.ptrName === host.addresses[index]?.ptrName)) return;
  writeHost(builder, host, { ...host, addresses });
}
