// Use case: a zone goes with all its records; hosts that have records in it only by force.

import { refuse } from '../../errors.ts';
import { reverseName } from '../../model/address.ts';
import { type Host, recordsOf } from '../../model/host.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { managingHost } from '../../model/rrset.ts';
import { addressKey, hostKey, serialKey, zoneKey, zoneNamesPrefix } from '../../store/keys.ts';
import type { Fault } from '../../views/views.ts';
import { replaceHost } from '../addresses/hold-address.ts';
import { isAbandonedRecord, proveAbandoned, remainsOf } from '../hosts/abandoned.ts';
import { writeHost } from '../hosts/write-host.ts';
import { type Decision, type DecisionContext, nothing } from '../transaction/decision.ts';
import { existingZone } from '../transaction/existing.ts';
import { greatestNamed, nameSome } from '../transaction/name-some.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { unreadable } from '../transaction/unreadable.ts';
import { greatestWrite, WriteBudget } from '../transaction/write-budget.ts';

/** Refuses with `zone_in_use` when hosts have records in the zone. */
export function decideDeleteZone(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<void> {
  const { zones } = context.views;
  const fault = faultOf(context, name);
  if (fault !== undefined) {
    const wayOut = 'mend it there, or repeat with ?force=true, which deletes what the store has of the zone';
    throw unreadable({ key: zoneKey(name), why: fault.message, wayOut });
  }
  const current = existingZone(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  if (zones.counts(name).managedNames > 0) refuseInUse(context, name);
  const builder = new TransactionBuilder(context.views);
  builder.delete(zoneKey(name), current.modified).deletePrefix(zoneNamesPrefix(name)).endImport(name);
  // The serial is written with every change of the zone: no name came since the view was read.
  builder.delete(serialKey(name), zones.serial(name));
  return { result: undefined, ...builder.build() };
}

/** By force, after {@link decideClearZone}: an automatic zone has gone with its last name. */
export function decideDeleteClearedZone(
  context: DecisionContext,
  name: Fqdn,
  precondition: Precondition,
): Decision<void> {
  const fault = faultOf(context, name);
  if (fault !== undefined) return decideDeleteUnreadable(context, name, fault);
  if (context.views.zones.get(name) === undefined) return nothing(undefined);
  return decideDeleteZone(context, name, precondition);
}

/** What is wrong with the zone's value, where it is not the one that is served: nothing can be written into the zone then. */
function faultOf({ views }: DecisionContext, zone: Fqdn): Fault | undefined {
  const fault = views.faults.get(zoneKey(zone));
  return fault?.modified === views.zones.get(zone)?.modified ? undefined : fault;
}

/** Nobody writes into a zone that cannot be read: its serial says nothing then. */
function decideDeleteUnreadable(context: DecisionContext, zone: Fqdn, { modified }: Fault): Decision<void> {
  if (hostsIn(context, zone).length > 0) refuseInUse(context, zone);
  const builder = new TransactionBuilder(context.views);
  builder.delete(zoneKey(zone), modified).deletePrefix(zoneNamesPrefix(zone)).endImport(zone).drop(serialKey(zone));
  return { result: undefined, ...builder.build() };
}

/** Whether the name is in this zone, and in none of ours below it. */
function isIn({ views }: DecisionContext, zone: Fqdn, owner: Fqdn): boolean {
  if (!isWithin(owner, zone)) return false;
  const around = views.zones.enclosing(owner)?.value.name;
  return around === undefined || around === zone || !isWithin(around, zone);
}

/** The hosts that have a record in the zone. */
function hostsIn(context: DecisionContext, zone: Fqdn): Host[] {
  return [...context.views.hosts.list()]
    .map(({ value }) => value)
    .filter((host) => recordsOf(host, 0).some(({ owner }) => isIn(context, zone, owner)));
}

/**
 * Takes some hosts out of the zone: those named in it go, others lose the aliases and the PTRs that they have there; then what hosts left that are not
 * there. Result: how many are left.
 */
export function decideClearZone(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<number> {
  const fault = faultOf(context, name);
  checkPrecondition(precondition, entityTag((fault ?? existingZone(context, name)).modified));
  const hosts = hostsIn(context, name);
  if (hosts.length === 0) return fault === undefined ? decideClearAbandoned(context, name) : nothing(0);
  const going = fault && name;
  const builder = new TransactionBuilder(context.views);
  const budget = new WriteBudget();
  const end = hosts.findIndex((host) => !budget.take(greatestWrite(host)));
  const some = end === -1 ? hosts : hosts.slice(0, end);
  const isHere = (owner: Fqdn) => isIn(context, name, owner);
  for (const host of some) {
    const aliases = host.aliases.filter((alias) => !isHere(alias));
    const addresses = host.addresses.map((one) =>
      isHere(reverseName(one.address)) ? { ...one, ptr: false as const } : one,
    );
    writeHost(context, builder, host, isHere(host.name) ? undefined : { ...host, aliases, addresses }, going);
  }
  return { result: hosts.length - some.length, ...builder.build() };
}

/** Result: how many names are left. */
function decideClearAbandoned(context: DecisionContext, name: Fqdn): Decision<number> {
  const { views } = context;
  const { value: zone } = existingZone(context, name);
  const builder = new TransactionBuilder(views);
  const budget = new WriteBudget();
  const released = new Set<string>();
  let left = 0;
  for (const { owner, rrsets } of views.zones.managedNames(zone.name)) {
    const abandoned = rrsets.filter((rrset) => isAbandonedRecord(context, owner, rrset));
    if (abandoned.length === 0) continue;
    const held = remainsOf(context, owner)?.addresses ?? [];
    if (left > 0 || !budget.take(1 + abandoned.length + held.length)) left += 1;
    else {
      for (const rrset of abandoned) {
        proveAbandoned(context, builder, managingHost(owner, rrset));
        builder.deleteRrset(zone, owner, rrset.type);
      }
      for (const one of held) {
        const key = addressKey(one.space, one.address);
        if (!released.has(key)) replaceHost(context, builder, one, owner);
        released.add(key);
      }
    }
  }
  return { result: left, ...builder.build() };
}

function refuseInUse(context: DecisionContext, zone: Fqdn): never {
  const names = hostsIn(context, zone).map(({ name }) => name);
  if (names.length === 0) refuseAbandoned(context, zone);
  refuse(
    'zone_in_use',
    `zone ${zone} has records of hosts: ${nameSome(names)}; delete them first, or repeat with ?force=true`,
    { zone, hosts: names.slice(0, greatestNamed) },
  );
}

/** No host that we know has a record there. */
function refuseAbandoned({ views }: DecisionContext, zone: Fqdn): never {
  const hosts = new Set<Fqdn>();
  for (const { owner, rrsets } of views.zones.managedNames(zone)) {
    for (const rrset of rrsets) if (rrset.manager === 'host') hosts.add(managingHost(owner, rrset));
  }
  const unreadable = [...hosts].filter((host) => views.faults.has(hostKey(host)));
  const gone = [...hosts].filter((host) => !unreadable.includes(host));
  const parts = [
    gone.length > 0 && `records of hosts that are not there (${nameSome(gone)}): repeat with ?force=true`,
    unreadable.length > 0 &&
      `records of hosts that cannot be read (${nameSome(unreadable)}): mend or delete '${hostKey(unreadable[0] as Fqdn)}' in the store`,
  ];
  const what = parts.filter((part) => part !== false).join('; ');
  refuse('zone_in_use', `zone ${zone} has ${what}`, { zone, hosts: [...hosts].slice(0, greatestNamed) });
}
