// Use case: a zone's own records become those of a zone file, at once. Everything is read and checked first; then the names of a new generation are
// written aside, where DNS does not see them, and one put of the zone's key makes them the zone. What hosts manage stays, also what they
// write meanwhile: the journal has it, and the last transaction carries it over (test/control/import-zone-file.test.ts).

import { Refusal, refuse } from '../../errors.ts';
import { checkNameservers } from '../../model/check-name.ts';
import type { Logger } from '../../model/logger.ts';
import { type Fqdn, root } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { Rrset } from '../../model/rrset.ts';
import type { Zone } from '../../model/zone.ts';
import type { ZoneFileContents } from '../../model/zone-file/contents.ts';
import { type Finding, Findings } from '../../model/zone-file/findings.ts';
import { serialKey, zoneKey } from '../../store/keys.ts';
import { type Store, StoreUnavailable } from '../../store/store.ts';
import { zoneValue } from '../../store/values.ts';
import type { Views } from '../../views/views.ts';
import type { NameJournal } from '../../views/zone-view.ts';
import { atOneRevision } from '../transaction/at-one-revision.ts';
import { type Committer, LostRace, maxAttempts } from '../transaction/commit.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import { existingZone } from '../transaction/existing.ts';
import { checkPrecondition, entityTag, type Precondition } from '../transaction/precondition.ts';
import { cleanGenerations } from './clean-generations.ts';
import {
  checkContents,
  compareZone,
  type ImportCounts,
  type RrsetDifference,
  type ZoneComparison,
} from './compare-zone.ts';
import { ImportLock } from './import-lock.ts';
import { type ImportMemory, importMemory, type MemoryShare } from './import-memory.ts';
import { differenceOfSoa, soaSettingsFrom } from './import-soa.ts';
import { readZoneFile } from './read-zone-file.ts';
import { turnUnlessGone } from './turn-unless-gone.ts';
import { GenerationWriter, nameOperation, refuseInterrupted } from './write-generation.ts';

export interface ImportPlaces {
  store: Store;
  views: Views;
  committer: Committer;
  logger: Logger;
  /** What all imports together may take. */
  memory?: ImportMemory;
}

export interface ImportProgress {
  phase: 'reading' | 'comparing' | 'writing';
  /** Records read, or names written. */
  done: number;
  total: number | undefined;
}

export interface ImportWanted {
  zone: Fqdn;
  /** The file, one character for each octet. */
  text: AsyncIterable<string>;
  dryRun: boolean;
  precondition?: Precondition;
  onProgress?: (progress: ImportProgress) => void;
  /** Aborted when the client has gone: the import ends then, unless its last transaction is on its way. */
  signal?: AbortSignal;
}

export interface Imported {
  counts: ImportCounts;
  warnings: Finding[];
  warningCount: number;
  differences: RrsetDifference[];
  /** False: the zone was so already, or it was a dry run. */
  written: boolean;
  revision: Revision;
  /** The rest of what the import does, which nobody has to wait for. */
  cleaned: Promise<void>;
}

const differencesShown = 1000;
/** Changes of hosts that the last transaction carries. */
const carriedAtOnce = 50;

/** Refuses with every fault of the file; nothing was changed then. */
export async function importZoneFile(places: ImportPlaces, wanted: ImportWanted): Promise<Imported> {
  const share = (places.memory ?? importMemory).share();
  try {
    return await importWithin(share, places, wanted);
  } finally {
    share.end();
  }
}

async function importWithin(share: MemoryShare, places: ImportPlaces, wanted: ImportWanted): Promise<Imported> {
  const { store, views, logger } = places;
  const { zone: name, dryRun, precondition = {}, onProgress = () => undefined, signal } = wanted;
  const read = existingZone(places, name);
  const findings = new Findings();
  const contents = await readZoneFile(wanted, views, read.value, findings, share);
  const entry = await store.get(zoneKey(name));
  const begun = await atOneRevision(places, name, (readAt) => {
    const zone = views.zones.get(name)?.value;
    if (zone === undefined || entry === undefined)
      refuse('not_found', `zone ${name} was deleted meanwhile`, { zone: name });
    checkPrecondition(precondition, entityTag(views.zones.serial(name)));
    const implied = dropImplied(views, name, contents, findings);
    // What the zone has at this revision is compared; the journal has what comes after it.
    return { zone, created: entry.created, readAt, implied, journal: views.zones.journal(name, zone.generation) };
  });
  const { zone, created, readAt, implied, journal } = begun;
  try {
    onProgress({ phase: 'comparing', done: 0, total: contents.names.size });
    const comparison = await compareZone(store, zone, readAt, contents, differencesShown, signal);
    comparison.counts.unchanged += implied;
    await checkContents(contents, comparison, findings, signal);
    checkApex(zone, contents, findings);
    const soa = soaSettingsFrom(views, zone, contents, findings);
    findings.refuseFaults();
    const namesDiffer = !comparison.isEmpty;
    differenceOfSoa(comparison, views, zone, soa);
    const result = resultOf(comparison, findings);
    if (dryRun || comparison.isEmpty) {
      return { ...result, written: false, revision: views.revision, cleaned: Promise.resolve() };
    }
    const run = new ImportRun(places, wanted, contents, journal, zone.generation);
    logger.info({ zone: name, ...comparison.counts }, 'importing a zone file');
    const revision = namesDiffer ? await run.replace(created, comparison) : await run.putSettings();
    logger.info({ zone: name, revision }, 'zone file imported');
    return { ...result, written: true, revision, cleaned: run.cleaned };
  } finally {
    journal.end();
  }
}

function resultOf({ counts, differences }: ZoneComparison, findings: Findings) {
  return { counts, differences, warnings: findings.listWarnings(), warningCount: findings.warnings };
}

function checkApex(zone: Zone, { names }: ZoneFileContents, findings: Findings): void {
  const rrsets = names.get(zone.name) ?? [];
  const finding = checkNameservers(zone, rrsets);
  const line = rrsets.find(({ type }) => type === 'DNAME')?.line ?? 0;
  if (finding !== undefined) findings.fault(line, finding.message, finding.code);
}

/** What the zone's settings imply anyway is not stored; how many RRsets that were. */
function dropImplied(views: Views, zone: Fqdn, contents: ZoneFileContents, findings: Findings): number {
  const implied = views.zones.implied(zone).filter(({ rrset }) => rrset.type !== 'SOA');
  // The apex comes first. Beside NS records of the file's own, addresses of nameservers that those do not name are not implied any more.
  const isImplied = (owner: Fqdn) => {
    const ns = contents.names.get(zone)?.find(({ type }) => type === 'NS');
    return owner === zone || (ns?.records.includes(`${owner}.`) ?? true);
  };
  const dropped = implied.filter(({ owner, rrset }) => isImplied(owner) && contents.dropImplied(owner, rrset)).length;
  const [marked] = contents.dropMarked();
  if (marked !== undefined)
    findings.warn(marked, 'records marked "; implied" are left out: here the settings of this zone imply its own');
  const ns = contents.names.get(zone)?.find(({ type }) => type === 'NS');
  if (ns !== undefined && implied.some(({ owner, rrset }) => owner === zone && rrset.type === 'NS')) {
    const wayBack = `DELETE /v1/zones/${zone === root ? '@' : zone}/rrsets/@/NS`;
    findings.warn(
      ns.line,
      `these NS records are stored: the zone does not name its replicas by itself any more; it does again after ${wayBack}`,
    );
  }
  return dropped;
}

/** The part that writes. */
class ImportRun {
  cleaned: Promise<void> = Promise.resolve();
  readonly #places: ImportPlaces;
  readonly #wanted: ImportWanted;
  readonly #contents: ZoneFileContents;
  readonly #journal: NameJournal;
  /** The generation that was compared. */
  readonly #base: number;

  constructor(
    places: ImportPlaces,
    wanted: ImportWanted,
    contents: ZoneFileContents,
    journal: NameJournal,
    base: number,
  ) {
    this.#base = base;
    this.#places = places;
    this.#wanted = wanted;
    this.#contents = contents;
    this.#journal = journal;
  }

  /** Only the SOA differs. */
  async putSettings(): Promise<Revision> {
    const { revision } = await this.#places.committer.commit((context) => this.#decideZone(context, undefined));
    return revision;
  }

  /** Writes the new generation, and makes it the zone. */
  async replace(zoneCreated: Revision, { managed }: ZoneComparison): Promise<Revision> {
    const { store, logger } = this.#places;
    const { zone } = this.#wanted;
    const lock = await ImportLock.take(store, zone, zoneCreated);
    let away = false;
    try {
      await this.#writeNames(lock, managed);
      return await this.#switch(lock);
    } catch (error) {
      away = isAway(error);
      throw error;
    } finally {
      const released = lock.release();
      this.cleaned = released
        .then(() => cleanGenerations(store, zone))
        .then(
          (deleted) => logger.debug({ zone, deleted }, 'names of an earlier generation deleted'),
          (error: unknown) => logger.warn({ zone, reason: String(error) }, 'cleaning after an import goes on later'),
        );
      // A store that is away would only be waited for once more: the lease ends by itself.
      if (!away) await released;
    }
  }

  async #writeNames(lock: ImportLock, managed: ReadonlyMap<Fqdn, Rrset[]>): Promise<void> {
    const { store, views, logger } = this.#places;
    const { zone, onProgress = () => undefined, signal } = this.#wanted;
    const { names } = this.#contents;
    const writer = new GenerationWriter(store, views, lock);
    const total = names.size + managed.size;
    let done = 0;
    let said = Date.now();
    const write = async (owner: Fqdn) => {
      const rrsets = this.#contents.rrsetsAt(owner, managed.get(owner) ?? [], new Findings());
      await writer.add(nameOperation(zone, lock.generation, owner, rrsets));
      if (++done % 1000 === 0) await turnUnlessGone(signal);
      if (Date.now() - said < 1000) return;
      said = Date.now();
      onProgress({ phase: 'writing', done, total });
      logger.info({ zone, done, total }, 'importing a zone file');
    };
    for (const owner of names.keys()) await write(owner);
    for (const owner of managed.keys()) if (!names.has(owner)) await write(owner);
    await writer.finish();
    onProgress({ phase: 'writing', done: total, total });
    await turnUnlessGone(signal);
  }

  /** Each try either fails because somebody wrote into the zone, whose change the journal then has, or is the import. */
  async #switch(lock: ImportLock): Promise<Revision> {
    const { store, views, committer } = this.#places;
    const { changed } = this.#journal;
    for (let attempts = 0; attempts < maxAttempts; attempts += 1) {
      while (changed.size > carriedAtOnce) {
        const owners = [...changed];
        changed.clear();
        const writer = new GenerationWriter(store, views, lock);
        for (const owner of owners) await writer.add(this.#carry(lock, owner));
        await writer.finish();
      }
      try {
        const decide = (context: DecisionContext) => {
          if (changed.size > carriedAtOnce) throw new LostRace();
          return this.#decideZone(context, lock);
        };
        // The compare that fails may be the one that says that the lock is held.
        return (await committer.commit(decide, { once: true })).revision;
      } catch (error) {
        if (!(error instanceof LostRace)) throw error;
        if (!(await lock.isHeld())) refuseInterrupted();
      }
    }
    return refuse(
      'store_unavailable',
      'the zone changes too often for an import: nothing was changed, try again later',
    );
  }

  /** What the new generation has at a name where something changed in the old one. */
  #carry(lock: ImportLock, owner: Fqdn) {
    const { zone } = this.#wanted;
    const managed = this.#places.views.zones.name(zone, owner).rrsets.filter(({ manager }) => manager === 'host');
    const findings = new Findings();
    const rrsets = this.#contents.rrsetsAt(owner, managed, findings);
    findings.refuseFaults();
    return nameOperation(zone, lock.generation, owner, rrsets);
  }

  #decideZone(context: DecisionContext, lock: ImportLock | undefined): Decision<void> {
    const { views } = context;
    const { zone: name, precondition = {} } = this.#wanted;
    const current = existingZone(context, name);
    if (current.value.generation !== this.#base) refuse('import_running', 'another import came first: try again');
    const serial = views.zones.serial(name);
    checkPrecondition(precondition, entityTag(serial));
    const findings = new Findings();
    checkApex(current.value, this.#contents, findings);
    findings.refuseFaults();
    const soa = soaSettingsFrom(views, current.value, this.#contents, new Findings());
    const generation = lock?.generation ?? current.value.generation;
    const value = zoneValue.encode({ ...current.value, soa, generation, automatic: false });
    const carried = lock === undefined ? [] : [...this.#journal.changed].map((owner) => this.#carry(lock, owner));
    return {
      result: undefined,
      compares: [
        { kind: 'modified', key: zoneKey(name), revision: current.modified },
        // The serial is written with every change of the zone: nothing came since the journal was looked at.
        { kind: 'modified', key: serialKey(name), revision: serial },
        ...(lock === undefined ? [] : [lock.compare]),
      ],
      operations: [
        ...carried,
        { kind: 'put', key: zoneKey(name), value },
        { kind: 'put', key: serialKey(name), value: '' },
      ],
    };
  }
}

function isAway(error: unknown): boolean {
  return error instanceof StoreUnavailable || (error instanceof Refusal && error.code === 'store_unavailable');
}
