// Use case: one holder of a pool that is renumbered gets its new addresses, all in one transaction. So at every
// revision, a host has all of its old addresses or all of its new ones (test/scenario/renumbering.test.ts).

import { refuse } from '../../errors.ts';
import type { Address } from '../../model/address.ts';
import { type AddressRecord, describeHolder, type Holder, isHost } from '../../model/allocation.ts';
import { type Host, type HostAddress, isSameAddress, sharingOf } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Renumbering } from '../../model/renumbering.ts';
import type { Revision } from '../../model/revision.ts';
import { renumberingKey } from '../../store/kinds/renumbering.ts';
import type { Asking } from '../access/actor.ts';
import type { Choice } from '../addresses/choice.ts';
import { forgetFormer, moveHolders } from '../addresses/hold-address.ts';
import { placePtr } from '../hosts/ptr-place.ts';
import { writeExchanged, writeHost } from '../hosts/write-host.ts';
import { rulesOf } from '../reading/holder-rules.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { chooseNew, type FreeOf, isLeaving, type Move, moveOf } from './move-target.ts';

/** A renumbering that this replica carries out. */
export interface Job {
  renumbering: Renumbering;
  /** The revision that created its key. */
  created: Revision;
}

/** `moved`: the number of addresses. 0: the holder has none to move, or is gone. */
interface Moved {
  moved: number;
}

/**
 * Moves a host, with all hosts that share an address with it. Refuses with `not_found` if the renumbering was stopped,
 * with `pool_exhausted`, with `address_taken` if another holder of an address cannot move, and as {@link writeHost} and
 * {@link TransactionBuilder.build} do.
 */
export function decideMoveHost(context: DecisionContext, job: Job, name: Fqdn): Decision<Moved> {
  const move = currentMove(context, job);
  return decideMove(begin(context, job), move, name, job.renumbering.allocations);
}

/**
 * Decides as {@link decideMoveHost} does, for a plan. `claimed`: the addresses that others of the plan get. `freeOf`
 * returns those of a family that are left.
 */
export function decidePlannedHost(
  asking: Asking,
  { claimed, freeOf }: Pick<DecisionContext, 'claimed'> & { freeOf: FreeOf },
  move: Move,
  name: Fqdn,
  allocations: boolean,
): Decision<Moved> {
  const context = { actor: asking.actor, views: asking.views, claimed, now: Date.now() };
  return decideMove(new TransactionBuilder(context), move, name, allocations, freeOf);
}

function decideMove(
  builder: TransactionBuilder,
  move: Move,
  name: Fqdn,
  allocations: boolean,
  freeOf?: FreeOf,
): Decision<Moved> {
  const host = builder.views.hosts.get(name)?.value;
  const leaving = host?.addresses.filter((address) => isLeaving(move, address)) ?? [];
  if (host === undefined || leaving.length === 0) return noChange({ moved: 0 });
  if (leaving.some((address) => othersAt(recordAt(builder, address), name).length > 0)) {
    return moveSharers(builder, move, host, allocations, freeOf);
  }
  writeHost(builder, host, withAddresses(builder, host, leaving, chooseNew(builder, move, leaving, freeOf)));
  for (const { space, address } of leaving) forgetFormer(builder, space, address);
  return builder.build({ moved: leaving.length });
}

/** Moves all hosts that share addresses with this one, and the addresses with all their holders. */
function moveSharers(
  builder: TransactionBuilder,
  move: Move,
  first: Host,
  allocations: boolean,
  freeOf?: FreeOf,
): Decision<Moved> {
  const hosts = new Map([[first.name, first]]);
  const records = new Map<Address, AddressRecord>();
  // More hosts are added to the map while it is read.
  for (const host of hosts.values()) {
    for (const one of host.addresses.filter((address) => isLeaving(move, address))) {
      const record = recordAt(builder, one);
      if (record === undefined || !record.holders.some((holder) => isHost(holder, host.name)))
        refuse('address_taken', `${host.name} does not hold its address ${one.address} in the store`);
      records.set(one.address, record);
      for (const holder of record.holders) addSharer(builder, hosts, record, holder, allocations);
    }
  }
  const old = [...records.values()];
  const choices = chooseNew(builder, move, old, freeOf);
  for (const [index, record] of old.entries()) moveHolders(builder, record, choices[index] as Choice);
  const changes = [...hosts.values()].map((before) => ({
    before,
    after: withAddresses(builder, before, old, choices),
  }));
  writeExchanged(builder, changes);
  if (!builder.hasRoom(0)) {
    const message = `${first.name} shares addresses with ${hosts.size - 1} other hosts: one transaction cannot move them all`;
    refuse('payload_too_large', message);
  }
  return builder.build({ moved: old.length });
}

/** Adds a host that shares an address. Refuses with `address_taken` a holder that cannot move with it. */
function addSharer(
  { views }: TransactionBuilder,
  hosts: Map<Fqdn, Host>,
  { address }: AddressRecord,
  holder: Holder,
  allocations: boolean,
): void {
  if (holder.kind === 'allocation') {
    if (allocations) return;
    const message = `${address} is shared with ${describeHolder(holder)}: "allocations": true moves both`;
    refuse('address_taken', message);
  }
  const host = views.hosts.get(holder.host)?.value;
  if (host === undefined)
    refuse('address_taken', `${address} is shared with ${holder.host}, which is no host any more`);
  hosts.set(host.name, host);
}

/** Returns the host with a new address in place of each old one. */
function withAddresses(
  builder: TransactionBuilder,
  host: Host,
  old: readonly Pick<HostAddress, 'address' | 'space'>[],
  choices: readonly Choice[],
): Host {
  const addresses = host.addresses.map((one) => {
    const choice = choices[old.findIndex((other) => isSameAddress(one, other))];
    return choice === undefined ? one : placePtr(builder, host, { ...choice, ...sharingOf(one) });
  });
  return { ...host, addresses };
}

function recordAt({ views }: TransactionBuilder, { space, address }: Pick<HostAddress, 'space' | 'address'>) {
  return views.pools.address(space, address)?.value;
}

function othersAt(record: AddressRecord | undefined, name: Fqdn): Holder[] {
  return record?.holders.filter((holder) => !isHost(holder, name)) ?? [];
}

/**
 * Moves the allocations of an address together, with their ids and sharing keys. Refuses as {@link decideMoveHost}
 * does.
 */
export function decideMoveAllocations(context: DecisionContext, job: Job, address: Address): Decision<Moved> {
  const move = currentMove(context, job);
  const { space } = move.from;
  const record = context.views.pools.address(space, address)?.value;
  if (record?.state !== 'held' || !isLeaving(move, record)) return noChange({ moved: 0 });
  if (record.holders.some((holder) => rulesOf(holder).leaves === 'as a host')) return noChange({ moved: 0 });
  const builder = begin(context, job);
  const [choice] = chooseNew(context, move, [record]);
  if (choice !== undefined) moveHolders(builder, record, choice);
  return builder.build({ moved: 1 });
}

/** Returns the pools of the job. Refuses with `not_found` if the job was stopped, or a pool was deleted. */
function currentMove(context: DecisionContext, { renumbering }: Job): Move {
  const current = context.views.renumberings.get(renumbering.pool)?.value;
  if (current?.startedAt !== renumbering.startedAt) refuse('not_found', 'the renumbering was stopped');
  return moveOf(context, renumbering) ?? refuse('not_found', 'a pool of the renumbering was deleted');
}

/** Begins a transaction that is committed only while the renumbering has not been stopped. */
function begin(context: DecisionContext, { renumbering, created }: Job): TransactionBuilder {
  const key = renumberingKey(renumbering.pool);
  return new TransactionBuilder(context).require({ kind: 'created', key, revision: created });
}
