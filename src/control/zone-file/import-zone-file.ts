// Use case: a zone file replaces the records of a zone in one step. First the file is read and checked. Then its names
// are written into a pending generation, which DNS does not serve. One put of the zone's key makes that generation the
// current one. Records of hosts stay: a journal notes the names that change during the import, and the last transaction
// carries over the hosts' records at these names (test/control/import-zone-file.test.ts). The part that writes:
// import-run.ts.

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Revision } from '../../model/revision.ts';
import type { Zone } from '../../model/zone.ts';
import type { ZoneFileContents } from '../../model/zone-file/contents.ts';
import { type Finding, Findings } from '../../model/zone-file/findings.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Views } from '../../views/views.ts';
import { accessOf } from '../access/access.ts';
import type { Asking } from '../access/actor.ts';
import { needValidToken } from '../access/valid-token.ts';
import { tryAlignPtrs } from '../hosts/align-ptrs.ts';
import { checkPrecondition, entityTag } from '../input/precondition.ts';
import { Refusals } from '../input/refusals.ts';
import { atOneRevision } from '../reading/at-one-revision.ts';
import { existingZone } from '../reading/existing.ts';
import { rrsetPath } from '../reading/resource-path.ts';
import { checkAliases } from './check-aliases.ts';
import {
  checkApex,
  checkContents,
  compareZone,
  type ImportCounts,
  type RrsetDifference,
  type ZoneComparison,
} from './compare-zone.ts';
import type { MemoryShare } from './import-memory.ts';
import { ImportRun } from './import-run.ts';
import { changesSettings, defaultTtlFrom, differenceOfSoa, settingsFrom } from './import-soa.ts';
import type { ImportPlaces, ImportWanted } from './import-wanted.ts';
import { readZoneFile } from './read-zone-file.ts';
import { refuseFaults } from './refuse-faults.ts';

export interface Imported {
  counts: ImportCounts;
  warnings: Finding[];
  warningCount: number;
  /** The first differences that a dry run found. Empty for an import that is not a dry run. */
  differences: RrsetDifference[];
  /** False if there was nothing to change, or it was a dry run. */
  written: boolean;
  revision: Revision;
  /** Resolves when the cleaning of old generations has ended. The client need not wait for it. */
  cleaned: Promise<void>;
}

const maxDifferences = 1000;

/** Imports a zone file. If the file has faults, changes nothing and refuses with the list of faults. */
export async function importZoneFile(places: ImportPlaces, wanted: ImportWanted): Promise<Imported> {
  const share = places.importMemory.share();
  try {
    return await importWithin(share, places, wanted);
  } finally {
    share.end();
  }
}

async function importWithin(share: MemoryShare, places: ImportPlaces, wanted: ImportWanted): Promise<Imported> {
  const { store, views, logger } = places;
  const { actor, zone: name, dryRun, precondition = {}, onProgress = () => undefined, signal } = wanted;
  const asking = { actor, views };
  const read = existingZone(asking, name);
  needImport(asking);
  const findings = new Findings();
  const refusals = new Refusals();
  const contents = await readZoneFile(wanted, views, read.value, findings, share);
  const entry = await store.get(zoneKey(name));
  const begun = await atOneRevision(places, name, (readAt) => {
    const zone = views.zones.get(name)?.value;
    if (zone === undefined || entry === undefined)
      refuse('not_found', `zone ${name} was deleted meanwhile`, { zone: name });
    refusals.try(() => checkPrecondition(precondition, entityTag(views.zones.changedAt(name))));
    const implied = dropImplied(views, zone, contents, findings);
    // The comparison reads the zone at this revision. The journal has the names of all changes after it.
    return { zone, created: entry.created, readAt, implied, journal: views.zones.journal(name, zone.generation) };
  });
  const { zone, created, readAt, implied, journal } = begun;
  try {
    onProgress({ phase: 'comparing', done: 0, total: contents.names.size });
    const limit = dryRun ? maxDifferences : 0;
    const after = { ...zone, defaultTtl: defaultTtlFrom(zone, contents) };
    const comparison = await compareZone(store, views, after, readAt, contents, limit, signal);
    comparison.counts.unchanged += implied;
    await checkContents(contents, comparison, findings, signal);
    checkApex(zone, contents, findings);
    const settings = settingsFrom(views, zone, contents, findings);
    refusals.try(() => refuseFaults(findings));
    refusals.throwIfAny();
    await checkAliases(asking, zone, contents, comparison.managed, findings, signal);
    const namesDiffer = !comparison.isEmpty;
    differenceOfSoa(comparison, views, zone, settings, contents);
    const result = resultOf(comparison, findings);
    needValidToken(asking, Date.now());
    if (dryRun || (comparison.isEmpty && !changesSettings(zone, settings))) {
      return { ...result, written: false, revision: views.revision, cleaned: Promise.resolve() };
    }
    const { counts } = result;
    const run = new ImportRun(places, wanted, { contents, journal, generation: zone.generation, counts });
    logger.info({ zone: name, ...comparison.counts }, 'importing a zone file');
    const revision = namesDiffer ? await run.replace(created, comparison) : await run.putSettings();
    logger.info({ zone: name, revision }, 'zone file imported');
    const failed = 'moving PTRs to where CNAMEs lead failed, will retry';
    await tryAlignPtrs(places, name, comparison.movedAliases, failed);
    return { ...result, written: true, revision, cleaned: run.cleaned };
  } finally {
    journal.end();
  }
}

/** Refuses with `forbidden` a token that may not import zone files. */
export function needImport(asking: Asking): void {
  const access = accessOf(asking);
  access.needRole('operator');
  access.needAllOwners('a zone file');
}

function resultOf({ counts, differences }: ZoneComparison, findings: Findings) {
  return { counts, differences, warnings: findings.listWarnings(), warningCount: findings.warnings };
}

/**
 * Removes RRsets from the file's contents that the zone's settings imply. Returns the number of these RRsets. Also
 * removes other RRsets that the file marks as implied, with a warning. Adds a warning if NS records of the file replace
 * the NS records that the settings imply.
 */
function dropImplied(views: Views, before: Zone, contents: ZoneFileContents, findings: Findings): number {
  const { name: zone } = before;
  // The implied RRsets have the zone's default TTL, which the import may change.
  const ttl = defaultTtlFrom(before, contents);
  const implied = views.zones
    .implied(zone)
    .filter(({ rrset }) => rrset.type !== 'SOA')
    .map(({ owner, rrset }) => ({ owner, rrset: { ...rrset, ttl } }));
  // The NS records of the apex are the first of the implied RRsets. If the file has different NS records, they stay in
  // its contents. Then only the addresses of nameservers that they name count as implied.
  const isImplied = (owner: Fqdn) => {
    const ns = contents.names.get(zone)?.find(({ type }) => type === 'NS');
    return owner === zone || (ns?.records.includes(`${owner}.`) ?? true);
  };
  const dropped = implied.filter(({ owner, rrset }) => isImplied(owner) && contents.dropImplied(owner, rrset)).length;
  const [marked] = contents.dropMarked();
  if (marked !== undefined)
    findings.warn(marked, 'records marked "; implied" are left out: this zone gets its own from its settings');
  const ns = contents.names.get(zone)?.find(({ type }) => type === 'NS');
  if (ns !== undefined && implied.some(({ owner, rrset }) => owner === zone && rrset.type === 'NS')) {
    const wayBack = `DELETE ${rrsetPath(zone, zone, 'NS')}`;
    findings.warn(
      ns.line,
      `these NS records replace those that the settings of the zone imply: ${wayBack} brings those back`,
    );
  }
  return dropped;
}
