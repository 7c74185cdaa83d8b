// The process: reads the arguments, runs a command, and ends in an orderly way. cli/zonewright.js checks the version of
// Node.

import { readFileSync } from 'node:fs';
import { styleText } from 'node:util';
import closeWithGrace from 'close-with-grace';
import { pino } from 'pino';
import type { App } from './app.ts';
import {
  backupOptions,
  describeOptions,
  exportOptions,
  forwardingOptions,
  importOptions,
  restoreOptions,
} from './command-options.ts';
import {
  type Config,
  ConfigFaults,
  describeSettings,
  readBackupConfig,
  readConfig,
  readExportConfig,
  readForwardingConfig,
  readImportConfig,
  readProbeConfig,
  readRestoreConfig,
} from './config.ts';
import { formatLogLine } from './format-log-line.ts';
import { messageOf } from './model/thrown.ts';
import { writeLogLine } from './write-log-line.ts';

const usage = `Usage: zonewright <command> [flags]

  serve         answer the API and DNS until SIGTERM
  probe         exit 0 when the replica on this machine is ready (for container health checks)
  backup FILE   write everything that a running replica stores into FILE (-: standard output)
  restore FILE  write a backup into an empty store, of either kind
  import FILE   make hosts, or allocations of a pool, of the rows of a spreadsheet in FILE (CSV; -: standard input)
  export FILE   write the hosts, or the allocations of a pool, into FILE as CSV (-: standard output)
  forwarding ZONES  print what a resolver must be told to forward ZONES (a,b), or write it into its file
  claim-ledger  make this replica the one that has the ledger (SQLite): copy its file here first

  --help, --version

Flags of backup only (it finds a replica on this machine as probe does):
${describeOptions(backupOptions)}
Flags of forwarding only (it finds a replica as backup does):
${describeOptions(forwardingOptions)}
Flags of import only (it finds a replica as backup does):
${describeOptions(importOptions)}
Flags of export only (it finds a replica as backup does):
${describeOptions(exportOptions)}
Flags of restore only:
${describeOptions(restoreOptions)}
Flags and their environment variables; a flag overrides its variable:
${describeSettings()}
`;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Each command reads its arguments, and throws ConfigFaults if they are wrong. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number | undefined>>> = {
  serve: (args) => serve(readConfig(args)),
  probe: runProbe,
  backup: runBackup,
  restore: runRestore,
  import: runImport,
  export: runExport,
  forwarding: runForwarding,
  'claim-ledger': (args) => runClaimLedger(readConfig(args)),
};

/** Runs a command. Returns the exit status of the process; undefined while it serves. */
export async function main(args: readonly string[]): Promise<number | undefined> {
  const [command, ...rest] = args;
  if (args.includes('--help') || args.includes('-h') || command === 'help') return print(usage);
  if (command === '--version') return print(`zonewright ${version}\n`);
  if (command === undefined) return printUsageError(usage);
  const run = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (run === undefined) {
    const known = Object.keys(commands).join(', ');
    return printUsageError(`zonewright: unknown command '${command}' (commands: ${known}; see --help)\n`);
  }
  try {
    return await run(rest);
  } catch (error) {
    if (!(error instanceof ConfigFaults)) throw error;
    const faults = [...error.faults, ...(command === 'serve' ? await faultsInFiles(error) : [])];
    return printUsageError(
      `zonewright: ${faults.length === 1 ? 'a setting is' : 'some settings are'} wrong:\n${faults.map((fault) => `  ${fault}\n`).join('')}`,
    );
  }
}

/** Returns the faults in the files that the settings name, when other settings are wrong too. */
async function faultsInFiles({ unchecked }: ConfigFaults): Promise<string[]> {
  if (unchecked === undefined) return [];
  const { faultsOfFiles } = await import('./check-files.ts');
  return faultsOfFiles(unchecked, false);
}

/** Loads only the modules that a health check needs, because the check runs every few seconds. */
async function runProbe(args: readonly string[]): Promise<number> {
  const { probe } = await import('./cli/probe.ts');
  return probe(readProbeConfig(args));
}

async function runBackup(args: readonly string[]): Promise<number> {
  const { backup } = await import('./cli/backup.ts');
  return backup(readBackupConfig(args));
}

async function runImport(args: readonly string[]): Promise<number> {
  const { importCsv } = await import('./cli/import-csv.ts');
  return importCsv(readImportConfig(args));
}

async function runExport(args: readonly string[]): Promise<number> {
  const { exportCsv } = await import('./cli/export-csv.ts');
  return exportCsv(readExportConfig(args));
}

async function runForwarding(args: readonly string[]): Promise<number> {
  const { forwarding } = await import('./cli/forwarding.ts');
  return forwarding(readForwardingConfig(args));
}

async function runRestore(args: readonly string[]): Promise<number> {
  const { file, config, options } = readRestoreConfig(args);
  const [{ restore }, { Progress }] = await Promise.all([import('./restore.ts'), import('./cli/progress.ts')]);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt.abort());
  const progress = new Progress();
  try {
    const [logger, { signal }] = [pino({ level: 'silent' }), interrupt];
    const told = await restore({ file, config, ...options, progress, logger, signal });
    progress.end();
    return print(told);
  } catch (error) {
    progress.end();
    process.stderr.write(`zonewright restore: ${messageOf(error)}\n`);
    return 1;
  }
}

async function runClaimLedger(config: Config): Promise<number> {
  const { claimLedger } = await import('./claim-ledger.ts');
  try {
    return print(await claimLedger(config, pino({ level: 'silent' })));
  } catch (error) {
    process.stderr.write(`zonewright: ${messageOf(error)}\n`);
    return 1;
  }
}

async function serve(config: Config): Promise<number | undefined> {
  const { startApp } = await import('./app.ts');
  const logger = pino({ level: config.logLevel }, { write: logWriter(config) });
  let app: App | undefined;
  const grace = closeWithGrace({ delay: 10_000, logger: undefined }, async ({ err, signal }) => {
    if (err) logger.fatal(err, 'stopping after an error');
    else logger.info({ signal }, 'stopping');
    await app?.close();
    logger.info('stopped');
  });
  try {
    app = await startApp(config, logger, version);
    await app.ready;
    return undefined;
  } catch (error) {
    grace.uninstall();
    if (error instanceof ConfigFaults) throw error;
    // The message says what to do. Only an unexpected error needs its stack.
    logger.fatal(isUnexpected(error) ? error : {}, messageOf(error));
    await app?.close();
    return 1;
  }
}

/** Returns the function that writes log lines in the format of the settings. */
function logWriter({ logFormat }: Config): (line: string) => void {
  if (logFormat === 'json') return writeLogLine;
  const colors = styleText('red', 'x', { stream: process.stdout }) !== 'x';
  return (line) => writeLogLine(formatLogLine(line, { colors }));
}

/** Returns whether the error is a bug, not a reason why the replica cannot start here and now. */
function isUnexpected(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some((type) => error instanceof type);
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** Writes the text to standard error. Returns 2, the exit status for wrong arguments. */
function printUsageError(text: string): number {
  process.stderr.write(text);
  return 2;
}
