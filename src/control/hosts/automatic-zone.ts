// Reverse zones that come with the first address that needs one, and go with their last name.

import type { Fqdn } from '../../model/name.ts';
import { type Zone, zoneDefaults } from '../../model/zone.ts';
import { serialKey, zoneKey } from '../../store/keys.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';

export function reverseZoneSettings(name: Fqdn): Zone {
  return { name, ...zoneDefaults, automatic: true };
}

/**
 * Removes the automatic zone around a name when the transaction takes the last name out of it, and has room for that: housekeeping does it otherwise. The
 * serial's compare proves that no name came or went since the view was read: each one writes it.
 */
export function removeEmptyZone({ views }: DecisionContext, builder: TransactionBuilder, owner: Fqdn): void {
  const zone = views.zones.enclosing(owner);
  if (zone === undefined || !zone.value.automatic) return;
  const { name } = zone.value;
  const left = views.zones.counts(name).names + builder.namesAdded(zone.value);
  if (left !== 0 || !builder.hasRoom(2)) return;
  builder.delete(zoneKey(name), zone.modified).delete(serialKey(name), views.zones.serial(name)).endImport(name);
}

/** What {@link removeEmptyZone} had no room for, or could not see, because two last names went at once: run from time to time by housekeeping. */
export function decideRemoveEmptyZone(context: DecisionContext, zone: Fqdn): Decision<void> {
  const builder = new TransactionBuilder(context.views);
  removeEmptyZone(context, builder, zone);
  return { result: undefined, ...builder.build() };
}
