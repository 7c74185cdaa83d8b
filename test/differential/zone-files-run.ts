// The long run of zone files: `npm run test:zone-files`. DIFFERENTIAL_SEED repeats a run, DIFFERENTIAL_FILES sets the
// number of files.

import { numberFromEnvironment, seedOfRun } from './seed.ts';
import { skipWithoutZoneTools } from './zone-file-peers.ts';
import { describeZoneFiles, runZoneFiles } from './zone-files.ts';

const skip = skipWithoutZoneTools();
if (skip !== false) {
  console.log(`skipped: ${skip}`);
  process.exit(0);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const seed = seedOfRun();
console.log(`DIFFERENTIAL_SEED=${seed}`);
const ends: (() => unknown)[] = [];
const report = await runZoneFiles(
  { after: (end) => void ends.push(end) },
  seed,
  numberFromEnvironment('DIFFERENTIAL_FILES') ?? 420,
);
for (const end of ends.reverse()) await end();
const never = Object.entries({ ...report.documented, ...report.mended }).flatMap(([name, count]) =>
  count === 0 ? [name] : [],
);
console.log(report.unexplained.join('\n'));
console.log(describeZoneFiles(report));
if (never.length > 0) console.log(`documented, but it never occurred: ${never.join(', ')}`);
const failed = never.length > 0 || report.unexplained.length > 0;
console.log(`${failed ? 'FAILED' : 'passed'}: ${report.unexplained.length} unexplained differences`);
process.exitCode = failed ? 1 : 0;
