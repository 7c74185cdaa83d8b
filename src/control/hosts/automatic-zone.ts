// Automatic reverse zones: created with the first PTR that needs the zone, and deleted with the last name of the zone.

import type { Fqdn } from '../../model/name.ts';
import { type Zone, zoneDefaults } from '../../model/zone.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

/** Returns the settings of a new automatic zone. `skydns`: as in the zone of the host whose PTR needs the new zone. */
export function reverseZoneSettings(name: Fqdn, skydns = false): Zone {
  return { name, ...zoneDefaults, skydns, automatic: true };
}

/**
 * Deletes the zone that contains a name, if the zone is automatic and has no names after this transaction. If the
 * transaction has no room for these deletions, housekeeping deletes the zone later. Every change of the zone writes its
 * serial, so the compare of the serial proves that no name was added since the views were read
 * (test/control/races.test.ts).
 */
export function removeEmptyZone(builder: TransactionBuilder, owner: Fqdn): void {
  const { views } = builder;
  const zone = views.zones.enclosing(owner);
  if (zone === undefined || !zone.value.automatic) return;
  const { name } = zone.value;
  const left = views.zones.counts(name).names + builder.namesAdded(zone.value);
  if (left !== 0 || !builder.hasRoom(2)) return;
  builder.delete(zoneKey(name), zone.modified).delete(serialKey(name), views.zones.changedAt(name)).endImport(name);
}

/**
 * Deletes an empty zone that {@link removeEmptyZone} left: the transaction had no room, or two decisions in one
 * transaction each deleted one of the last two names. Housekeeping calls this.
 */
export function decideRemoveEmptyZone(context: DecisionContext, zone: Fqdn): Decision<void> {
  const builder = new TransactionBuilder(context);
  removeEmptyZone(builder, zone);
  return builder.build(undefined);
}
