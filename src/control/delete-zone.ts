// Use case: a zone goes with all its records; hosts that have records in it only by force.

import { refuse } from '../errors.ts';
import { type Host, recordsOf } from '../model/host.ts';
import { type Fqdn, isWithin } from '../model/name.ts';
import { serialKey, zoneKey, zoneNamesPrefix } from '../store/keys.ts';
import { maxOperations } from '../store/store.ts';
import type { Decision, DecisionContext } from './commit.ts';
import { checkPrecondition, entityTag, type Precondition } from './precondition.ts';
import { TransactionBuilder } from './transaction-builder.ts';
import { writeHost } from './write-host.ts';

const shown = 10;

/** Refuses with `zone_in_use` when hosts have records in the zone. */
export function decideDeleteZone(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<void> {
  const { zones } = context.views;
  const current = zones.get(name) ?? refuse('not_found', `there is no zone ${name}`, { zone: name });
  checkPrecondition(precondition, entityTag(current.modified));
  if (zones.counts(name).managedNames > 0) refuseInUse(name, hostsIn(context, name));
  const builder = new TransactionBuilder(context.views);
  builder.delete(zoneKey(name), current.modified).deletePrefix(zoneNamesPrefix(name));
  // The serial is written with every change of the zone: no name came since the view was read.
  builder.delete(serialKey(name), zones.serial(name));
  return { result: undefined, ...builder.build() };
}

/** The hosts that have a record in the zone. */
export function hostsIn({ views }: DecisionContext, zone: Fqdn): Host[] {
  const isHere = (owner: Fqdn) => isWithin(owner, zone) && views.zones.enclosing(owner)?.value.name === zone;
  return [...views.hosts.list()]
    .map(({ value }) => value)
    .filter((host) => recordsOf(host, 0).some(({ owner }) => isHere(owner)));
}

/** Takes some hosts out of the zone: those named in it go, others lose their aliases or PTR there. Result: how many are left. */
export function decideClearZone(context: DecisionContext, name: Fqdn, precondition: Precondition): Decision<number> {
  const current = context.views.zones.get(name) ?? refuse('not_found', `there is no zone ${name}`, { zone: name });
  checkPrecondition(precondition, entityTag(current.modified));
  const hosts = hostsIn(context, name);
  const builder = new TransactionBuilder(context.views);
  const some = hosts.slice(0, Math.floor(maxOperations / 16));
  const isHere = (owner: Fqdn) => context.views.zones.enclosing(owner)?.value.name === name;
  for (const host of some) {
    const aliases = host.aliases.filter((alias) => !isHere(alias));
    const losesPtr = aliases.length === host.aliases.length;
    writeHost(context, builder, host, isHere(host.name) ? undefined : { ...host, aliases, ptr: host.ptr && !losesPtr });
  }
  return { result: hosts.length - some.length, ...builder.build() };
}

function refuseInUse(zone: Fqdn, hosts: readonly Host[]): never {
  const names = hosts.slice(0, shown).map((host) => host.name);
  const more = hosts.length > shown ? ` and ${hosts.length - shown} more` : '';
  refuse(
    'zone_in_use',
    `zone ${zone} has records of hosts: ${names.join(', ')}${more}; delete them first, or repeat with ?force=true`,
    {
      zone,
      hosts: names,
    },
  );
}
