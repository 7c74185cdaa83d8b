// Use cases: a forwarder is added, changed or deleted.

import { refuse } from '../../errors.ts';
import type { Forwarder, ForwarderTarget } from '../../model/forwarder.ts';
import type { Fqdn } from '../../model/name.ts';
import { known } from '../../model/unknown.ts';
import { forwarderKey, forwarderValue } from '../../store/kinds/forwarder.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Views } from '../../views/views.ts';
import { checkPrecondition, entityTag, type Precondition } from '../input/precondition.ts';
import { findForwarderLoop, type IsListener } from '../reading/find-forwarder-loop.ts';
import { zonePath } from '../reading/resource-path.ts';
import type { Decision, DecisionContext, Standing } from '../transaction/decision.ts';
import { standingSince, TransactionBuilder } from '../transaction/transaction-builder.ts';
import { existingForwarder, needForwarders } from './existing-forwarder.ts';

interface ForwarderPut extends Standing {
  forwarder: Forwarder;
  created: boolean;
}

/**
 * Adds or replaces a forwarder. Refuses with `precondition_failed` or `forbidden`, with `forwarder_conflict` if there
 * is a zone of that name, with `managed_record` if the present forwarder follows a stub zone, and with `forwarder_loop`
 * if a target is a replica of this service. `isListener` returns whether a target is this replica itself.
 */
export function decidePutForwarder(
  context: DecisionContext,
  forwarder: Forwarder,
  precondition: Precondition,
  isListener: IsListener = () => false,
): Decision<ForwarderPut> {
  needForwarders(context);
  const zone = known(forwarder.zone);
  const key = forwarderKey(zone);
  const current = context.views.forwarders.get(zone);
  const builder = new TransactionBuilder(context);
  const { refusals } = builder;
  refusals.try(() => checkPrecondition(precondition, current && entityTag(current.modified)));
  refusals.try(() => checkIsUnmanaged(current?.value), ':zone');
  refusals.try(() => checkIsNoZone(context.views, zone), ':zone');
  for (const [index, target] of known(forwarder.targets).entries())
    refusals.try(() => checkIsNoReplica(context.views, target, isListener), `/targets/${index}`);
  const standing = current && forwarderValue.encode(current.value);
  builder.requireAbsent(zoneKey(zone)).put(key, forwarderValue.encode(forwarder), current?.modified, standing);
  return builder.build({ forwarder, created: current === undefined, ...standingSince(builder, key, current) });
}

/** Refuses if there is a zone of this name: a name cannot belong to a zone and to a forwarder. */
function checkIsNoZone({ zones }: Views, zone: Fqdn): void {
  if (zones.get(zone) === undefined) return;
  refuse('forwarder_conflict', `there is a zone ${zone} here: delete it first, or forward another zone`, { zone });
}

function checkIsNoReplica(views: Views, target: ForwarderTarget, isListener: IsListener): void {
  const loop = findForwarderLoop(views, target, isListener);
  if (loop !== undefined)
    refuse('forwarder_loop', loop.message, loop.replica === undefined ? undefined : { replica: loop.replica });
}

/** Refuses with `managed_record` a forwarder that follows a stub zone: the leader would write it again. */
function checkIsUnmanaged(current: Forwarder | undefined): void {
  if (current?.stubZoneOf === undefined) return;
  const { zone, stubZoneOf } = current;
  const wayOut = `delete or change its keys there (GET ${zonePath(stubZoneOf)}/skydns lists them), or set "stubZones" of that zone to false`;
  const message = `the forwarder ${zone} follows a stub zone that others have in the SkyDNS layout of ${stubZoneOf}: ${wayOut}`;
  refuse('managed_record', message, { zone, managedBy: 'skydns' });
}

/** Deletes a forwarder. Refuses with `not_found`, `precondition_failed`, `managed_record` or `forbidden`. */
export function decideDeleteForwarder(
  context: DecisionContext,
  zone: Fqdn,
  precondition: Precondition,
): Decision<void> {
  needForwarders(context);
  const { value, modified } = existingForwarder(context, known(zone));
  const builder = new TransactionBuilder(context);
  builder.refusals.try(() => checkIsUnmanaged(value), ':zone');
  builder.refusals.try(() => checkPrecondition(precondition, entityTag(modified)));
  return builder.deleteForwarder(zone, modified).build(undefined);
}
