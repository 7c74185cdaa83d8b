// Creates a zone that takes more PTRs than one transaction can hold. First writes them into a pending generation of the
// new zone, while the zone around answers. Then one transaction makes that generation the zone (take-ptrs.ts). Last
// deletes the hidden PTRs in the zone around (hidden-ptrs.ts). If the process dies before that transaction, the pending
// names are deleted like those of an import (zone-file/clean-generations.ts); if it dies after it, housekeeping deletes
// the hidden PTRs.

import { refuse } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import { type Fqdn, isWithin } from '../../model/name.ts';
import { nextTurn } from '../../model/turn.ts';
import { nameKey, nameKind, nameValue } from '../../store/kinds/name.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { NameJournal } from '../../views/zone-view.ts';
import { namesLeadingInto, tryAlignPtrs } from '../hosts/align-ptrs.ts';
import { atOneRevision } from '../reading/at-one-revision.ts';
import { type Committer, maxAttempts } from '../transaction/commit.ts';
import { LostRace } from '../transaction/commit-failures.ts';
import { NeedsPreparation } from '../transaction/decision.ts';
import { ImportLock } from '../zone-file/import-lock.ts';
import { GenerationWriter, nameOperation, refuseInterrupted } from '../zone-file/write-generation.ts';
import { dropHiddenPtrs } from './hidden-ptrs.ts';
import { carriedPtr, enclosingZone, isOnlyPtr, ofHosts, type PreparedPtrs, refuseHidden } from './take-ptrs.ts';

const pageSize = 1000;

export interface MovePlaces {
  store: Store;
  views: Views;
  committer: Committer;
  logger: Logger;
}

/**
 * Creates a zone as {@link createPrepared} does. Then the PTRs of hosts move whose CNAMEs lead into it. If that fails,
 * housekeeping moves them.
 */
export async function createReverseZone<T>(
  places: MovePlaces,
  name: Fqdn,
  commit: (prepared?: PreparedPtrs) => Promise<T>,
): Promise<T> {
  const result = await createPrepared(places, name, commit);
  const owners = namesLeadingInto(places.views, name);
  await tryAlignPtrs(places, name, owners, 'moving PTRs into a new zone failed, will retry');
  return result;
}

/**
 * Calls `commit`, which creates the zone. If it throws {@link NeedsPreparation}, writes the PTRs first and calls it
 * again with them (test/control/moved-ptrs.test.ts).
 */
async function createPrepared<T>(
  places: MovePlaces,
  name: Fqdn,
  commit: (prepared?: PreparedPtrs) => Promise<T>,
): Promise<T> {
  try {
    return await commit();
  } catch (error) {
    if (!(error instanceof NeedsPreparation)) throw error;
  }
  const { store, views, committer, logger } = places;
  const lock = await ImportLock.take(store, name, undefined);
  const run = new Preparation(places, name, lock);
  try {
    await run.copy();
    return await run.commit(commit);
  } finally {
    run.end();
    await lock.release();
    await dropHiddenPtrs(committer, views, name).catch((error: unknown) =>
      logger.warn({ zone: name, reason: String(error) }, 'removing moved PTRs failed, will retry'),
    );
  }
}

class Preparation {
  readonly #places: MovePlaces;
  readonly #name: Fqdn;
  readonly #lock: ImportLock;
  #around: PreparedPtrs['around'] | undefined;
  #journal: NameJournal | undefined;

  constructor(places: MovePlaces, name: Fqdn, lock: ImportLock) {
    this.#places = places;
    this.#name = name;
    this.#lock = lock;
  }

  end(): void {
    this.#journal?.end();
  }

  /** Copies the PTRs of the zone around, as they are at one revision. The journal has what changes later. */
  async copy(): Promise<void> {
    const { store, views, logger } = this.#places;
    const around = enclosingZone(views, this.#name)?.value;
    if (around === undefined) refuseInterrupted();
    const { readAt, generation } = await atOneRevision(this.#places, around.name, (revision) => {
      const now = views.zones.get(around.name)?.value ?? refuseInterrupted();
      this.#journal = views.zones.journal(now.name, now.generation);
      return { readAt: revision, generation: now.generation };
    });
    this.#around = { name: around.name, generation };
    const writer = new GenerationWriter(store, views, this.#lock);
    const prefix = nameKey(around.name, generation, this.#name);
    let from: string | undefined;
    let count = 0;
    do {
      const page = await store.list(prefix, { at: readAt, limit: pageSize, ...(from !== undefined && { from }) });
      for (const { key, value } of page.entries) {
        const owner = nameKind.parse(key)?.owner;
        if (owner === undefined || !isWithin(owner, this.#name)) continue;
        if (views.zones.zoneBelow(around.name, owner) !== undefined) continue;
        const rrsets = ofHosts(nameValue.decodeIfReadable(value)?.rrsets ?? []);
        if (rrsets.length === 0) continue;
        if (!isOnlyPtr(rrsets)) refuseHidden(around.name, this.#name, [owner]);
        count += 1;
        await writer.add(nameOperation(this.#name, this.#lock.generation, owner, rrsets));
      }
      from = page.next;
      await nextTurn();
    } while (from !== undefined);
    await writer.finish();
    logger.info({ zone: this.#name, from: around.name, count }, 'moving PTRs into a new zone');
  }

  async commit<T>(commit: (prepared: PreparedPtrs) => Promise<T>): Promise<T> {
    const [around, journal] = [this.#around, this.#journal];
    if (around === undefined || journal === undefined) refuseInterrupted();
    for (let attempts = 0; attempts < maxAttempts; attempts += 1) {
      try {
        return await commit({ lock: this.#lock, around, changed: journal.changed });
      } catch (error) {
        if (error instanceof LostRace && !(await this.#lock.isHeld())) refuseInterrupted();
        if (!(error instanceof NeedsPreparation)) throw error;
      }
      await this.#carry(around.name, journal);
    }
    return refuse('contended', 'the zone around changes too often; nothing was changed: try again later');
  }

  /** Writes the names that have changed into the pending generation. */
  async #carry(around: Fqdn, { changed }: NameJournal): Promise<void> {
    const { store, views } = this.#places;
    const owners = [...changed].filter((owner) => isWithin(owner, this.#name));
    changed.clear();
    const writer = new GenerationWriter(store, views, this.#lock);
    for (const owner of owners) await writer.add(carriedPtr(views, around, this.#name, this.#lock, owner));
    await writer.finish();
  }
}
