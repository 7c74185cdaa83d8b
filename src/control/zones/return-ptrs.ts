// The PTRs of hosts in a zone that is deleted go back into the zone around it. If there is none, an automatic zone
// takes them, provided that it is above the deleted zone. If they fit, in the transaction that deletes the zone. If
// not, they are first written into the zone around, where the zone that is about to be deleted hides them.

import { isDeepStrictEqual } from 'node:util';
import { refuse } from '../../errors.ts';
import { automaticZoneOf } from '../../model/address.ts';
import { cutsAt, namesAbove } from '../../model/check-name.ts';
import type { Logger } from '../../model/logger.ts';
import type { Fqdn } from '../../model/name.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import type { Rrset } from '../../model/rrset.ts';
import { isKnown } from '../../model/unknown.ts';
import type { Zone } from '../../model/zone.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { tryAlignPtrs } from '../hosts/align-ptrs.ts';
import { reverseZoneSettings } from '../hosts/automatic-zone.ts';
import { isOrphanedRecord } from '../hosts/orphans.ts';
import type { Committer } from '../transaction/commit.ts';
import { commitInParts } from '../transaction/commit-in-parts.ts';
import { type Decision, type DecisionContext, NeedsPreparation, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { hiddenPtrs } from './hidden-ptrs.ts';
import { enclosingZone, isOnlyPtr, ofHosts } from './take-ptrs.ts';

/** Each name may need keys of the SkyDNS layout, too. */
const namesPerTransaction = 30;
/** The limit for attempts to delete the zone: hosts may write more PTRs into it between them. */
const maxPasses = 20;

/** The zone that takes the PTRs of a deleted zone: one that exists, or an automatic zone that does not exist yet. */
function zoneBack({ views }: DecisionContext, zone: Zone): Zone | undefined {
  if (!isReverse(zone.name)) return undefined;
  const around = enclosingZone(views, zone.name)?.value;
  if (around !== undefined) return isReverse(around.name) ? around : undefined;
  const automatic = automaticZoneOf(zone.name);
  return automatic === undefined || automatic === zone.name ? undefined : reverseZoneSettings(automatic, zone.skydns);
}

/**
 * Returns why the records of hosts at this name cannot go back; undefined if they can. `not a PTR`: there are others
 * than PTRs, or no zone can take them.
 */
export function obstacleToReturn(context: DecisionContext, zone: Zone, owner: Fqdn): string | undefined {
  const { views } = context;
  const managed = ofHosts(views.zones.name(zone.name, owner).rrsets);
  const back = zoneBack(context, zone);
  if (back === undefined || !isOnlyPtr(managed) || isOrphanedRecord(context, owner, managed[0])) return 'not a PTR';
  if (views.zones.get(back.name) === undefined) return undefined;
  for (const above of [owner, ...namesAbove(back.name, owner)]) {
    const [cut] = cutsAt(back.name, above, views.zones.name(back.name, above).rrsets);
    if (cut !== undefined) return `the ${cut.type} of ${cut.owner} in zone ${back.name} would hide the PTR of ${owner}`;
  }
  const other = views.zones
    .name(back.name, owner)
    .rrsets.find(({ type, manager }) => type === 'CNAME' || (type === 'PTR' && manager !== 'host'));
  return other && `zone ${back.name} has a ${other.type} of its own at ${owner}`;
}

/**
 * Writes the PTRs of hosts in the zone into the zone that takes them. Refuses with `zone_in_use` if one cannot go
 * there. Returns false, without any change, if other records of hosts are in the zone. Throws {@link NeedsPreparation}
 * if the PTRs do not fit into the transaction. The compares of the other zone prove that it is still the one around,
 * and that PTRs which are there already stay.
 */
export function returnPtrs(builder: TransactionBuilder, zone: Zone): boolean {
  const { views } = builder;
  const back = zoneBack(builder, zone);
  if (back === undefined) return false;
  const ptrs: { owner: Fqdn; rrset: Rrset }[] = [];
  let obstacle: string | undefined;
  let moved = 0;
  for (const { owner, rrsets } of views.zones.managedNames(zone.name)) {
    const found = obstacleToReturn(builder, zone, owner);
    if (found === 'not a PTR') return false;
    obstacle ??= found;
    ptrs.push({ owner, rrset: ofHosts(rrsets)[0] as Rrset });
    // A name with records of users besides its PTR is counted among the deleted (test/control/moved-ptrs.test.ts).
    moved += Number(rrsets.length === 1);
  }
  if (obstacle !== undefined) {
    const wayOut = 'delete that first, or repeat with ?force=true, which deletes the PTR';
    refuse('zone_in_use', `the PTRs of hosts cannot go back: ${obstacle}; ${wayOut}`, { zone: zone.name });
  }
  const current = views.zones.get(back.name);
  if (current !== undefined) {
    builder.requireUnchanged(zoneKey(back.name), current.modified);
    builder.requireUnchanged(serialKey(back.name), views.zones.changedAt(back.name));
    // The other zone answers for these names from now on, even if it has the PTRs already.
    if (ptrs.length > 0) builder.touchZone(back.name);
  }
  for (const { owner, rrset } of ptrs) if (!putBack(builder, back, owner, rrset)) throw new NeedsPreparation();
  for (const owner of hiddenPtrs(views, zone.name))
    if (!hasPtr(views, zone, owner) && !putBack(builder, back, owner, undefined)) throw new NeedsPreparation();
  builder.noteMoved(zone.name, moved);
  return true;
}

function hasPtr({ zones }: Views, zone: Zone, owner: Fqdn): boolean {
  return ofHosts(zones.name(zone.name, owner).rrsets).length > 0;
}

/**
 * Writes one PTR, if it is not there yet. Without `rrset`, deletes a PTR that the host no longer has. Returns false if
 * the transaction has no room for it.
 */
function putBack(builder: TransactionBuilder, back: Zone, owner: Fqdn, rrset: Rrset | undefined): boolean {
  const [stands] = ofHosts(builder.views.zones.name(back.name, owner).rrsets);
  if (isDeepStrictEqual(stands?.records, rrset?.records)) return true;
  if (!builder.hasRoom(5)) return false;
  if (rrset === undefined) {
    builder.deleteRrset(back, owner, 'PTR');
    return true;
  }
  const isNew = builder.views.zones.get(back.name) === undefined && builder.createdZone(back.name) === undefined;
  if (isNew) builder.createZone(back);
  builder.putRrset(builder.createdZone(back.name) ?? back, owner, rrset);
  return true;
}

/** Writes the PTRs at these names into the zone that will take them. Leaves out names that cannot go there. */
export function decideCopyBack(
  context: DecisionContext,
  { zone: name, owners }: { zone: Fqdn; owners: readonly Fqdn[] },
): Decision<void> {
  const zone = context.views.zones.get(name);
  const back = zone && zoneBack(context, zone.value);
  if (zone === undefined || back === undefined) return noChange(undefined);
  const builder = new TransactionBuilder(context).requireUnchanged(zoneKey(name), zone.modified);
  for (const owner of owners) {
    const [rrset] = ofHosts(context.views.zones.name(name, owner).rrsets);
    if (rrset === undefined || obstacleToReturn(context, zone.value, owner) === undefined)
      putBack(builder, back, owner, rrset);
  }
  return builder.build(undefined);
}

/** Deletes a zone as {@link deletePrepared} does. Then the PTRs of hosts move back that CNAMEs in it led elsewhere. */
export async function deleteReturning<T>(
  places: { committer: Committer; views: Views; logger: Logger },
  actor: Actor,
  zone: Fqdn,
  commit: () => Promise<T>,
): Promise<T> {
  const owners = isKnown(zone) && isReverse(zone) ? places.views.zones.aliasOwners(zone) : [];
  const result = await deletePrepared(places, actor, zone, commit);
  await tryAlignPtrs(places, zone, owners, 'moving PTRs from a deleted zone failed');
  return result;
}

/**
 * Calls `commit`, which deletes the zone. While it throws {@link NeedsPreparation}, copies PTRs back and calls it
 * again.
 */
async function deletePrepared<T>(
  { committer, views }: { committer: Committer; views: Views },
  actor: Actor,
  zone: Fqdn,
  commit: () => Promise<T>,
): Promise<T> {
  for (let passes = 1; ; passes += 1) {
    try {
      return await commit();
    } catch (error) {
      if (!(error instanceof NeedsPreparation)) throw error;
    }
    if (passes > maxPasses) refuse('contended', `hosts are written into zone ${zone} too often: try again later`);
    const items = [...views.zones.managedNames(zone)].map(({ owner }) => owner).concat(...hiddenPtrs(views, zone));
    await commitInParts(committer, actor, { items, size: namesPerTransaction }, (context, owners) =>
      decideCopyBack(context, { zone, owners }),
    );
  }
}
