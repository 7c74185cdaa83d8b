// A new zone takes the PTRs of hosts from the zone around it. If they fit, in the transaction that creates the zone. If
// not, they are first written into a pending generation of the new zone (new-reverse-zone.ts).

import { joinFirst, maxNamed, refuse } from '../../errors.ts';
import { type Fqdn, isWithin, parentOf } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../store/kinds/zone.ts';
import type { Versioned } from '../../views/versioned.ts';
import type { Views } from '../../views/views.ts';
import { NeedsPreparation } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import type { ImportLock } from '../zone-file/import-lock.ts';
import { nameOperation } from '../zone-file/write-generation.ts';

/** The limit for names that the transaction which creates the zone writes into the pending generation. */
const maxCarried = 50;

/** The PTRs of the new zone, written into a pending generation. */
export interface PreparedPtrs {
  lock: ImportLock;
  /** The zone around, with the generation from which the PTRs were copied. */
  around: Pick<Zone, 'name' | 'generation'>;
  /** The names of that zone that have changed since. */
  changed: ReadonlySet<Fqdn>;
}

/** Returns the zone that encloses the name, and is not the zone of that name itself. */
export function enclosingZone({ zones }: Views, name: Fqdn): Versioned<Zone> | undefined {
  const parent = parentOf(name);
  return parent === undefined ? undefined : zones.enclosing(parent);
}

/** Returns the RRsets of hosts among these. */
export function ofHosts(rrsets: readonly Rrset[]): Rrset[] {
  return rrsets.filter(({ manager }) => manager === 'host');
}

/** Yields the names with RRsets of hosts that `around` has at or below `apex`, and that no zone inside it hides. */
export function* managedInside(
  { zones }: Views,
  around: Fqdn,
  apex: Fqdn,
): Generator<{ owner: Fqdn; rrsets: Rrset[] }> {
  if (zones.counts(around).managedNames === 0) return;
  for (const owner of [apex, ...zones.namesBelow(around, apex)]) {
    if (zones.zoneBelow(around, owner) !== undefined) continue;
    const rrsets = ofHosts(zones.name(around, owner).rrsets);
    if (rrsets.length > 0) yield { owner, rrsets };
  }
}

/**
 * Creates the zone with the PTRs of hosts that the enclosing zone has at its names. Refuses with `zone_conflict` if
 * other records of hosts are there, and as {@link TransactionBuilder.createZone} does. Throws {@link NeedsPreparation}
 * if the PTRs do not fit into the transaction, and `prepared` does not have them. The compare of the enclosing zone's
 * serial proves that no host was written there meanwhile. Writes the unchanged enclosing zone again: a request that is
 * about to add a name to that zone then loses the race and decides again.
 */
export function createWithPtrs(builder: TransactionBuilder, zone: Zone, path: string, prepared?: PreparedPtrs): void {
  const { refusals, views } = builder;
  const created = prepared === undefined ? zone : { ...zone, generation: prepared.lock.generation };
  refusals.try(() => builder.createZone(created), path);
  const around = enclosingZone(views, zone.name);
  if (around === undefined) return;
  const { name } = around.value;
  builder.put(zoneKey(name), zoneValue.encode(around.value), around.modified).touchZone(name);
  builder.requireUnchanged(serialKey(name), views.zones.changedAt(name));
  const take = () => {
    if (prepared === undefined) takePtrs(builder, around.value, zone);
    else carryPtrs(builder, around.value, zone, prepared);
  };
  refusals.try(take, path);
}

function takePtrs(builder: TransactionBuilder, around: Zone, zone: Zone): void {
  const hidden: Fqdn[] = [];
  const ptrs: { owner: Fqdn; rrset: Rrset }[] = [];
  for (const { owner, rrsets } of managedInside(builder.views, around.name, zone.name)) {
    if (isOnlyPtr(rrsets)) ptrs.push({ owner, rrset: rrsets[0] });
    else hidden.push(owner);
  }
  if (hidden.length > 0) refuseHidden(around.name, zone.name, hidden);
  for (const { owner, rrset } of ptrs) {
    if (!builder.hasRoom(2)) throw new NeedsPreparation();
    // The deletion comes first: both names have the same keys in the SkyDNS layout, and the last change of a key
    // counts.
    builder.deleteRrset(around, owner, 'PTR').putRrset(zone, owner, rrset);
  }
}

/** Carries over the PTRs that have changed since the pending generation was written. */
function carryPtrs(builder: TransactionBuilder, around: Zone, zone: Zone, prepared: PreparedPtrs): void {
  const { lock, changed } = prepared;
  if (around.name !== prepared.around.name || around.generation !== prepared.around.generation)
    refuse('contended', `the zone ${around.name} was replaced meanwhile; nothing was changed: try again`);
  const owners = [...changed].filter((owner) => isWithin(owner, zone.name));
  if (owners.length > maxCarried) throw new NeedsPreparation();
  builder.require(lock.compare);
  for (const owner of owners) builder.addUnchecked(carriedPtr(builder.views, around.name, zone.name, lock, owner));
}

/** Returns the operation that writes a name of the zone around into the pending generation. */
export function carriedPtr({ zones }: Views, around: Fqdn, zone: Fqdn, lock: ImportLock, owner: Fqdn) {
  const isHidden = zones.zoneBelow(around, owner) !== undefined;
  const rrsets = isHidden ? [] : ofHosts(zones.name(around, owner).rrsets);
  if (rrsets.length > 0 && !isOnlyPtr(rrsets)) refuseHidden(around, zone, [owner]);
  return nameOperation(zone, lock.generation, owner, rrsets);
}

export function isOnlyPtr(rrsets: readonly Rrset[]): rrsets is [Rrset] {
  return rrsets.length === 1 && rrsets[0]?.type === 'PTR';
}

/** Refuses a new zone that would hide records of hosts that are not PTRs. */
export function refuseHidden(around: Fqdn, name: Fqdn, hidden: readonly Fqdn[]): never {
  refuse(
    'zone_conflict',
    `names of hosts in zone ${around} would be hidden by ${name}: ${joinFirst([...hidden])}; move or delete them first`,
    { zone: around, hosts: hidden.slice(0, maxNamed) },
  );
}
