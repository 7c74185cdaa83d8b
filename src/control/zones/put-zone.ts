// Use case: a zone is created, or its settings are changed. A change of settings leaves the stored records unchanged.

import { isDeepStrictEqual } from 'node:util';
import { refuse, refuseField } from '../../errors.ts';
import { checkBelow, checkNameservers } from '../../model/check-name.ts';
import type { Fqdn } from '../../model/name.ts';
import { timestamp } from '../../model/timestamp.ts';
import { isKnown, known } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../store/kinds/zone.ts';
import { accessOf } from '../access/access.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import type { Decision, DecisionContext, Standing } from '../transaction/decision.ts';
import { maxWarnings, type Warning } from '../transaction/name-edits.ts';
import { standingSince, TransactionBuilder } from '../transaction/transaction-builder.ts';
import { createWithPtrs, enclosingZone, type PreparedPtrs } from './take-ptrs.ts';

interface ZoneChange {
  name: Fqdn;
  precondition: Precondition;
  /**
   * Makes the wanted zone from the current zone; `current` is undefined if there is no zone of that name. Called anew
   * for each attempt to commit the change. Refuses by throwing.
   */
  change: (current: Zone | undefined) => Zone;
}

export interface ZonePut extends Standing {
  zone: Zone;
  created: boolean;
  /** Warnings about records of the enclosing zone that the new zone hides. */
  warnings: (Warning & { zone: Fqdn })[];
}

/**
 * Creates or changes a zone. A new zone takes the PTRs of hosts from the zone around: `prepared` has them if they are
 * too many for one transaction; without it, throws `NeedsPreparation` then (new-reverse-zone.ts). Refuses with
 * `precondition_failed`, with `zone_conflict` if a new zone would hide other names of hosts, and with
 * `forwarder_conflict` if an admin has written a forwarder of its name. Refuses with `name_hidden` if, with the new
 * settings, a DNAME at the apex would hide the names of the replicas. `path`: where the request has the zone's name.
 */
export function decidePutZone(
  context: DecisionContext,
  { name, precondition, change }: ZoneChange,
  path = ':zone',
  prepared?: PreparedPtrs,
): Decision<ZonePut> {
  requireScope(context, known(name));
  const current = context.views.zones.get(name);
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkPrecondition(precondition, current && entityTag(current.modified)));
  const zone = withSince(
    builder,
    builder.refusals.need(() => change(current?.value)),
    current?.value,
  );
  builder.refusals.try(() => checkSkydns(builder, zone, current?.value));
  if (isKnown(zone)) checkStubZones(builder, zone, current?.value);
  if (current === undefined) {
    builder.refusals.try(() => createWithPtrs(builder, zone, path, prepared));
  } else {
    builder.refusals.try(() => checkApex(builder, zone, current.value), '/nameservers');
    builder.put(zoneKey(name), zoneValue.encode(zone), current.modified, zoneValue.encode(current.value));
    if (builder.writes(zoneKey(name))) builder.touchZone(name);
    if (!current.value.skydns && isKnown(zone)) builder.beginSkydns(zone);
  }
  const created = current === undefined;
  const warnings = created ? hiddenBy(context, name) : [];
  return builder.build({ zone, created, warnings, ...standingSince(builder, zoneKey(name), current) });
}

/** Returns the zone with its `skydnsSince` (test/control/skydns-histories.test.ts). */
function withSince({ now }: DecisionContext, zone: Zone, before: Zone | undefined): Zone {
  if (!isKnown(zone)) return zone;
  const { skydnsSince: _, ...settings } = zone;
  if (!isKnown(zone.skydns) || !zone.skydns || before === undefined) return settings;
  const since = before.skydns ? before.skydnsSince : timestamp(now);
  return since === undefined ? settings : { ...settings, skydnsSince: since };
}

/** Creates a zone. Refuses with `already_exists`, and as {@link decidePutZone} does. */
export function decideCreateZone(
  context: DecisionContext,
  zone: Zone,
  prepared?: PreparedPtrs,
): ReturnType<typeof decidePutZone> {
  const { name } = zone;
  requireScope(context, known(name));
  if (context.views.zones.get(name) !== undefined)
    refuse('already_exists', `there is a zone ${name} already`, { zone: name }, '/name');
  return decidePutZone(context, { name, precondition: {}, change: () => zone }, '/name', prepared);
}

/**
 * Refuses with `forbidden` a zone beyond the scope, and a new zone inside such a zone, from which it would take names.
 */
function requireScope(context: DecisionContext, name: Fqdn): void {
  const access = accessOf(context);
  access.needZone(name);
  access.needNoOwner('zones');
  if (context.views.zones.get(name) !== undefined) return;
  const around = enclosingZone(context.views, name)?.value.name;
  if (around !== undefined && !access.hasZone(around)) access.refuseInside(name);
}

/**
 * Refuses settings without nameservers if a DNAME at the apex would hide the names of the replicas, and does not hide
 * them now. If there is a DNAME, the compare of the serial proves that nobody deletes the NS records at the apex before
 * the commit.
 */
function checkApex(builder: TransactionBuilder, zone: Zone, before: Zone): void {
  if (zone.nameservers.length > 0) return;
  const { views } = builder;
  const { rrsets } = views.zones.name(zone.name, zone.name);
  if (rrsets.some(({ type }) => type === 'DNAME'))
    builder.requireUnchanged(serialKey(zone.name), views.zones.changedAt(zone.name));
  const finding = checkNameservers(zone, rrsets);
  if (finding !== undefined && checkNameservers(before, rrsets) === undefined) refuse(finding.code, finding.message);
}

/** Refuses `skydns` on a store that CoreDNS cannot read. A zone that was restored with `skydns` keeps it. */
function checkSkydns({ views }: TransactionBuilder, zone: Zone, before: Zone | undefined): void {
  if (!known(zone.skydns) || before?.skydns === true || views.skydns.prefix !== undefined) return;
  refuseField(
    'skydns_unavailable',
    '/skydns',
    'the SkyDNS layout is for CoreDNS, which reads etcd: this service has the embedded store; start its replicas with --store etcd, or leave skydns out',
  );
}

/**
 * If the settings of stub zones change, refuses with `forbidden` an actor that may not manage forwarders. Refuses to
 * switch on stub zones in a zone without `skydns`. A zone whose `skydns` is switched off keeps the setting, without an
 * effect.
 */
function checkStubZones(builder: TransactionBuilder, zone: Zone, before: Zone | undefined): void {
  const changes = (['stubZones', 'stubZonesAllowFrom'] as const).some(
    (field) => !isDeepStrictEqual(zone[field], before?.[field]),
  );
  if (changes) accessOf(builder).needAdmin('forwarding stub zones');
  const isNew = zone.stubZones === true && before?.stubZones !== true;
  if (!isNew || !isKnown(zone.skydns) || zone.skydns) return;
  builder.refusals.try(() =>
    refuseField(
      'invalid_request',
      '/stubZones',
      'stub zones are in the SkyDNS layout of a zone: set "skydns" to true too',
    ),
  );
}

/** Returns warnings about the records of the enclosing zone that a new zone hides. */
function hiddenBy({ views }: DecisionContext, name: Fqdn): ZonePut['warnings'] {
  const enclosing = enclosingZone(views, name)?.value.name;
  if (enclosing === undefined) return [];
  const nameservers = views.zones.name(enclosing, name).rrsets.find(({ type }) => type === 'NS')?.records ?? [];
  const warnings: ZonePut['warnings'] = [];
  for (const owner of [name, ...views.zones.namesBelow(enclosing, name)]) {
    // Another served zone already hides this name.
    if (views.zones.zoneBelow(enclosing, owner) !== undefined) continue;
    for (const finding of checkBelow(owner, views.zones.name(enclosing, owner).rrsets, { name, nameservers })) {
      if (warnings.length === maxWarnings) return warnings;
      warnings.push({ ...finding, zone: enclosing });
    }
  }
  return warnings;
}
