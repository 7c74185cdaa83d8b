// The long differential run: `npm run test:differential`. DIFFERENTIAL_SEED repeats a run, DIFFERENTIAL_FAMILIES sets
// its length, DIFFERENTIAL_FIRST sets the first family.

import { runDifferential } from './differential.ts';
import { skipWithoutPeers } from './peers.ts';
import { describeUnexplained, progressLine, summary } from './report.ts';
import { numberFromEnvironment, seedOfRun } from './seed.ts';

const questionsEach = 20;
/** The number of families from which on a run must need every documented difference. */
const enoughForAll = 2_000;

const skip = skipWithoutPeers();
if (skip !== false) {
  console.log(`skipped: ${skip}`);
  process.exit(0);
}
// Calls exit(), because its handlers end child processes and remove folders.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const seed = seedOfRun();
console.log(`DIFFERENTIAL_SEED=${seed}`);
const report = await runDifferential({
  seed,
  first: numberFromEnvironment('DIFFERENTIAL_FIRST') ?? 0,
  families: numberFromEnvironment('DIFFERENTIAL_FAMILIES') ?? 2_500,
  questionsEach,
  batch: 125,
  progress: (soFar) => console.log(progressLine(soFar)),
});
const never = Object.entries(report.documented).flatMap(([name, { seen }]) => (seen === 0 ? [name] : []));
const outdated = report.families >= enoughForAll && never.length > 0;
console.log(describeUnexplained(report));
console.log(summary(report));
if (outdated) console.log(`documented, but it never occurred: ${never.join(', ')}`);
const failed = outdated || report.unexplained.length > 0;
console.log(
  `${failed ? 'FAILED' : 'passed'}: ${report.unexplained.length} unexplained differences in ${report.questions} questions to ${report.zones} zones`,
);
process.exitCode = failed ? 1 : 0;
