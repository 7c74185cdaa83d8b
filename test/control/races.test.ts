// Runs a race for every compare that guards against one: two decisions on the same view (race-table.ts), or work that
// is overtaken (below). The last test fails if a compare in src/control has no row. stale-views.test.ts runs random
// histories on stale views. Cited by src/control/addresses/hold-address.ts, src/control/hosts/shared-address.ts,
// src/control/zone-file/import-lock.ts.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Committer } from '../../src/control/transaction/commit.ts';
import { OnceCommitter } from '../../src/control/transaction/commit-once.ts';
import { cleanGenerations } from '../../src/control/zone-file/clean-generations.ts';
import { importZoneFile } from '../../src/control/zone-file/import-zone-file.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { idempotencyKey } from '../../src/store/kinds/idempotency.ts';
import { importKey } from '../../src/store/kinds/import.ts';
import { nameKey, nameKind, nameValue } from '../../src/store/kinds/name.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import type { Transaction } from '../../src/store/store.ts';
import { type ControlPlane, putZone, testActor } from '../support/control-plane.ts';
import { forwarderRaces } from './forwarder-races.ts';
import { poolPartRaces } from './pool-part-races.ts';
import { assertOvertaken, assertRace, type Overtaken } from './race.ts';
import { races as otherRaces } from './race-table.ts';
import { renumberingRaces } from './renumbering-races.ts';
import { returnRaces, reverseZoneRaces } from './reverse-zone-races.ts';
import { sharingRaces } from './sharing-races.ts';
import { skydnsRaces } from './skydns-races.ts';
import {
  allocate,
  atZ,
  createHost,
  deleteHost,
  deleteUnreadable,
  deleteZone,
  erase,
  host,
  pool,
  reverse,
  serialOfZ,
  write,
  z,
  zone,
} from './steps.ts';

const races = [
  ...otherRaces,
  ...forwarderRaces,
  ...skydnsRaces,
  ...sharingRaces,
  ...returnRaces,
  ...renumberingRaces,
  ...poolPartRaces,
];

for (const race of races) test(`compares stop the second writer when ${race.what}`, (t) => assertRace(t, race));

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
async function* zoneFile(): AsyncGenerator<string> {
  yield 'n TXT "new"\n';
}
/** Returns a function that imports a zone file into a replica, with the store that this replica has now. */
const importInto = (name: Fqdn) => (replica: ControlPlane) => {
  const committer = new Committer(replica.store, replica.views);
  return importZoneFile(
    { ...replica, committer, logger },
    { zone: name, text: zoneFile(), dryRun: false, actor: testActor },
  );
};
const importFile = importInto(z);
const allocateOnce = ({ store, views }: ControlPlane) => {
  const identity = { key: 'k', method: 'POST', path: '/', body: {} };
  return new OnceCommitter(store, views, new Committer(store, views)).commit(testActor, identity, allocate('10.0.0.1'));
};

const writes =
  (key: string) =>
  ({ operations }: Transaction) =>
    operations.some((operation) => operation.kind === 'put' && operation.key === key);
const writesNames = ({ operations }: Transaction) =>
  operations.every((operation) => operation.kind === 'put' && operation.key.startsWith(nameKind.prefix));
const deletesNames = ({ operations }: Transaction) =>
  operations.every((operation) => operation.kind === 'delete' && operation.key.startsWith(nameKind.prefix));
const leftover = write(nameKey(z, 2, parseName('old.z')), nameValue.encode({ name: parseName('old.z'), rrsets: [] }));
const recreate = [deleteZone, zone];

const overtaken: Overtaken[] = [
  {
    guards: ['transaction/commit-once.ts absent'],
    what: 'a request comes again while it is carried out',
    given: [pool],
    run: allocateOnce,
    isSecond: writes(idempotencyKey(testActor.id, 'k')),
    first: [write(idempotencyKey(testActor.id, 'k'), '{}')],
    stoppedBy: [idempotencyKey(testActor.id, 'k')],
  },
  {
    guards: ['zone-file/import-lock.ts absent'],
    what: 'two imports of a zone begin together',
    given: [zone],
    run: importFile,
    isSecond: writes(importKey(z)),
    first: [write(importKey(z))],
    stoppedBy: [importKey(z)],
  },
  {
    guards: ['zone-file/import-lock.ts created'],
    what: 'an import begins while its zone is deleted and created again',
    given: [zone],
    run: importFile,
    isSecond: writes(importKey(z)),
    first: recreate,
    stoppedBy: [zoneKey(z)],
  },
  {
    guards: ['zone-file/write-generation.ts lock.compare', 'zone-file/import-lock.ts created'],
    what: 'an import writes names after it has lost its lock',
    given: [zone],
    run: importFile,
    isSecond: writesNames,
    first: [erase(importKey(z))],
    stoppedBy: [importKey(z)],
  },
  {
    guards: ['zones/delete-zone.ts endImport'],
    what: 'an import writes names of a zone that was deleted',
    given: [zone],
    run: importFile,
    isSecond: writesNames,
    first: [deleteZone],
    stoppedBy: [importKey(z)],
  },
  {
    guards: ['zones/delete-zone.ts endImport'],
    what: 'an import writes names of an unreadable zone that was deleted',
    given: [zone],
    run: importFile,
    isSecond: writesNames,
    first: [write(atZ, '{'), deleteUnreadable],
    stoppedBy: [importKey(z)],
  },
  {
    guards: ['hosts/automatic-zone.ts endImport'],
    what: 'an import writes names of a reverse zone that was deleted with its last name',
    given: [zone, createHost('a.z', '10.0.0.1', { ptr: true })],
    run: importInto(reverse),
    isSecond: writesNames,
    first: [deleteHost('a.z')],
    stoppedBy: [importKey(reverse)],
  },
  {
    guards: ['zone-file/import-run.ts lock.compare', 'zone-file/import-lock.ts created'],
    what: 'an import replaces the zone after it has lost its lock to another import',
    given: [zone],
    run: importFile,
    isSecond: writes(atZ),
    first: [erase(importKey(z)), write(importKey(z))],
    stoppedBy: [importKey(z)],
  },
  {
    guards: ['zone-file/import-run.ts put'],
    what: 'an import replaces the zone while the settings of the zone change',
    given: [zone],
    run: importFile,
    isSecond: writes(atZ),
    first: [putZone(z, { defaultTtl: 60 })],
    stoppedBy: [atZ, serialOfZ],
  },
  {
    guards: ['zone-file/import-run.ts requireUnchanged'],
    what: 'an import replaces the zone while a host is created in it',
    given: [zone],
    run: importFile,
    isSecond: writes(atZ),
    first: [host],
    stoppedBy: [serialOfZ],
  },
  {
    guards: ['zone-file/clean-generations.ts created'],
    what: 'names of an old generation are deleted while the zone is deleted and created again',
    given: [zone, leftover],
    run: ({ store }) => cleanGenerations(store, z),
    isSecond: deletesNames,
    first: recreate,
    stoppedBy: [atZ],
  },
];

overtaken.push(...reverseZoneRaces);

for (const row of overtaken)
  test(`compares stop the overtaken writer when ${row.what}`, (t) => assertOvertaken(t, row));

/** Returns how often each guard is in the list. */
function countOf(guards: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const guard of guards) counts.set(guard, (counts.get(guard) ?? 0) + 1);
  return counts;
}

test('every compare in src/control has a row, and every row names existing compares', () => {
  const source = fileURLToPath(new URL('../../src/control/', import.meta.url));
  const isGuard =
    /(?:builder|this|\))\s*\.(require[A-Z]\w+|put|delete|deleteForwarder|createZone)(?:Value<'\w+'>)?\(|\.(endImport)\(|(?<!function )\b(requireOrphan)\(|(?<!this\.require\(){ kind: '(absent|created|modified|value|quiet)'|\b(lock\.compare)\b/g;
  const files = globSync('**/*.ts', { cwd: source }).filter((file) => file !== 'transaction/batch.ts');
  const inSource = files.flatMap((file) =>
    [...readFileSync(`${source}${file}`, 'utf8').matchAll(isGuard)].map(
      ([, ...kinds]) => `${file} ${kinds.find((kind) => kind !== undefined)}`,
    ),
  );
  const rows = countOf([...races, ...overtaken].flatMap(({ guards }) => guards));
  assert.deepEqual([...new Set(inSource)].sort(), [...rows.keys()].sort());
  const missing = [...countOf(inSource)].filter(([guard, sites]) => (rows.get(guard) ?? 0) < sites);
  assert.deepEqual(missing, [], 'these compares have no row of their own');
});
