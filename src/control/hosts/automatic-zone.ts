// Automatic reverse zones: created with the first address that needs one, deleted with their last name.

import type { Fqdn } from '../../model/name.ts';
import { type Zone, zoneDefaults } from '../../model/zone.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

export function reverseZoneSettings(name: Fqdn): Zone {
  return { name, ...zoneDefaults, automatic: true };
}

/**
 * Deletes the automatic zone of a name if the transaction deletes the zone's last name and has room for more; otherwise
 * housekeeping does it. The compare of the serial proves that no name was added since the views were read: each
 * addition writes the serial.
 */
export function removeEmptyZone(builder: TransactionBuilder, owner: Fqdn): void {
  const { views } = builder;
  const zone = views.zones.enclosing(owner);
  if (zone === undefined || !zone.value.automatic) return;
  const { name } = zone.value;
  const left = views.zones.counts(name).names + builder.namesAdded(zone.value);
  if (left !== 0 || !builder.hasRoom(2)) return;
  builder.delete(zoneKey(name), zone.modified).delete(serialKey(name), views.zones.serial(name)).endImport(name);
}

/**
 * Deletes a zone that {@link removeEmptyZone} left: it had no room, or the last two names were deleted at once. For
 * housekeeping.
 */
export function decideRemoveEmptyZone(context: DecisionContext, zone: Fqdn): Decision<void> {
  const builder = new TransactionBuilder(context);
  removeEmptyZone(builder, zone);
  return builder.build(undefined);
}
