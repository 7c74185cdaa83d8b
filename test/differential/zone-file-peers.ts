// Reads a zone file with BIND, NSD and Knot: BIND and NSD print the zone, Knot sends it as a zone transfer.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { findProgram, startPeerProcess } from '../support/peer-process.ts';
import type { Cleanup } from '../support/temporary.ts';

const run = promisify(execFile);
const options = { encoding: 'latin1', maxBuffer: 64 * 1024 * 1024 } as const;

const programs = ['named-compilezone', 'nsd-checkzone', 'knotd', 'kdig'];

export function skipWithoutZoneTools(): string | false {
  const missing = programs.filter((program) => findProgram(program) === undefined);
  return missing.length > 0 && process.env.CI !== 'true' && `not here: ${missing.join(', ')}`;
}

/** Returns the zone that BIND reads from the file, one record a line; undefined if BIND refuses the file. */
export async function readByNamed(zone: string, file: string): Promise<string | undefined> {
  const checks = ['-k', '-n', '-r', '-m', '-M', '-S', '-T'].flatMap((check) => [check, 'ignore']);
  const args = ['-q', ...checks, '-i', 'none', '-o', '-', zone, file];
  return output('named-compilezone', args);
}

/** Returns the zone that NSD reads from the file; undefined if NSD refuses the file. */
export async function readByNsd(zone: string, file: string): Promise<string | undefined> {
  return output('nsd-checkzone', ['-p', zone, file]);
}

async function output(program: string, args: readonly string[]): Promise<string | undefined> {
  const { stdout } = await run(findProgram(program) ?? program, args, options).catch(() => ({ stdout: undefined }));
  return stdout;
}

/** Starts Knot with these files. Returns a function that returns a zone as Knot has it; undefined if Knot lacks it. */
export async function startKnot(
  scope: Cleanup,
  folder: string,
  zones: readonly { zone: string; file: string }[],
): Promise<(zone: string) => Promise<string | undefined>> {
  const port = await freePort();
  await mkdir(join(folder, 'knot'), { recursive: true });
  const config = join(folder, 'knot', 'knot.conf');
  await writeFile(
    config,
    `
server:
  listen: 127.0.0.1@${port}
  rundir: "${folder}/knot"
database:
  storage: "${folder}/knot"
acl:
  - id: transfers
    address: 127.0.0.1
    action: transfer
template:
  - id: default
    acl: transfers
    semantic-checks: off
    zonefile-sync: -1
    journal-content: none
zone:
${zones.map(({ zone, file }) => `  - domain: ${zone}.\n    file: "${file}"`).join('\n')}
`,
  );
  const knot = startPeerProcess(scope, findProgram('knotd') ?? 'knotd', ['-c', config], folder);
  const dig = (...args: string[]) => output('kdig', ['@127.0.0.1', '-p', String(port), '+time=2', ...args]);
  for (const until = Date.now() + 30_000; (await dig('is-it.there.')) === undefined; await delay(50)) {
    if (knot.hasEnded() || Date.now() > until) throw new Error(`knotd did not start: ${knot.output()}`);
  }
  return async (zone) => {
    const text = await dig(zone, 'AXFR');
    return text?.includes('\tSOA\t') === true ? text : undefined;
  };
}
