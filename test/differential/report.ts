// Writes the result of a run as text: a line for each batch, a summary, and what is needed to reproduce the first
// unexplained differences.

import { differingParts } from './answer.ts';
import type { Report } from './differential.ts';
import type { Case } from './judge.ts';
import { peerNames } from './peers.ts';
import { describeQuestion } from './random-questions.ts';
import { zoneFile } from './zone-builder.ts';

/** The number of unexplained differences that are printed in full. */
const printedInFull = 3;

export function progressLine({ families, zones, questions, unexplained }: Report): string {
  return `${families} families, ${zones} zones, ${questions} questions: ${unexplained.length} unexplained`;
}

export function summary(report: Report): string {
  const { sameAsOne, notLoaded, silent, documented } = report;
  const occurrences = Object.entries(documented).map(([name, { seen, needed }]) => `  ${name}: ${seen} (${needed})`);
  return [
    `seed ${report.seed}: ${progressLine(report)}`,
    `the same as both ${report.sameAsBoth}, as NSD alone ${sameAsOne.nsd}, as Knot alone ${sameAsOne.knot}`,
    `the other peer differs in undocumented ways: ${report.peersDiffer}; families not loaded by NSD ${notLoaded.nsd}, by Knot ${notLoaded.knot}; silent NSD ${silent.nsd}, Knot ${silent.knot}`,
    `the same through our sockets: ${report.overSockets}`,
    'documented differences from a peer (from both):',
    ...occurrences,
  ].join('\n');
}

/** Returns the text about the first unexplained differences; empty if there are none. */
export function describeUnexplained({ seed, unexplained }: Report): string {
  return unexplained
    .slice(0, printedInFull)
    .map((asked) => describeCase(seed, asked))
    .join('\n\n');
}

function describeCase(seed: number, { family, question, ours, whole, theirs }: Case): string {
  const answers = { ours, 'ours, whole': whole, ...theirs };
  return [
    `${describeQuestion(question)}  (DIFFERENTIAL_SEED=${seed} DIFFERENTIAL_FIRST=${family.number} DIFFERENTIAL_FAMILIES=1)`,
    ...peerNames.map((name) => {
      const answer = theirs[name];
      return `from ${name}: ${answer === undefined ? 'not loaded' : differingParts(ours, answer).join(', ') || 'the same'}`;
    }),
    ...Object.entries(answers).map(([whose, answer]) => `${whose} ${JSON.stringify(answer, null, 1)}`),
    ...family.zones.map(zoneFile),
  ].join('\n');
}
