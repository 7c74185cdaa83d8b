// Use case: a zone goes with all its records; hosts that have records in it only by force.

import { refuse } from '../errors.ts';
import { reverseName } from '../model/address.ts';
import { type Host, recordsOf } from '../model/host.ts';
import { type Fqdn, isWithin } from '../model/name.ts';
import { serialKey, zoneKey, zoneNamesPrefix } from '../store/keys.ts';
import type { Decision, DecisionContext } from './commit.ts';
import { existingZone } from './existing.ts';
import { greatestNamed, nameSome } from './name-some.ts';
import { checkPrecondition, entityTag, type Precondition } from './precondition.ts';
import { TransactionBuilder } from './transaction-builder.ts';
import { greatestWrite, WriteBudget } from './write-budget.ts';
import { writeHost } from './write-host.ts';

/** Refuses with `zone_in_use` when hosts have records in the zone. */
export function decideDeleteZone(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<void> {
  const { zones } = context.views;
  const current = existingZone(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  if (zones.counts(name).managedNames > 0) refuseInUse(name, hostsIn(context, name));
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
  if (context.views.zones.get(name) === undefined) return { result: undefined, compares: [], operations: [] };
  return decideDeleteZone(context, name, precondition);
}

/** The hosts that have a record in the zone. */
function hostsIn({ views }: DecisionContext, zone: Fqdn): Host[] {
  const isHere = (owner: Fqdn) => isWithin(owner, zone) && views.zones.enclosing(owner)?.value.name === zone;
  return [...views.hosts.list()]
    .map(({ value }) => value)
    .filter((host) => recordsOf(host, 0).some(({ owner }) => isHere(owner)));
}

/** Takes some hosts out of the zone: those named in it go, others lose the aliases and the PTRs that they have there. Result: how many are left. */
export function decideClearZone(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<number> {
  const current = existingZone(context, name);
  checkPrecondition(precondition, entityTag(current.modified));
  const hosts = hostsIn(context, name);
  const builder = new TransactionBuilder(context.views);
  const budget = new WriteBudget();
  const end = hosts.findIndex((host) => !budget.take(greatestWrite(host)));
  const some = end === -1 ? hosts : hosts.slice(0, end);
  const isHere = (owner: Fqdn) => context.views.zones.enclosing(owner)?.value.name === name;
  for (const host of some) {
    const aliases = host.aliases.filter((alias) => !isHere(alias));
    const addresses = host.addresses.map((one) =>
      isHere(reverseName(one.address)) ? { ...one, ptr: false as const } : one,
    );
    writeHost(context, builder, host, isHere(host.name) ? undefined : { ...host, aliases, addresses });
  }
  return { result: hosts.length - some.length, ...builder.build() };
}

function refuseInUse(zone: Fqdn, hosts: readonly Host[]): never {
  const names = hosts.map(({ name }) => name);
  refuse(
    'zone_in_use',
    `zone ${zone} has records of hosts: ${nameSome(names)}; delete them first, or repeat with ?force=true`,
    { zone, hosts: names.slice(0, greatestNamed) },
  );
}
