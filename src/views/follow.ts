// Keeps the views true: loads everything at one revision, then follows the watch from the next. Reloads when the watch was lost.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../model/logger.ts';
import { after, type Revision } from '../model/revision.ts';
import { prefixes } from '../store/keys.ts';
import { Compacted, type Store, StoreUnavailable } from '../store/store.ts';
import type { Views } from './views.ts';

/** What the views hold, in the order in which it is loaded: a zone after its names, so that it is published whole. */
const followed = [
  prefixes.tokens,
  prefixes.members,
  prefixes.pools,
  prefixes.addresses,
  prefixes.hosts,
  prefixes.names,
  prefixes.serials,
  prefixes.zones,
];

const retryMilliseconds = 500;

/** Runs until the signal aborts. While the store is away the views stay as they are. */
export async function follow(store: Store, views: Views, logger: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const revision = await load(store, views);
      logger.info({ revision }, 'views loaded');
      for await (const change of store.watch('', after(revision), signal)) views.apply(change);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Compacted) logger.warn('the watch fell behind a compaction: loading everything again');
      else if (error instanceof StoreUnavailable)
        logger.warn({ reason: error.message }, 'the store cannot be read: trying again');
      else logger.error(error, 'following the store failed: trying again');
      await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Reads every followed prefix as of one revision. */
async function load(store: Store, views: Views): Promise<Revision> {
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
