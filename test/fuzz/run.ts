// The long fuzz run: `npm run fuzz`. FUZZ_QUERIES sets its length, FUZZ_SEED repeats a run.

import { randomInt } from 'node:crypto';
import { type FuzzReport, type Memory, runFuzz } from './fuzz.ts';

const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const queries = Number(process.env.FUZZ_QUERIES ?? 5_000_000);
/** How much the heap, and the array buffers, may grow from the warm-up to the end, in octets. */
const allowedGrowth = 2_000_000;
/** How much resident memory may grow, in octets. */
const allowedResidentGrowth = 32_000_000;

console.log(`FUZZ_SEED=${seed}`);
const started = performance.now();
const report = runFuzz({ seed, queries, progress: (soFar) => console.log(line(soFar)) });
const { warm, last } = report;
const grown: Memory = {
  heap: last.heap - warm.heap,
  buffers: last.buffers - warm.buffers,
  resident: last.resident - warm.resident,
  table: last.table - warm.table,
};
const tooMuch = grown.heap > allowedGrowth || grown.buffers > allowedGrowth || grown.resident > allowedResidentGrowth;
console.log(
  [
    `${report.queries} queries in ${Math.round((performance.now() - started) / 1_000)} s, ${report.answered} answered, every response checked`,
    `rcodes ${JSON.stringify(report.rcodes)}, ${report.truncated} truncated, ${report.records} records`,
    `since the warm-up, after ${Math.ceil(queries / 20)} queries: ${megabytes(grown)}`,
    tooMuch ? 'FAILED: memory grows' : 'passed',
  ].join('\n'),
);
process.exitCode = tooMuch ? 1 : 0;

function line({ queries: done, answered, last }: FuzzReport): string {
  return `${done} queries, ${answered} answered: ${megabytes(last)}`;
}

function megabytes({ heap, buffers, resident, table }: Memory): string {
  const text = (octets: number): string => `${(octets / 1e6).toFixed(2)} MB`;
  return `heap ${text(heap)}, buffers ${text(buffers)}, resident ${text(resident)}, the table ${text(table)} of it`;
}
