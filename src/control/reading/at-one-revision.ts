// Finds a revision at which the store and the views hold the same zone. For work that reads the zone's names from the
// store, page by page, and the rest from the views.

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { untilReached } from './until-reached.ts';

/**
 * Calls `take` with a revision at which the store holds the zone as the views do at that moment; `take` reads the views
 * at once. The views' own revision would not do: where others write to the same etcd it lags behind, and may be
 * compacted.
 */
export async function atOneRevision<T>(
  { store, views }: { store: Store; views: Views },
  zone: Fqdn,
  take: (revision: Revision) => T,
): Promise<T> {
  if (views.obstacle !== undefined) refuse('store_unavailable', views.obstacle);
  // Every change of the zone writes its serial.
  const key = serialKey(zone);
  const { entries, revision } = await store.list(key, { limit: 1 });
  const serial = entries.find((entry) => entry.key === key)?.modified;
  if (serial !== undefined) await untilReached(views, serial);
  // If the views have moved on meanwhile, or do not know yet that the zone was deleted, their revision is so new that
  // the store keeps it.
  return take(serial === views.zones.serial(zone) ? revision : views.revision);
}
