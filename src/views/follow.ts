// Keeps the views equal to the store: loads all followed kinds at one revision, then follows the watch. Loads again if
// the watch ends.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../model/logger.ts';
import { after, noRevision, type Revision } from '../model/revision.ts';
import { zoneKind } from '../store/kinds/zone.ts';
import { Compacted, HistoryLost, type Store, StoreUnavailable } from '../store/store.ts';
import type { Views } from './views.ts';

const retryMilliseconds = 500;

/** Runs until the signal aborts. While the store cannot be reached, the views keep their values. */
export async function follow(store: Store, views: Views, logger: Logger, signal: AbortSignal): Promise<void> {
  let away = false;
  while (!signal.aborted) {
    try {
      const revision = await load(store, views);
      away = false;
      logger.info({ revision }, 'views loaded');
      for await (const change of store.watch('', after(revision), signal)) await views.apply(change, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof HistoryLost) {
        const { message: reason, certainty } = error;
        if (certainty === 'unproven')
          logger.warn({ reason }, 'cannot prove that this is the same store (history compacted): reloading');
        else if (reason !== views.obstacle)
          logger.error({ reason }, 'the store is not the one that was read: reloading');
        views.distrust(error.message);
      } else if (error instanceof Compacted) logger.warn('the watch fell behind a compaction: reloading');
      else if (error instanceof StoreUnavailable) {
        logger[away ? 'debug' : 'warn']({ reason: error.message }, 'the store cannot be read, will retry');
        away = true;
      } else logger.error(error, 'following the store failed, will retry');
      await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  }
}

/**
 * Throws HistoryLost if the store may have been replaced and has no zones, but the views have some. Otherwise a wiped
 * disk would remove every name from DNS.
 */
async function refuseEmptied(store: Store, views: Views): Promise<void> {
  if (!views.loaded || views.obstacle === undefined || views.zones.list().next().done) return;
  if ((await store.list(zoneKind.prefix, { limit: 1 })).entries.length > 0) return;
  throw new HistoryLost(
    'the store is empty: names are answered from memory; restore a backup, or restart this replica to serve the empty store',
  );
}

/** Reads every followed prefix at one revision. */
async function load(store: Store, views: Views): Promise<Revision> {
  await refuseEmptied(store, views);
  views.beginLoad();
  let revision: Revision | undefined;
  for (const prefix of views.prefixes) {
    let from: string | undefined;
    do {
      const page = await store.list(prefix, { ...(revision && { at: revision }), ...(from && { from }) });
      revision ??= page.revision;
      for (const entry of page.entries) {
        const loading = views.load(entry);
        if (loading !== undefined) await loading;
      }
      from = page.next;
    } while (from !== undefined);
  }
  const loadedAt = revision ?? noRevision;
  await views.endLoad(loadedAt);
  return loadedAt;
}
