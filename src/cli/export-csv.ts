// `zonewright export FILE`: writes the hosts, or the allocations of a pool, into a file as CSV. The file gets its name
// when all of it is on the disk.

import { messageOf } from '../model/thrown.ts';
import { type ApiCall, askApi } from './ask-api.ts';
import { csvPath } from './csv-path.ts';
import { codeOf } from './find-replica.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { type Output, openOutput } from './output-file.ts';
import { Progress, shownSize } from './progress.ts';

interface ExportOptions extends ApiCall {
  /** `-`: standard output. */
  file: string;
  force: boolean;
  /** The pool whose allocations are wanted. Undefined: hosts are wanted. */
  allocationsOf: string | undefined;
}

/** How long the replica may be silent. */
const patience = { answerMilliseconds: 120_000, sendMilliseconds: 120_000 };

/** Returns the exit status: 0 if all rows are on the disk, else 1. */
export async function exportCsv(options: ExportOptions): Promise<number> {
  const signal = interruptSignal('no file was written');
  const progress = new Progress();
  let output: Output | undefined;
  try {
    output = await openOutput(options.file, options);
    const octets = await writeRows(options, output, progress, signal);
    progress.end();
    if (options.file !== '-') process.stdout.write(`${options.file}: ${shownSize(octets)}\n`);
    return 0;
  } catch (error) {
    progress.end();
    await output?.discard();
    process.stderr.write(`zonewright export: ${messageOf(signal.aborted ? signal.reason : error)}\n`);
    return 1;
  }
}

/** Returns the number of octets that were written. */
async function writeRows(
  options: ExportOptions,
  output: Output,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const path = csvPath(options.allocationsOf);
  const { url, response } = await askApi(options, path, { ...patience, accept: 'text/csv', signal });
  let octets = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      octets += chunk.length;
      progress.show(() => `${shownSize(octets)} received`);
      await output.write(chunk);
    }
  } catch (error) {
    if (codeOf(error) !== 'ECONNRESET') throw error;
    throw new Error(`${url}: the connection ended before the last row`, { cause: error });
  }
  await output.finish();
  return octets;
}
