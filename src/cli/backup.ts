// `zonewright backup FILE`: asks a running replica for a backup, and checks all of it while it arrives. The file gets
// its name when all octets are on the disk. backup/backup-spool.ts makes the backup.

import { BackupFault, shownLedger } from '../backup/backup-format.ts';
import { checkBackup } from '../backup/read-backup.ts';
import { messageOf } from '../model/thrown.ts';
import { type ApiCall, askApi } from './ask-api.ts';
import { type EncryptOptions, encrypted } from './encryption.ts';
import { codeOf } from './find-replica.ts';
import { interruptSignal } from './interrupt-signal.ts';
import { type Output, openOutput } from './output-file.ts';
import { Progress, shownSize } from './progress.ts';

interface BackupOptions extends ApiCall, EncryptOptions {
  /** `-`: standard output. */
  file: string;
  force: boolean;
  withoutLedger: boolean;
}

/** How long the replica may be silent: while it makes the backup, and while it sends the backup. */
const patience = { answerMilliseconds: 3_600_000, sendMilliseconds: 120_000 };

/** Returns the exit status: 0 if the backup is whole and on the disk, else 1. */
export async function backup(options: BackupOptions): Promise<number> {
  const signal = interruptSignal('no backup was written');
  const progress = new Progress();
  let output: Output | undefined;
  try {
    output = await encrypted(() => openOutput(options.file, options), options);
    const told = await writeBackup(options, output, progress, signal);
    progress.end();
    (options.file === '-' ? process.stderr : process.stdout).write(`${told}\n`);
    return 0;
  } catch (error) {
    progress.end();
    await output?.discard();
    const reason = signal.aborted ? signal.reason : error;
    process.stderr.write(`zonewright backup: ${messageOf(reason)}\n`);
    return 1;
  }
}

/** Writes the backup. Returns the text for the operator. */
async function writeBackup(
  options: BackupOptions,
  output: Output,
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const path = `/v1/backup${options.withoutLedger ? '?ledger=false' : ''}`;
  const onFound = () => progress.wait('the replica reads its store');
  const { url, response } = await askApi(options, path, { ...patience, onFound, signal });
  const total = Number(response.headers['content-length']);
  let octets = 0;
  async function* kept(): AsyncGenerator<Buffer> {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      octets += chunk.length;
      progress.show(() => `${shownSize(octets)} of ${shownSize(total)} received`);
      await output.write(chunk);
      yield chunk;
    }
  }
  const { header, entries, sha256 } = await checkBackup(kept()).catch((error: unknown) => {
    if (error instanceof BackupFault) throw new Error(`${url}: what was received is not whole: ${error.message}`);
    if (codeOf(error) !== 'ECONNRESET') throw error;
    throw new Error(`${url}: the connection ended after ${octets} of ${total} octets`, { cause: error });
  });
  signal.throwIfAborted();
  await output.finish();
  const what = `revision ${header.revision} of ${header.at}, ${entries} keys, ${shownSize(octets)}`;
  const where = options.file === '-' ? '' : `${options.file}: `;
  return `${where}${what}, SHA-256 of its contents ${sha256}; ${shownLedger[header.ledger]}`;
}
