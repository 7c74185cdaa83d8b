// Use case: a zone is made, or its settings change. Its records stay as they are.

import { refuse } from '../errors.ts';
import { recordsOf } from '../model/host.ts';
import { type Fqdn, isWithin, parentOf } from '../model/name.ts';
import type { Zone } from '../model/zone.ts';
import { prefixes, zoneKey } from '../store/keys.ts';
import { zoneValue } from '../store/values.ts';
import type { Decision, DecisionContext } from './commit.ts';
import { checkPrecondition, entityTag, type Precondition } from './precondition.ts';
import { TransactionBuilder } from './transaction-builder.ts';

export interface ZoneChange {
  name: Fqdn;
  precondition: Precondition;
  /** From the zone as it is to what is wanted; it may be asked again with a newer one. Refuses by throwing. */
  change: (current: Zone | undefined) => Zone;
}

export function decidePutZone(
  context: DecisionContext,
  { name, precondition, change }: ZoneChange,
): Decision<{ zone: Zone; created: boolean }> {
  const current = context.views.zones.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const zone = change(current?.value);
  const builder = new TransactionBuilder(context.views);
  if (current === undefined) {
    checkHidesNothing(context, builder, name);
    builder.createZone(zone, zoneValue.encode(zone));
  } else builder.put(zoneKey(name), zoneValue.encode(zone), current.modified).touchZone(name);
  return { result: { zone, created: current === undefined }, ...builder.build() };
}

/** Refuses with `already_exists`. */
export function decideCreateZone(context: DecisionContext, zone: Zone): ReturnType<typeof decidePutZone> {
  const { name } = zone;
  if (context.views.zones.get(name) !== undefined)
    refuse('already_exists', `there is a zone ${name} already`, { zone: name });
  return decidePutZone(context, { name, precondition: {}, change: () => zone });
}

/**
 * Names of hosts (aliases and reverse names too) that a zone around the new one serves would no longer be found there. Writing the zone around it again makes those
 * decide anew who were about to put a name into it.
 */
function checkHidesNothing({ views }: DecisionContext, builder: TransactionBuilder, name: Fqdn): void {
  const parent = parentOf(name);
  const around = parent === undefined ? undefined : views.zones.enclosing(parent);
  if (around === undefined) return;
  const zone = around.value;
  builder.put(zoneKey(zone.name), zoneValue.encode(zone), around.modified).touchZone(zone.name);
  const hidden: Fqdn[] = [];
  for (const { value: host } of views.hosts.list()) {
    for (const { owner } of recordsOf(host, 0)) {
      if (isWithin(owner, name) && views.zones.enclosing(owner)?.value.name === zone.name) hidden.push(owner);
    }
  }
  builder.quiet(prefixes.hosts, views.revision);
  if (hidden.length === 0) return;
  refuse(
    'zone_conflict',
    `names of hosts in zone ${zone.name} would be hidden by ${name}: ${hidden.slice(0, 10).join(', ')}; move or delete them first`,
    {
      zone: zone.name,
      hosts: hidden.slice(0, 10),
    },
  );
}
