// Deletes the names of unused generations: of old ones, and of pending ones whose import failed or whose process died.
// Runs after each import, and by a timer for names that are left over. These deletions do not use the builder, because
// no user sees the names.

import type { Logger } from '../../model/logger.ts';
import type { Fqdn } from '../../model/name.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import { importKey } from '../../store/kinds/import.ts';
import { nameKind, namesPrefix, zoneNamesPrefix } from '../../store/kinds/name.ts';
import { zoneKey, zoneValue } from '../../store/kinds/zone.ts';
import { type Compare, maxOperations, type Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';

const intervalMilliseconds = 60_000;
const pageSize = 1000;

/**
 * Deletes the names of all generations except the zone's current generation and the one of a running import. Returns
 * the number of deleted names. Each import has a higher generation than the imports before it, so all imports with a
 * lower generation than the running one have ended. Reads the lock first, then the zone's key: in the other order, an
 * import could end between the two reads, and the names of its generation, now the current one, would be deleted. Each
 * deletion requires that the zone was not deleted and created again meanwhile (test/control/races.test.ts).
 */
export async function cleanGenerations(store: Store, zone: Fqdn): Promise<number> {
  const lock = await store.list(importKey(zone), { limit: 1 });
  const held = lock.entries.find(({ key }) => key === importKey(zone));
  const bound = held?.created ?? lock.revision + 1;
  const entry = await store.get(zoneKey(zone));
  // If the zone does not exist, the names are left over from its creation (zones/new-reverse-zone.ts).
  const current = entry === undefined ? 0 : zoneValue.decode(entry.value).generation;
  const ofZone: Compare =
    entry === undefined
      ? { kind: 'absent', key: zoneKey(zone) }
      : { kind: 'created', key: zoneKey(zone), revision: entry.created };
  let deleted = 0;
  let from: string | undefined;
  for (;;) {
    const page = await store.list(zoneNamesPrefix(zone), { limit: pageSize, ...(from !== undefined && { from }) });
    const subjects = page.entries.map(({ key }) => ({ key, subject: nameKind.parse(key) }));
    const doomed = subjects.filter(
      ({ subject }) => subject !== undefined && subject.generation !== current && subject.generation < bound,
    );
    for (let start = 0; start < doomed.length; start += maxOperations) {
      const { committed } = await store.commit({
        compares: [ofZone],
        operations: doomed.slice(start, start + maxOperations).map(({ key }) => ({ kind: 'delete', key })),
      });
      if (!committed) return deleted;
      deleted += Math.min(maxOperations, doomed.length - start);
    }
    if (page.next === undefined) return deleted;
    from = afterStaying(zone, [current, bound], page.next);
  }
}

/** Returns the key where the next page starts: `next`, or the first key after a generation that must stay. */
function afterStaying(zone: Fqdn, staying: readonly number[], next: string): string {
  const prefix = staying.map((generation) => namesPrefix(zone, generation)).find((one) => next.startsWith(one));
  // The prefix ends with `/`, and the next character after `/` is `0`.
  return prefix === undefined ? next : `${prefix.slice(0, -1)}0`;
}

/** Cleans when the views are loaded, and then by a timer. Returns the function that stops the cleaning. */
export function startCleaning(store: Store, views: Views, logger: Logger): () => void {
  let running = false;
  let stopped = false;
  const trouble = new TroubleLog(logger, {
    begins: 'removing leftovers of imports failed, will retry',
    over: 'removing leftovers of imports works again',
  });
  const clean = async () => {
    if (running) return;
    running = true;
    try {
      await views.whenLoaded();
      for (const zone of views.zones.withLeftovers()) {
        if (stopped) return;
        const deleted = await cleanGenerations(store, zone);
        if (deleted > 0) logger.info({ zone, deleted }, 'removed leftovers of imports');
      }
      trouble.succeeded();
    } catch (error) {
      if (!stopped) trouble.failed(error);
    } finally {
      running = false;
    }
  };
  const timer = setInterval(() => void clean(), intervalMilliseconds).unref();
  void clean();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
