// Use case: a zone is deleted with all its records. While hosts have records in the zone, this needs force.

import { joinFirst, maxNamed, refuse } from '../../errors.ts';
import { reverseName } from '../../model/address.ts';
import { type Host, ptrOwner, recordsOf } from '../../model/host.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { managingHost, type NamedRrsets } from '../../model/rrset.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { hostKey } from '../../store/kinds/host.ts';
import { zoneNamesPrefix } from '../../store/kinds/name.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Fault } from '../../views/stored-faults.ts';
import { accessOf } from '../access/access.ts';
import { hostToShed } from '../hosts/delete-host.ts';
import { isOrphanedRecord, orphanedHost, releaseAddresses, requireOrphan } from '../hosts/orphans.ts';
import { maxKeysOf, WriteBudget } from '../hosts/write-budget.ts';
import { writeHost } from '../hosts/write-host.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { existingZone } from '../reading/existing.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import type { Cleared } from '../transaction/commit-by-force.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { obstacleToReturn, returnPtrs } from './return-ptrs.ts';

interface ZoneDeletion {
  name: Fqdn;
  precondition: Precondition;
}

/**
 * Deletes a zone. The PTRs of hosts in it go back into the zone around; throws `NeedsPreparation` if they are too many
 * for one transaction (return-ptrs.ts). Refuses with `not_found` or `precondition_failed`, and with `zone_in_use` if
 * the zone has other records of hosts, or orphans. If the stored value of the zone has a fault, refuses with the code
 * of the fault.
 */
export function decideDeleteZone(context: DecisionContext, { name, precondition }: ZoneDeletion): Decision<void> {
  requireScope(context, name);
  const { zones } = context.views;
  const fault = faultOf(context, name);
  if (fault !== undefined) {
    const repair = 'repair it in the store, or repeat with ?force=true, which deletes what the store has of the zone';
    throw faultRefusal({ key: zoneKey(name), fault, repair, path: ':zone' });
  }
  const current = existingZone(context, name);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, entityTag(current.modified)));
  builder.delete(zoneKey(name), current.modified).deletePrefix(zoneNamesPrefix(name)).endImport(name);
  // Every change of the zone writes its serial, so the compare proves that no name was added since the views were read.
  builder.delete(serialKey(name), zones.changedAt(name));
  builder.refusals.try(() => {
    const isFree = returnPtrs(builder, current.value) || zones.counts(name).managedNames === 0;
    if (!isFree) refuseInUse(context, name);
  }, ':zone');
  return builder.build(undefined);
}

/** Deletes a zone by force, after {@link decideClearZone}. An automatic zone may already be gone with its last name. */
export function decideDeleteClearedZone(context: DecisionContext, wanted: ZoneDeletion): Decision<void> {
  const { name } = wanted;
  requireScope(context, name);
  const fault = faultOf(context, name);
  if (fault !== undefined) return decideDeleteUnreadable(context, name, fault);
  if (context.views.zones.get(name) === undefined) return noChange(undefined);
  return decideDeleteZone(context, wanted);
}

function requireScope(context: DecisionContext, name: Fqdn): void {
  const access = accessOf(context);
  access.needZone(name);
  access.needNoOwner('zones');
}

/**
 * Returns the fault of the zone's stored value, if the views do not have that value because of the fault. The views may
 * still have an earlier value, but nothing can be written into the zone. Returns undefined if the views have the stored
 * value: a fault of the same revision is then a fault of the apex.
 */
function faultOf({ views }: DecisionContext, zone: Fqdn): Fault | undefined {
  const fault = views.faults.get(zoneKey(zone));
  return fault?.modified === views.zones.get(zone)?.modified ? undefined : fault;
}

/**
 * Deletes a zone whose value cannot be read. Refuses with `zone_in_use` if hosts have records in the zone. Does not
 * compare the serial, because nobody can write into such a zone.
 */
function decideDeleteUnreadable(context: DecisionContext, zone: Fqdn, { modified }: Fault): Decision<void> {
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => {
    if (hostsIn(context, zone).length > 0) refuseInUse(context, zone);
  }, ':zone');
  return builder
    .delete(zoneKey(zone), modified)
    .deletePrefix(zoneNamesPrefix(zone))
    .endImport(zone)
    .deleteUnchecked(serialKey(zone))
    .build(undefined);
}

/** Returns whether the name is in this zone, and not in a served zone inside it. */
function isIn({ views }: DecisionContext, zone: Fqdn, owner: Fqdn): boolean {
  if (!isWithin(owner, zone)) return false;
  const around = views.zones.enclosing(owner)?.value.name;
  return around === undefined || around === zone || !isWithin(around, zone);
}

/** Returns the hosts that have a record in the zone. `stays`: leaves out the records at a name. */
function hostsIn(context: DecisionContext, zone: Fqdn, stays: (owner: Fqdn) => boolean = () => false): Host[] {
  return [...context.views.hosts.list()]
    .map(({ value }) => value)
    .filter((host) => recordsOf(host, 0).some(({ owner }) => isIn(context, zone, owner) && !stays(owner)));
}

/**
 * Makes room for {@link decideDeleteClearedZone}: removes hosts from the zone, as many as fit into one transaction.
 * Deletes hosts whose names are in the zone. Other hosts lose their aliases there, and PTRs that cannot go back. If the
 * zone has no hosts, removes orphans, but not if the zone's value has a fault. Result: the number of hosts that are
 * left; if none is left, the number of names with orphans. Refuses with `not_found` or `precondition_failed`.
 */
export function decideClearZone(context: DecisionContext, { name, precondition }: ZoneDeletion): Decision<Cleared> {
  requireScope(context, name);
  const fault = faultOf(context, name);
  checkPrecondition(precondition, entityTag((fault ?? existingZone(context, name)).modified));
  // PTRs that can go back into the zone around are not cleared: the deletion of the zone moves them.
  const zone = context.views.zones.get(name)?.value;
  const stays = (owner: Fqdn) =>
    fault === undefined && zone !== undefined && obstacleToReturn(context, zone, owner) === undefined;
  const hosts = hostsIn(context, name, stays);
  if (hosts.length === 0) return fault === undefined ? decideClearOrphans(context, name) : noChange({ left: 0 });
  // Check this before the first deletion, because the work takes several transactions.
  accessOf(context).needHosts(hosts);
  const doomed = fault && name;
  const builder = new TransactionBuilder(context);
  const budget = new WriteBudget();
  const end = hosts.findIndex((host) => !budget.take(maxKeysOf(host)));
  const some = end === -1 ? hosts : hosts.slice(0, end);
  const isHere = (owner: Fqdn) => isIn(context, name, owner) && !stays(owner);
  /** The hosts that only lose aliases now, because their deletion does not fit into one transaction. */
  let shed = 0;
  for (const host of some) {
    const aliases = host.aliases.filter((alias) => !isHere(alias));
    const addresses = host.addresses.map((one) =>
      isHere(ptrOwner(host, one) ?? reverseName(one.address)) ? { ...one, ptr: false as const } : one,
    );
    const rest = isHere(host.name) ? hostToShed(context, host) : { ...host, aliases, addresses };
    if (isHere(host.name) && rest !== undefined) shed += 1;
    writeHost(builder, host, rest, { doomed });
  }
  const left = hosts.length - some.length + shed;
  const isEnd = left > 0 || fault !== undefined;
  return builder.build({ left: isEnd ? left : [...namesWithOrphans(context, name)].length });
}

/** Yields the names of a zone that have orphans among their records, each with these orphans. */
function* namesWithOrphans(context: DecisionContext, zone: Fqdn): Generator<NamedRrsets> {
  for (const { owner, rrsets } of context.views.zones.managedNames(zone)) {
    const orphans = rrsets.filter((rrset) => isOrphanedRecord(context, owner, rrset));
    if (orphans.length > 0) yield { name: owner, rrsets: orphans };
  }
}

/**
 * Deletes the orphans among the zone's records, and releases the addresses of their hosts, as many as fit into one
 * transaction. Result: how many names with orphans are left.
 */
function decideClearOrphans(context: DecisionContext, name: Fqdn): Decision<Cleared> {
  const { value: zone } = existingZone(context, name);
  const builder = new TransactionBuilder(context);
  const budget = new WriteBudget();
  let left = 0;
  for (const { name: owner, rrsets: orphans } of namesWithOrphans(context, zone.name)) {
    const held = orphanedHost(context, owner)?.addresses ?? [];
    // If two orphans hold the same address, the second one waits for the next transaction, which can read the record
    // that this release writes.
    const isWritten = held.some(({ space, address }) => builder.writes(addressKey(space, address)));
    if (left > 0 || isWritten || !budget.take(1 + orphans.length + held.length)) left += 1;
    else {
      for (const rrset of orphans) {
        requireOrphan(builder, managingHost(owner, rrset));
        builder.deleteRrset(zone, owner, rrset.type);
      }
      releaseAddresses(builder, owner, held);
    }
  }
  return builder.build({ left });
}

/** Refuses with `zone_in_use` because of hosts with records in the zone or, if there are none, because of orphans. */
function refuseInUse(context: DecisionContext, zone: Fqdn): never {
  const hosts = hostsIn(context, zone);
  if (hosts.length === 0) refuseOrphans(context, zone);
  const access = accessOf(context);
  const names = hosts.filter((host) => access.hasHost(host)).map(({ name }) => name);
  const which = names.length > 0 ? `: ${joinFirst(names)}` : ' that the token may not see';
  refuse('zone_in_use', `zone ${zone} has records of hosts${which}; delete them first, or repeat with ?force=true`, {
    zone,
    hosts: names.slice(0, maxNamed),
  });
}

/** Refuses because of orphans, and of records whose hosts cannot be read. */
function refuseOrphans({ views }: DecisionContext, zone: Fqdn): never {
  const hosts = new Set<Fqdn>();
  for (const { owner, rrsets } of views.zones.managedNames(zone)) {
    for (const rrset of rrsets) if (rrset.manager === 'host') hosts.add(managingHost(owner, rrset));
  }
  const unreadable = [...hosts].filter((host) => views.faults.has(hostKey(host)));
  const gone = [...hosts].filter((host) => !unreadable.includes(host));
  const parts = [
    gone.length > 0 &&
      `records of hosts that do not exist or do not have them (${joinFirst(gone)}): repeat with ?force=true`,
    unreadable.length > 0 &&
      `records of hosts that cannot be read (${joinFirst(unreadable)}): repair or delete '${hostKey(unreadable[0] as Fqdn)}' in the store`,
  ];
  const what = parts.filter((part) => part !== false).join('; ');
  refuse('zone_in_use', `zone ${zone} has ${what}`, { zone, hosts: [...hosts].slice(0, maxNamed) });
}
