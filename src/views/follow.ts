// Keeps the views true: loads everything at one revision, then follows the watch from the next. Reloads when the watch was lost.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../model/logger.ts';
import { after, type Revision } from '../model/revision.ts';
import { prefixes } from '../store/keys.ts';
import { Compacted, HistoryLost, type Store, StoreUnavailable } from '../store/store.ts';
import type { Views } from './views.ts';

/** Answers to repeat, and who is importing: read from the store when they matter. */
const unfollowed: readonly string[] = [prefixes.idempotency, prefixes.imports];
/** What the views hold, in the order in which it is loaded: a zone after its names, so that it is published whole. */
const followed = [
  ...Object.values(prefixes).filter((prefix) => prefix !== prefixes.zones && !unfollowed.includes(prefix)),
  prefixes.zones,
];

const retryMilliseconds = 500;

/** Runs until the signal aborts. While the store is away the views stay as they are. */
export async function follow(store: Store, views: Views, logger: Logger, signal: AbortSignal): Promise<void> {
  let away = false;
  while (!signal.aborted) {
    try {
      const revision = await load(store, views);
      away = false;
      logger.info({ revision }, 'views loaded');
      for await (const change of store.watch('', after(revision), signal)) views.apply(change);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof HistoryLost) {
        const { message: reason, certainty } = error;
        if (certainty === 'unproven')
          logger.warn({ reason }, 'it is not certain that the store is still the same: loading everything anew');
        else if (reason !== views.obstacle)
          logger.error({ reason }, 'what was read from the store no longer holds: loading everything anew');
        views.distrust(error.message);
      } else if (error instanceof Compacted)
        logger.warn('the watch fell behind a compaction: loading everything again');
      else if (error instanceof StoreUnavailable) {
        logger[away ? 'debug' : 'warn']({ reason: error.message }, 'the store cannot be read: trying again');
        away = true;
      } else logger.error(error, 'following the store failed: trying again');
      await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** A store that was replaced by one without zones is taken for one that is away: a wiped disk must not take every name out of DNS. */
async function refuseEmptied(store: Store, views: Views): Promise<void> {
  if (!views.loaded || views.obstacle === undefined || views.zones.list().next().done) return;
  if ((await store.list(prefixes.zones, { limit: 1 })).entries.length > 0) return;
  throw new HistoryLost(
    'it is empty: names are answered from memory; restore a backup of it, or restart this replica to serve the empty store',
  );
}

/** Reads every followed prefix as of one revision. */
async function load(store: Store, views: Views): Promise<Revision> {
  await refuseEmptied(store, views);
  views.beginLoad();
  let revision: Revision | undefined;
  for (const prefix of followed) {
    let from: string | undefined;
    do {
      const page = await store.list(prefix, { ...(revision && { at: revision }), ...(from && { from }) });
      revision ??= page.revision;
      for (const entry of page.entries) views.load(entry);
      from = page.next;
    } while (from !== undefined);
  }
  const loadedAt = revision ?? (0 as Revision);
  views.endLoad(loadedAt);
  return loadedAt;
}
