// Use case: two hosts exchange their addresses in one transaction. Their names, aliases and other fields stay.

import { Refusal, refuse, refuseField } from '../../errors.ts';
import { type Address, type Family, familyOf } from '../../model/address.ts';
import { isHost } from '../../model/allocation.ts';
import { type Host, type HostAddress, isSameAddress, maxHostAddresses } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { isKnown, known, orUnknown } from '../../model/unknown.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { recordNow, replaceHost } from '../addresses/hold-address.ts';
import { existingHost } from '../reading/existing.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import { withPools } from '../reading/with-pools.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import type { HostCreated } from './create-host.ts';
import { holderOf } from './shared-address.ts';
import { writeExchanged } from './write-host.ts';

interface HostSwap {
  name: Fqdn;
  with: Fqdn;
  /** Only addresses of these families. Undefined: all. */
  families: readonly Family[] | undefined;
}

/**
 * Exchanges the addresses of two hosts (test/http/swap-hosts.test.ts). An address that both hold stays with both.
 * Refuses with `not_found`, with `invalid_request` if the hosts are the same one, have nothing to exchange, or one of
 * them would have no address or too many, and as {@link writeExchanged} does.
 */
export function decideSwapHosts(context: DecisionContext, swap: HostSwap): Decision<HostCreated[]> {
  try {
    return decideSwap(context, swap);
  } catch (error) {
    throw error instanceof Refusal ? inFields(error) : error;
  }
}

/** Returns the refusal with the path `/with` for each fault of a host's own field, which the request does not have. */
function inFields({ code, message, errors, members }: Refusal): Refusal {
  const isField = (path: string) => [':name', '/with', '/families'].includes(path);
  const placed = errors?.map((fault) => (isField(fault.path) ? fault : { ...fault, path: '/with' }));
  return new Refusal(code, message, { members, ...(placed && { errors: placed }) });
}

function decideSwap(context: DecisionContext, swap: HostSwap): Decision<HostCreated[]> {
  const builder = new TransactionBuilder(context);
  const { refusals } = builder;
  const one = refusals.try(() => existingHost(context, known(swap.name)).value);
  const other = refusals.try(() => otherHost(context, known(swap.with)));
  refusals.try(() => {
    if (isKnown(swap.name) && swap.name === known(swap.with))
      refuseField('invalid_request', '/with', 'is the host in the path: name another one');
  });
  const families = orUnknown(() => swap.families?.map((family) => known(family)));
  if (one === undefined || other === undefined || one.name === other.name || !isKnown(families))
    return builder.build([]);
  const isMoved = ({ address }: HostAddress) => families?.includes(familyOf(address)) ?? true;
  const [given, taken] = [movedFrom(one, other, isMoved), movedFrom(other, one, isMoved)];
  refusals.try(() => {
    if (given.length + taken.length === 0)
      refuse('invalid_request', `${one.name} and ${other.name} have no such addresses to exchange`);
  }, '/families');
  const after = [exchanged(one, given, taken), exchanged(other, taken, given)];
  for (const host of after) refusals.try(() => refuseUnfit(host), '/families');
  for (const address of given) moveAddress(builder, address, one, other);
  for (const address of taken) moveAddress(builder, address, other, one);
  const changes = [one, other].map((before, index) => ({ before, after: after[index] as Host }));
  writeExchanged(builder, changes);
  const recordOf = (space: string, address: Address) => recordNow(builder, space, address);
  return builder.buildWith(
    (warnings) =>
      after.map((host) => {
        const own = warnings.filter(({ owner }) => [host.name, ...host.aliases].includes(owner));
        return { ...withPools(context, host, recordOf), ...(own.length > 0 && { warnings: own }) };
      }),
    () => '/with',
  );
}

/** Returns the host that the body names. Refuses a host beyond the scope, then one that does not exist. */
function otherHost(context: DecisionContext, name: Fqdn): Host {
  const host = context.views.hosts.get(name);
  accessOf(context).needHost(name, host?.value);
  return host?.value ?? refuseField('not_found', '/with', `there is no host ${name}`, { name });
}

/** Returns the addresses that the host gives away: not those that the other host has too. */
function movedFrom(host: Host, other: Host, isMoved: (address: HostAddress) => boolean): HostAddress[] {
  const isShared = (address: HostAddress) => other.addresses.some((one) => isSameAddress(one, address));
  return host.addresses.filter((address) => isMoved(address) && !isShared(address));
}

/** Returns the host with other addresses. The mark of a deleted PTR does not move with an address. */
function exchanged(host: Host, given: readonly HostAddress[], taken: readonly HostAddress[]): Host {
  const kept = host.addresses.filter((address) => !given.includes(address));
  return { ...host, addresses: [...taken.map(({ ptr: _, ...address }) => address), ...kept] };
}

function refuseUnfit({ name, addresses }: Host): void {
  if (addresses.length === 0) refuse('invalid_request', `${name} would have no address`);
  if (addresses.length <= maxHostAddresses) return;
  refuse('invalid_request', `${name} would have ${addresses.length} addresses, more than ${maxHostAddresses}`);
}

/**
 * Gives an address of one host to another one. Refuses with `address_taken` if the first host does not hold it, because
 * somebody has changed the store by hand.
 */
function moveAddress(builder: TransactionBuilder, moved: HostAddress, from: Host, to: Host): void {
  const { space, address } = moved;
  const { pools, faults } = builder.views;
  const key = addressKey(space, address);
  builder.refusals.try(() => {
    const fault = faults.get(key);
    if (fault !== undefined) throw faultRefusal({ key, fault, code: 'address_taken', path: '/with' });
    const holders = pools.address(space, address)?.value.holders ?? [];
    if (!holders.some((holder) => isHost(holder, from.name))) {
      const message = `${from.name} does not hold its address ${address} in the store: give it other addresses first`;
      refuseField('address_taken', '/with', message, { address, heldBy: [] });
    }
    replaceHost(builder, { space, address }, from.name, holderOf(to, moved));
  });
}
