// Addresses that several hosts share: which sharing fits, and which of the hosts has the PTR.

import { isDeepStrictEqual } from 'node:util';
import { joinFirst, refuseField } from '../../errors.ts';
import { reverseName } from '../../model/address.ts';
import {
  type AddressRecord,
  type Holder,
  type HostHolder,
  hostsAmong,
  isHost,
  sharingConflict,
} from '../../model/allocation.ts';
import { type Host, type HostAddress, isSameAddress, ptrHost, sharingOf } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { hostKey } from '../../store/kinds/host.ts';
import { accessOf } from '../access/access.ts';
import { recordNow } from '../addresses/hold-address.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** Returns a host as a holder of one of its addresses. */
export function holderOf({ name, owner }: Host, address: HostAddress): HostHolder {
  return { kind: 'host', host: name, owner, ...sharingOf(address) };
}

/**
 * Refuses with `address_taken` a host that keeps an address but does not fit its other holders with its new sharing.
 * Refuses with `rrset_conflict` a `ptrFor` if another holder of the address has it. `path`: where the request has the
 * address.
 */
export function checkSharing(
  builder: TransactionBuilder,
  before: Host | undefined,
  after: Host,
  one: HostAddress,
  path: string,
): void {
  const { address } = one;
  const others = otherHolders(builder, one, [before?.name, after.name]);
  const access = accessOf(builder);
  const stands = before?.addresses.find((other) => isSameAddress(one, other));
  const keeps = stands === undefined || isDeepStrictEqual(sharingOf(stands), sharingOf(one));
  const conflict = keeps || others.length === 0 ? undefined : sharingConflict(others, holderOf(after, one));
  if (conflict !== undefined) {
    const heldBy = conflict.with.map((other) => access.describeHolder(other));
    const message = `${address} is also held by ${joinFirst(heldBy)}: keep "${conflict.field}" as it is, or take another address`;
    refuseField('address_taken', path, message, { address, heldBy });
  }
  const chosen = others.find((holder) => holder.kind === 'host' && holder.ptrFor === true);
  if (one.ptrFor !== true || chosen === undefined) return;
  const managedBy = access.describeHolder(chosen);
  const message = `${managedBy} has "ptrFor" at ${address}: take it away there first`;
  refuseField('rrset_conflict', `${path}/ptrFor`, message, { name: reverseName(address), type: 'PTR', managedBy });
}

/** Returns the holders of an address, as this transaction writes it, without the hosts of these names. */
function otherHolders(
  builder: TransactionBuilder,
  { space, address }: Pick<HostAddress, 'space' | 'address'>,
  names: readonly (Fqdn | undefined)[],
): Holder[] {
  const record = recordNow(builder, space, address);
  if (record?.state !== 'held') return [];
  return record.holders.filter((holder) => !names.some((name) => name !== undefined && isHost(holder, name)));
}

/** A host before and after a transaction. Undefined: there is none. */
export interface HostChange {
  before: Host | undefined;
  after: Host | undefined;
}

/**
 * Returns the addresses that the hosts share after this transaction, or that one of them leaves to others: each by the
 * owner name of its PTR, with its record.
 */
export function sharedPtrs(builder: TransactionBuilder, changes: readonly HostChange[]): Map<Fqdn, AddressRecord> {
  const hosts = changes.flatMap(({ before, after }) => [before, after]).filter((host) => host !== undefined);
  const changed = new Set(hosts.map(({ name }) => name));
  const shared = new Map<Fqdn, AddressRecord>();
  for (const { space, address } of hosts.flatMap(({ addresses }) => addresses)) {
    const record = recordNow(builder, space, address);
    if (record?.state !== 'held') continue;
    const names = hostsAmong(record.holders);
    if (names.length > 1 || names.some((name) => !changed.has(name))) shared.set(reverseName(address), record);
  }
  return shared;
}

/**
 * Returns the host that has the PTR of a shared address after these changes. The compares of the address and of the
 * other hosts that were looked at prove that it is the right one (test/control/races.test.ts).
 */
export function ptrHostNow(
  builder: TransactionBuilder,
  changes: readonly HostChange[],
  record: AddressRecord,
): Host | undefined {
  const { hosts, pools } = builder.views;
  const stored = pools.address(record.space, record.address);
  if (stored !== undefined) builder.requireUnchanged(addressKey(record.space, record.address), stored.modified);
  return ptrHost(record, (name) => {
    const changed = changes.find(({ after }) => after?.name === name);
    if (changed !== undefined) return changed.after;
    const other = hosts.get(name);
    if (other !== undefined) builder.requireUnchanged(hostKey(name), other.modified);
    return other?.value;
  });
}
