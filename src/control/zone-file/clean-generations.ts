// Takes away the names of generations that are no zone any more, or never became one (an import that failed, or whose process died): in small
// transactions, since nobody waits for it. Started after each import, and by the clock for what was left over.

import type { Logger } from '../../model/logger.ts';
import type { Fqdn } from '../../model/name.ts';
import { importKey, namesPrefix, parseKey, zoneKey, zoneNamesPrefix } from '../../store/keys.ts';
import { maxOperations, type Store } from '../../store/store.ts';
import { zoneValue } from '../../store/values.ts';
import type { Views } from '../../views/views.ts';

const intervalMilliseconds = 60_000;
const pageSize = 1000;

/**
 * How many names it deleted. A generation that is not the zone's goes if its import is over: whoever held the lock at its number holds it no more, and
 * numbers only grow. The zone's key is read after the lock, so what an import has just made the zone is seen as that; and each deletion proves
 * that the zone was not made anew meanwhile (test/control/import-zone-file.test.ts).
 */
export async function cleanGenerations(store: Store, zone: Fqdn): Promise<number> {
  const lock = await store.list(importKey(zone), { limit: 1 });
  const held = lock.entries.find(({ key }) => key === importKey(zone));
  const bound = held?.created ?? lock.revision + 1;
  const entry = await store.get(zoneKey(zone));
  if (entry === undefined) return 0;
  const { generation: current } = zoneValue.decode(entry.value);
  let deleted = 0;
  let from: string | undefined;
  for (;;) {
    const page = await store.list(zoneNamesPrefix(zone), { limit: pageSize, ...(from !== undefined && { from }) });
    const subjects = page.entries.map(({ key }) => ({ key, subject: parseKey(key) }));
    const doomed = subjects.filter(
      ({ subject }) => subject?.kind === 'name' && subject.generation !== current && subject.generation < bound,
    );
    for (let at = 0; at < doomed.length; at += maxOperations) {
      const { committed } = await store.commit({
        compares: [{ kind: 'created', key: zoneKey(zone), revision: entry.created }],
        operations: doomed.slice(at, at + maxOperations).map(({ key }) => ({ kind: 'delete', key })),
      });
      if (!committed) return deleted;
      deleted += Math.min(maxOperations, doomed.length - at);
    }
    if (page.next === undefined) return deleted;
    from = skipped(zone, [current, bound], page.next);
  }
}

/** Where to go on: past a generation that stays. */
function skipped(zone: Fqdn, staying: readonly number[], next: string): string {
  const prefix = staying.map((generation) => namesPrefix(zone, generation)).find((one) => next.startsWith(one));
  // `/` ends the generation; `0` is the next character.
  return prefix === undefined ? next : `${prefix.slice(0, -1)}0`;
}

/** Cleans by the clock, once at the start; the function returned stops it. */
export function startCleaning(store: Store, views: Views, logger: Logger): () => void {
  let running = false;
  let stopped = false;
  const clean = async () => {
    if (running) return;
    running = true;
    try {
      await views.whenLoaded();
      for (const zone of views.zones.withLeftovers()) {
        if (stopped) return;
        const deleted = await cleanGenerations(store, zone);
        if (deleted > 0) logger.info({ zone, deleted }, 'names of an earlier generation deleted');
      }
    } catch (error) {
      if (!stopped) logger.warn({ reason: String(error) }, 'cleaning after imports could not finish: it tries again');
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
