// Use case: PTRs of hosts that a zone has below another zone are deleted. Nobody is answered from them: they are left
// from a move into that zone, or from a deletion of that zone that has stopped before its end (return-ptrs.ts). Also
// called by housekeeping.

import type { Fqdn } from '../../model/name.ts';
import { isReverse } from '../../model/reverse-tree.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import type { Committer } from '../transaction/commit.ts';
import { commitInParts } from '../transaction/commit-in-parts.ts';
import { type Decision, type DecisionContext, noChange } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { enclosingZone, ofHosts } from './take-ptrs.ts';

const namesPerTransaction = 50;
const actor: Actor = { kind: 'system', part: 'housekeeping' };

/** Deletes the hidden PTRs of these names, if the zone that hides them still does. */
export function decideDropHidden(
  context: DecisionContext,
  { zone, owners }: { zone: Fqdn; owners: readonly Fqdn[] },
): Decision<void> {
  const { views } = context;
  const [hiding, around] = [views.zones.get(zone), enclosingZone(views, zone)?.value];
  if (hiding === undefined || around === undefined) return noChange(undefined);
  const builder = new TransactionBuilder(context).requireUnchanged(zoneKey(zone), hiding.modified);
  for (const owner of owners)
    if (ofHosts(builder.rrsetsAt(around, owner)).some(({ type }) => type === 'PTR'))
      builder.deleteRrset(around, owner, 'PTR');
  return builder.build(undefined);
}

/** Deletes the PTRs of hosts that the zone around this one has below it. */
export async function dropHiddenPtrs(committer: Committer, views: Views, zone: Fqdn): Promise<void> {
  const names = { items: [...hiddenPtrs(views, zone)], size: namesPerTransaction };
  await commitInParts(committer, actor, names, (context, owners) => decideDropHidden(context, { zone, owners }));
}

/** Yields the reverse zones that hide PTRs of hosts in the zone around them. */
export function* zonesHidingPtrs(views: Views): Generator<Fqdn> {
  for (const { value } of views.zones.list()) {
    if (!isReverse(value.name)) continue;
    for (const _ of hiddenPtrs(views, value.name)) {
      yield value.name;
      break;
    }
  }
}

/** Yields the names of PTRs of hosts that the zone around this one has at or below its name. */
export function* hiddenPtrs(views: Views, zone: Fqdn): Generator<Fqdn> {
  const around = enclosingZone(views, zone)?.value.name;
  if (views.zones.get(zone) === undefined || around === undefined) return;
  if (views.zones.counts(around).managedNames === 0) return;
  for (const owner of [zone, ...views.zones.namesBelow(around, zone)])
    if (ofHosts(views.zones.name(around, owner).rrsets).some(({ type }) => type === 'PTR')) yield owner;
}
