// Moves the PTRs of hosts in the transaction that writes or deletes a CNAME at their reverse name (RFC 2317).

import { addressOfReverse, reverseName } from '../../model/address.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { defaultSpace } from '../../model/pool.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { hostKey } from '../../store/kinds/host.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { withPtrName } from './ptr-place.ts';
import { writeHost } from './write-host.ts';

/**
 * Moves the PTRs of the hosts whose reverse name this is, after the transaction has written or deleted a CNAME there.
 */
export function movePtrs(builder: TransactionBuilder, owner: Fqdn): void {
  const address = addressOfReverse(owner);
  if (address === undefined) return;
  const { hosts, pools } = builder.views;
  const spaces = new Set([defaultSpace, ...[...pools.list()].map(({ value }) => value.space)]);
  const names = new Set<Fqdn>();
  // The compares prove that no other host has the address, and that these hosts want a PTR or not, as the views say.
  for (const space of spaces) {
    const record = pools.address(space, address);
    const key = addressKey(space, address);
    if (record === undefined) builder.requireAbsent(key);
    else builder.requireUnchanged(key, record.modified);
    for (const holder of record?.value.holders ?? []) if (holder.kind === 'host') names.add(holder.host);
  }
  for (const name of names) {
    const host = hosts.get(name);
    if (host === undefined) continue;
    builder.requireUnchanged(hostKey(name), host.modified);
    moveOf(builder, host.value, owner);
  }
}

function moveOf(builder: TransactionBuilder, host: Host, owner: Fqdn): void {
  if (!host.ptr) return;
  const addresses = host.addresses.map((one) => (reverseName(one.address) === owner ? withPtrName(builder, one) : one));
  if (addresses.every((one, index) => one.ptrName === host.addresses[index]?.ptrName)) return;
  writeHost(builder, host, { ...host, addresses });
}
