// A short run of zone files in the styles of other servers, with another seed each time. The long one:
// zone-files-run.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberFromEnvironment, seedOfRun } from './seed.ts';
import { documentedDifferences, mendings } from './zone-file-differences.ts';
import { skipWithoutZoneTools } from './zone-file-peers.ts';
import { describeZoneFiles, runZoneFiles } from './zone-files.ts';

test('a zone file that we import and export is the zone that BIND, NSD and Knot read from it', {
  skip: skipWithoutZoneTools(),
}, async (t) => {
  const seed = seedOfRun();
  t.diagnostic(`DIFFERENTIAL_SEED=${seed}`);
  const files = numberFromEnvironment('DIFFERENTIAL_FILES') ?? 42;
  const report = await runZoneFiles(t, seed, files);
  t.diagnostic(describeZoneFiles(report));
  assert.deepEqual(report.unexplained, []);
  assert.equal(report.files, files);
  assert.ok(report.taken.nsd + report.taken.knot > files, 'NSD and Knot refused too many files');
});

test('the lists of documented differences and of changes for peers have not grown', () => {
  assert.ok(Object.keys(documentedDifferences).length <= 4);
  assert.ok(Object.keys(mendings).length <= 5);
});
