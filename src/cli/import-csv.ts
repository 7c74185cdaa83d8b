// `zonewright import FILE`: has a replica make hosts, or allocations of a pool, of the rows of a spreadsheet. Prints
// each fault with its file and line on standard error.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { messageOf } from '../model/thrown.ts';
import { type ApiCall, askApi } from './ask-api.ts';
import { csvPath } from './csv-path.ts';
import { codeOf } from './find-replica.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { Progress } from './progress.ts';

interface ImportOptions extends ApiCall {
  /** `-`: standard input. */
  file: string;
  /** The pool of the allocations. Undefined: the rows are hosts. */
  allocationsOf: string | undefined;
  dryRun: boolean;
  /** Changes what exists with other settings. */
  put: boolean;
}

/** What the API tells in the lines of its answer. */
interface Line {
  progress?: { phase: string; done: number; total?: number };
  result?: Result;
  problem?: Problem;
}

interface Result {
  counts: Record<'rows' | 'created' | 'changed' | 'unchanged' | 'refused', number>;
  refused: { line: number; message: string }[];
}

interface Problem {
  detail: string;
  /** The number of all faults, of which `errors` has the first ones. */
  faults?: number;
  errors?: { pointer: string; message: string }[];
}

/** How long the replica may be silent. */
const patience = { answerMilliseconds: 120_000, sendMilliseconds: 120_000 };
const accept = 'application/x-ndjson';

/** Returns the exit status: 0 if all rows are written or, with `dryRun`, have no fault, else 1. */
export async function importCsv(options: ImportOptions): Promise<number> {
  const signal = interruptSignal('rows that were written stay; repeat the import to go on');
  const progress = new Progress();
  try {
    const { result, problem } = await sendRows(options, progress, signal);
    progress.end();
    if (result !== undefined) return tellResult(options, result);
    if (problem !== undefined) return tellProblem(options, problem);
    throw new Error('the connection ended before the outcome: repeat the import; rows that stand change nothing');
  } catch (error) {
    progress.end();
    process.stderr.write(`zonewright import: ${messageOf(signal.aborted ? signal.reason : error)}\n`);
    return 1;
  }
}

async function sendRows(options: ImportOptions, progress: Progress, signal: AbortSignal): Promise<Line> {
  const query = new URLSearchParams({
    ...(options.dryRun && { dryRun: 'true' }),
    ...(options.put && { mode: 'put' }),
  });
  const path = `${csvPath(options.allocationsOf)}:import`;
  const open = await openerOf(options.file);
  const onFound = () => progress.wait('waiting for the replica');
  const ask = (params: string, more: { open: () => Readable; token?: string }) => {
    const { open, ...asked } = more;
    const body = { type: 'text/csv', open };
    return askApi(options, `${path}?${params}`, { ...patience, accept, body, signal, onFound, ...asked });
  };
  // A replica that refuses a large body closes the connection at once, and the reason would be lost. So the first
  // request has no rows.
  const header = options.allocationsOf === undefined ? 'name\n' : 'address\n';
  const trial = await ask('dryRun=true', { open: () => Readable.from([header]) });
  trial.response.resume();
  const { response } = await ask(String(query), { open, token: trial.token });
  let last: Line = {};
  try {
    for await (const text of createInterface({ input: response })) {
      last = JSON.parse(text) as Line;
      const { phase, done, total } = last.progress ?? {};
      const of = total === undefined ? '' : ` of ${total}`;
      if (phase !== undefined)
        progress.show(() => `${phase === 'writing' ? 'writing' : 'checking'}: ${done}${of} rows`);
    }
  } catch (error) {
    if (codeOf(error) !== 'ECONNRESET') throw error;
  }
  return last;
}

/** Returns a function that opens the file. Throws an error that names the file. */
async function openerOf(file: string): Promise<() => Readable> {
  if (file === '-') return () => process.stdin;
  const found = await stat(file).catch((error: unknown) => {
    throw new Error(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if (found.isDirectory()) throw new Error(`${file} is a folder: name a file in it`);
  return () => createReadStream(file);
}

function tellResult({ file, dryRun }: ImportOptions, { counts, refused }: Result): number {
  for (const { line, message } of refused) tellFault(file, line, message);
  const { rows, created, changed, unchanged } = counts;
  const verb = dryRun ? 'would be ' : '';
  const overtaken = counts.refused === 0 ? '' : `, ${counts.refused} refused`;
  process.stdout.write(
    `${file}: ${rows} rows, ${verb}${created} created, ${changed} changed, ${unchanged} unchanged${overtaken}\n`,
  );
  return counts.refused === 0 ? 0 : 1;
}

function tellProblem({ file }: ImportOptions, { detail, errors = [], faults = errors.length }: Problem): number {
  for (const { pointer, message } of errors) tellFault(file, pointer.replace(/^line:/, ''), message);
  const more = faults > errors.length ? `, of which the first ${errors.length} are listed` : '';
  const all = `${faults} ${faults === 1 ? 'fault' : 'faults'} in ${file}${more}: nothing was changed`;
  process.stderr.write(`zonewright import: ${errors.length === 0 ? detail : all}\n`);
  return 1;
}

/** Prints a fault in the form that editors understand. */
function tellFault(file: string, line: number | string, message: string): void {
  process.stderr.write(`${file}:${line}: ${message}\n`);
}
