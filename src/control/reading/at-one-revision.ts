// Finds a revision at which the store and the views have the same contents of a zone. Used by work that reads the names
// of the zone from the store, page by page, and everything else from the views.

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { untilReached } from './until-reached.ts';

/**
 * Calls `take` with a revision at which the store has the zone as the views have it during the call. Prefers the
 * present revision of the store: if other programs write to the same etcd, the views' revision may be so old that the
 * store has compacted it. Refuses with `store_unavailable`.
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
  const changedAt = entries.find((entry) => entry.key === key)?.modified;
  if (changedAt !== undefined) await untilReached(views, changedAt);
  // If the store and the views differ here, the views have a later change of the zone, or do not have its deletion yet.
  // Then the revision of the views is so new that the store still keeps it.
  return take(changedAt === views.zones.changedAt(zone) ? revision : views.revision);
}
