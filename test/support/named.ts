// A real BIND as a company's resolver: recursion on, DNSSEC validation at its default, and a conditional forward for
// each zone.

import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Server } from './dns-client.ts';
import { freePort } from './free-port.ts';
import { findProgram, startPeerProcess } from './peer-process.ts';
import type { Cleanup } from './temporary.ts';

const binary = findProgram('named');

/** Returns a test's `skip`: false if BIND is installed, or under CI, where the test must fail without it. */
export function skipWithoutNamed(): string | false {
  return binary === undefined && process.env.CI !== 'true' ? 'BIND is not installed: install bind9' : false;
}

/** Starts BIND. It forwards queries for names in the zones to the targets, and no other queries. */
export async function startNamed(
  test: Cleanup,
  folder: string,
  zones: readonly string[],
  targets: readonly Server[],
): Promise<Server> {
  const forwarders = targets.map(({ address, port: target }) => `${address} port ${target};`).join(' ');
  const config = [
    `options { empty-zones-enable no; validate-except { ${zones.map((zone) => `"${zone}";`).join(' ')} }; };`,
    ...zones.map((zone) => `zone "${zone}" { type forward; forward only; forwarders { ${forwarders} }; };`),
  ];
  return startNamedOn(test, folder, config.join('\n'));
}

/**
 * Starts BIND with this configuration, which must have an `options` block. Adds to it port, folder, recursion and
 * DNSSEC validation.
 */
export async function startNamedOn(test: Cleanup, folder: string, config: string): Promise<Server> {
  if (binary === undefined) throw new Error('BIND is not installed: install bind9');
  const port = await freePort();
  await mkdir(folder, { recursive: true });
  const place = [
    `options { directory "${folder}"; pid-file none; session-keyfile none; lock-file none; listen-on port ${port} { 127.0.0.1; };`,
    `  listen-on-v6 { none; }; recursion yes; allow-query { any; }; dnssec-validation auto; managed-keys-directory "${folder}";`,
  ];
  const file = join(folder, 'named.conf');
  await writeFile(file, `${config.replace('options {', place.join('\n'))}\ncontrols { };\n`);
  const { hasEnded, output } = startPeerProcess(test, binary, ['-g', '-c', file, '-n', '1']);
  for (const until = Date.now() + 20_000; !/ all zones loaded|: running/.test(output()); await delay(20)) {
    if (hasEnded() || Date.now() > until) throw new Error(`BIND did not start: ${output()}`);
  }
  return { address: '127.0.0.1', port };
}

/** Returns what `dig +short` prints. dig asks with RD, AD and EDNS. */
export async function dig(server: Server, ...question: string[]): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run('dig', [
    `@${server.address}`,
    '-p',
    String(server.port),
    '+time=20',
    '+tries=1',
    ...question,
  ]);
  return stdout.trim();
}
