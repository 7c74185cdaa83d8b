// The part of an import that writes. First writes names into a pending generation. Then one transaction makes this
// generation the current one. If records with a manager, such as a host, have changed meanwhile, that transaction also
// writes them into the new generation: it carries over their names.

import { Refusal, refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { ZoneFileContents } from '../../model/zone-file/contents.ts';
import { Findings } from '../../model/zone-file/findings.ts';
import { serialKey } from '../../store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../store/kinds/zone.ts';
import { StoreUnavailable } from '../../store/store.ts';
import type { NameJournal } from '../../views/zone-view.ts';
import { checkPrecondition, entityTag } from '../input/precondition.ts';
import { existingZone } from '../reading/existing.ts';
import { maxAttempts } from '../transaction/commit.ts';
import { LostRace } from '../transaction/commit-failures.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { cleanGenerations } from './clean-generations.ts';
import { checkApex, type ImportCounts, isMovedPtr, type ZoneComparison } from './compare-zone.ts';
import { ImportLock } from './import-lock.ts';
import { settingsFrom } from './import-soa.ts';
import type { ImportPlaces, ImportWanted } from './import-wanted.ts';
import { refuseFaults } from './refuse-faults.ts';
import { GenerationWriter, nameOperation, refuseInterrupted } from './write-generation.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** The limit for names that the last transaction carries over. If more names have changed, they are written first. */
const maxCarried = 50;

/** The contents of the file, and the generation of the zone with which they were compared. */
interface Compared {
  contents: ZoneFileContents;
  generation: number;
  /** The names in that generation that were changed after the comparison. */
  journal: NameJournal;
  counts: ImportCounts;
}

export class ImportRun {
  /** Resolves when the cleaning after {@link replace} has ended, even if it failed. */
  cleaned: Promise<void> = Promise.resolve();
  readonly #places: ImportPlaces;
  readonly #wanted: ImportWanted;
  readonly #compared: Compared;

  constructor(places: ImportPlaces, wanted: ImportWanted, compared: Compared) {
    this.#places = places;
    this.#wanted = wanted;
    this.#compared = compared;
  }

  /** Writes only the settings of the zone, for a file that differs from the zone only in settings. */
  async putSettings(): Promise<Revision> {
    const { actor } = this.#wanted;
    const decide = (context: DecisionContext) => this.#decideZone(context, undefined);
    return (await this.#places.committer.commit(actor, decide)).revision;
  }

  /**
   * Writes a new generation, then makes it the current one. Resolves with the revision of that second step. At the end,
   * starts to delete the names of other generations, even if the import failed. Refuses as {@link ImportLock.take}
   * does, and with the codes of each step: see `#switch`, `#decideZone` and `GenerationWriter`.
   */
  async replace(zoneCreated: Revision, { managed }: ZoneComparison): Promise<Revision> {
    const { store, logger } = this.#places;
    const { zone } = this.#wanted;
    const lock = await ImportLock.take(store, zone, zoneCreated);
    let unreachable = false;
    try {
      await this.#writeNames(lock, managed);
      return await this.#switch(lock);
    } catch (error) {
      unreachable = isUnreachable(error);
      throw error;
    } finally {
      const released = lock.release();
      this.cleaned = released
        .then(() => cleanGenerations(store, zone))
        .then(
          (deleted) => logger.debug({ zone, deleted }, 'removed leftovers of imports'),
          (error: unknown) =>
            logger.warn({ zone, reason: String(error) }, 'removing leftovers of an import failed, will retry'),
        );
      // If the store cannot be reached, the caller need not wait for the release: the lease ends by itself.
      if (!unreachable) await released;
    }
  }

  async #writeNames(lock: ImportLock, managed: ReadonlyMap<Fqdn, Rrset[]>): Promise<void> {
    const { store, views, logger } = this.#places;
    const { zone, onProgress = () => undefined, signal } = this.#wanted;
    const { names } = this.#compared.contents;
    const writer = new GenerationWriter(store, views, lock);
    const total = names.size + managed.size;
    let done = 0;
    let reported = Date.now();
    const write = async (owner: Fqdn) => {
      const rrsets = this.#compared.contents.rrsetsAt(owner, managed.get(owner) ?? [], new Findings());
      await writer.add(nameOperation(zone, lock.generation, owner, rrsets));
      if (++done % 1000 === 0) await yieldToEventLoop(signal);
      if (Date.now() - reported < 1000) return;
      reported = Date.now();
      onProgress({ phase: 'writing', done, total });
      logger.info({ zone, done, total }, 'importing a zone file');
    };
    for (const owner of names.keys()) await write(owner);
    for (const owner of managed.keys()) if (!names.has(owner)) await write(owner);
    await writer.finish();
    onProgress({ phase: 'writing', done: total, total });
    await yieldToEventLoop(signal);
  }

  /**
   * Makes the new generation the current one. An attempt fails if somebody wrote into the zone meanwhile. Then the
   * journal has the changed name, and the next attempt carries it over. Refuses with `import_interrupted` if the lock
   * has ended, and with `contended` after {@link maxAttempts} attempts.
   */
  async #switch(lock: ImportLock): Promise<Revision> {
    const { store, views, committer } = this.#places;
    const { changed } = this.#compared.journal;
    for (let attempts = 0; attempts < maxAttempts; attempts += 1) {
      while (changed.size > maxCarried) {
        const owners = [...changed];
        changed.clear();
        const writer = new GenerationWriter(store, views, lock);
        for (const owner of owners) await writer.add(this.#carry(lock, owner));
        await writer.finish();
      }
      try {
        const decide = (context: DecisionContext) => {
          if (changed.size > maxCarried) throw new LostRace();
          return this.#decideZone(context, lock);
        };
        // The compare of the lock may be the one that failed. Only the store knows that, because no view has the lock.
        return (await committer.commit(this.#wanted.actor, decide, { once: true })).revision;
      } catch (error) {
        if (!(error instanceof LostRace)) throw error;
        if (!(await lock.isHeld())) refuseInterrupted();
      }
    }
    return refuse('contended', 'the zone changes too often for an import; nothing was changed: try again later');
  }

  /**
   * Returns the operation that writes a name into the new generation, with the file's records and the current RRsets
   * that have a manager. Refuses if these may not be together.
   */
  #carry(lock: ImportLock, owner: Fqdn) {
    const { zone } = this.#wanted;
    const { views } = this.#places;
    const wanted = this.#compared.contents.names.get(owner) ?? [];
    const managed = views.zones
      .name(zone, owner)
      .rrsets.filter((rrset) => rrset.manager !== undefined && !isMovedPtr(views, owner, rrset, wanted));
    const findings = new Findings();
    const rrsets = this.#compared.contents.rrsetsAt(owner, managed, findings);
    refuseFaults(findings);
    return nameOperation(zone, lock.generation, owner, rrsets);
  }

  /**
   * Writes the zone's settings with those of the file. With a lock, also makes the lock's generation the current one
   * and carries over the changed names. Refuses if another import has replaced the generation with which the file was
   * compared.
   */
  #decideZone(context: DecisionContext, lock: ImportLock | undefined): Decision<void> {
    const { views } = context;
    const { zone: name, precondition = {} } = this.#wanted;
    const current = existingZone(context, name);
    if (current.value.generation !== this.#compared.generation)
      refuse('import_running', 'another import of the zone ended first; nothing was changed: try again');
    const changedAt = views.zones.changedAt(name);
    checkPrecondition(precondition, entityTag(changedAt));
    const findings = new Findings();
    checkApex(current.value, this.#compared.contents, findings);
    refuseFaults(findings);
    const settings = settingsFrom(views, current.value, this.#compared.contents, new Findings());
    const generation = lock?.generation ?? current.value.generation;
    const value = zoneValue.encode({ ...current.value, ...settings, generation, automatic: false });
    const builder = new TransactionBuilder(context);
    if (lock !== undefined) {
      builder.require(lock.compare);
      for (const owner of this.#compared.journal.changed) builder.addUnchecked(this.#carry(lock, owner));
    }
    // Every change of the zone writes its serial, so the compare proves that the journal has all changed names.
    return builder
      .noteImport(name, this.#compared.counts)
      .put(zoneKey(name), value, current.modified)
      .requireUnchanged(serialKey(name), changedAt)
      .touchZone(name)
      .build(undefined);
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof StoreUnavailable || (error instanceof Refusal && error.code === 'store_unavailable');
}
