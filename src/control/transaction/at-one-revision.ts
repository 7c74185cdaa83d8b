// Where the views and the store tell the same of a zone: whoever reads its names from the store, page by page, and the rest from the views, begins here.

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import { serialKey } from '../../store/keys.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { untilReached } from './until-reached.ts';

/**
 * `take` gets a revision at which the store has of the zone what the views hold at that moment: what it wants from them, it takes at once. Not
 * simply the views' own revision: where others write to the same etcd, that lags behind, and may be compacted.
 */
export async function atOneRevision<T>(
  { store, views }: { store: Store; views: Views },
  zone: Fqdn,
  take: (revision: Revision) => T,
): Promise<T> {
  if (views.obstacle !== undefined) refuse('store_unavailable', views.obstacle);
  // The serial is written with every change of the zone.
  const key = serialKey(zone);
  const { entries, revision } = await store.list(key, { limit: 1 });
  const serial = entries.find((entry) => entry.key === key)?.modified;
  if (serial !== undefined) await untilReached(views, serial);
  // Views that went on meanwhile, or are yet to hear that the zone is gone, have a revision that the store still has.
  return take(serial === views.zones.serial(zone) ? revision : views.revision);
}
