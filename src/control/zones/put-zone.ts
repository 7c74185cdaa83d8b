// Use case: a zone is made, or its settings change. Its records stay as they are.

import { refuse } from '../../errors.ts';
import { checkBelow, checkNameservers } from '../../model/check-name.ts';
import { recordsOf } from '../../model/host.ts';
import { type Fqdn, isWithin, parentOf } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { prefixes, serialKey, zoneKey } from '../../store/keys.ts';
import { zoneValue } from '../../store/values.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { greatestNamed, nameSome } from '../transaction/name-some.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { greatestWarnings, type Warning } from '../transaction/warning.ts';

export interface ZoneChange {
  name: Fqdn;
  precondition: Precondition;
  /** From the zone as it is to what is wanted; it may be asked again with a newer one. Refuses by throwing. */
  change: (current: Zone | undefined) => Zone;
}

export interface ZonePut {
  zone: Zone;
  created: boolean;
  /** Records of the zone around it that are not served any more. */
  warnings: (Warning & { zone: Fqdn })[];
}

export function decidePutZone(context: DecisionContext, { name, precondition, change }: ZoneChange): Decision<ZonePut> {
  const current = context.views.zones.get(name);
  checkPrecondition(precondition, current && entityTag(current.modified));
  const zone = change(current?.value);
  const builder = new TransactionBuilder(context.views);
  if (current === undefined) {
    checkHidesNothing(context, builder, name);
    builder.createZone(zone);
  } else {
    builder.put(zoneKey(name), zoneValue.encode(zone), current.modified).touchZone(name);
    checkApex(context, builder, zone, current.value);
  }
  const created = current === undefined;
  return { result: { zone, created, warnings: created ? hiddenBy(context, name) : [] }, ...builder.build() };
}

/** Refuses with `already_exists`. */
export function decideCreateZone(context: DecisionContext, zone: Zone): ReturnType<typeof decidePutZone> {
  const { name } = zone;
  if (context.views.zones.get(name) !== undefined)
    refuse('already_exists', `there is a zone ${name} already`, { zone: name });
  return decidePutZone(context, { name, precondition: {}, change: () => zone });
}

/** The serial's compare says that nobody takes the apex's NS records away meanwhile. */
function checkApex({ views }: DecisionContext, builder: TransactionBuilder, zone: Zone, before: Zone): void {
  if (zone.nameservers.length > 0) return;
  const { rrsets } = views.zones.name(zone.name, zone.name);
  if (rrsets.some(({ type }) => type === 'DNAME'))
    builder.unchanged(serialKey(zone.name), views.zones.serial(zone.name));
  const finding = checkNameservers(zone, rrsets);
  if (finding !== undefined && checkNameservers(before, rrsets) === undefined) refuse(finding.code, finding.message);
}

function hiddenBy({ views }: DecisionContext, name: Fqdn): ZonePut['warnings'] {
  const around = enclosingAbove(views, name)?.value.name;
  if (around === undefined) return [];
  const nameservers = views.zones.name(around, name).rrsets.find(({ type }) => type === 'NS')?.records ?? [];
  const warnings: ZonePut['warnings'] = [];
  for (const owner of [name, ...views.zones.namesBelow(around, name)]) {
    // What another zone below hid already is not hidden by this one.
    if (views.zones.zoneBelow(around, owner) !== undefined) continue;
    for (const finding of checkBelow(owner, views.zones.name(around, owner).rrsets, { name, nameservers })) {
      if (warnings.length === greatestWarnings) return warnings;
      warnings.push({ ...finding, zone: around });
    }
  }
  return warnings;
}

function enclosingAbove({ zones }: Views, name: Fqdn): Versioned<Zone> | undefined {
  const parent = parentOf(name);
  return parent === undefined ? undefined : zones.enclosing(parent);
}

/**
 * Names of hosts (aliases and reverse names too) that a zone around the new one serves would no longer be found there. Writing the zone around it again makes those
 * decide anew who were about to put a name into it.
 */
function checkHidesNothing({ views }: DecisionContext, builder: TransactionBuilder, name: Fqdn): void {
  const around = enclosingAbove(views, name);
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
    `names of hosts in zone ${zone.name} would be hidden by ${name}: ${nameSome(hidden)}; move or delete them first`,
    { zone: zone.name, hosts: hidden.slice(0, greatestNamed) },
  );
}
