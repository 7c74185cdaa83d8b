// A short run of zone files in the styles of other servers, with another seed each time. zone-files-run.ts is the long
// run. Also limits the number of documented differences.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberFromEnvironment, seedOfRun } from './seed.ts';
import { documentedDifferences, mendings } from './zone-file-differences.ts';
import { skipWithoutZoneTools } from './zone-file-peers.ts';
import { describeZoneFiles, runZoneFiles } from './zone-files.ts';

test('BIND, NSD and Knot read the same zone from a file as we do, and BIND and NSD read that zone from our export', {
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

test('the lists of documented differences and of the changes that let peers read a file have not grown', () => {
  assert.ok(Object.keys(documentedDifferences).length <= 4);
  assert.ok(Object.keys(mendings).length <= 5);
});
