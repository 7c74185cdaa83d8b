// A short differential run against real NSD and Knot DNS, with another seed each time. run.ts is the long run. Also
// limits the number of documented differences.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDifferential } from './differential.ts';
import { documentedDifferences } from './documented-differences.ts';
import { skipWithoutPeers } from './peers.ts';
import { describeUnexplained, summary } from './report.ts';
import { numberFromEnvironment, seedOfRun } from './seed.ts';

test('our answers from random zones are those of NSD or Knot', { skip: skipWithoutPeers() }, async (t) => {
  const first = numberFromEnvironment('DIFFERENTIAL_FIRST') ?? 0;
  const families = numberFromEnvironment('DIFFERENTIAL_FAMILIES') ?? 200;
  const seed = seedOfRun();
  t.diagnostic(`DIFFERENTIAL_SEED=${seed}`);
  const report = await runDifferential({ seed, first, families, questionsEach: 20, batch: 100 });
  t.diagnostic(summary(report));
  assert.equal(report.unexplained.length, 0, `${summary(report)}\n${describeUnexplained(report)}`);
  assert.ok(
    report.notLoaded.knot + report.notLoaded.nsd < families / 2,
    'NSD and Knot refused to load too many of the random zones',
  );
});

test('the list of documented differences has not grown', () => {
  const length = Object.keys(documentedDifferences).length;
  assert.ok(
    length <= 11,
    `${length} differences are documented: change our answers instead of documenting another difference`,
  );
});
