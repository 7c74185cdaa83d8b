// dig, kdig, drill and delv get right answers over every transport that they speak: UDP, TCP, TLS and HTTPS.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { withoutOpenssl } from '../../support/certificate.ts';
import { host, large } from './example-zone.ts';
import { loopback, loopback6 } from './running-server.ts';
import { runSecureServer, type SecureServer } from './secure-server.ts';

type Transport = 'udp' | 'tcp' | 'tls' | 'https';
type Command = (server: string, port: string, name: string, type: string) => string[];

interface Tool {
  readonly program: string;
  readonly transport: Transport;
  readonly command: Command;
}

const dig =
  (...flags: string[]): Command =>
  (server, port, name, type) => [`@${server}`, '-p', port, '+tries=1', '+norecurse', ...flags, name, type];
const kdig =
  (...flags: string[]): Command =>
  (server, port, name, type) => [`@${server}`, '-p', port, '+retry=0', ...flags, name, type];
const drill =
  (...flags: string[]): Command =>
  (server, port, name, type) => ['-p', port, ...flags, name, `@${server}`, type];
// delv must not validate, because the zone is not signed.
const delv =
  (...flags: string[]): Command =>
  (server, port, name, type) => [`@${server}`, '-p', port, '-i', ...flags, name, type];

const tools: readonly Tool[] = [
  { program: 'dig', transport: 'udp', command: dig('+notcp') },
  { program: 'dig', transport: 'tcp', command: dig('+tcp') },
  { program: 'dig', transport: 'tls', command: dig('+tls') },
  { program: 'dig', transport: 'https', command: dig('+https') },
  { program: 'dig', transport: 'https', command: dig('+https-get') },
  { program: 'kdig', transport: 'udp', command: kdig() },
  { program: 'kdig', transport: 'tcp', command: kdig('+tcp') },
  { program: 'kdig', transport: 'tls', command: kdig('+tls') },
  { program: 'kdig', transport: 'https', command: kdig('+https') },
  { program: 'kdig', transport: 'https', command: kdig('+https', '+https-get') },
  { program: 'drill', transport: 'udp', command: drill() },
  { program: 'drill', transport: 'tcp', command: drill('-t') },
  { program: 'delv', transport: 'udp', command: delv() },
  { program: 'delv', transport: 'tcp', command: delv('+tcp') },
];

/** Runs a program. Returns its output. Ignores its exit code, because that of delv is not 0 for a negative answer. */
async function run(program: string, args: string[]): Promise<string> {
  const failed = (error: Error & { stdout?: string; stderr?: string; code?: unknown }) => {
    if (error.code === 'ENOENT') throw error;
    return { stdout: `${error.stdout}`, stderr: `${error.stderr}` };
  };
  const { stdout, stderr } = await promisify(execFile)(program, args, { timeout: 30_000 }).catch(failed);
  return stdout + stderr;
}

function skip(program: string): string | false {
  const here = ['/usr/bin', '/usr/local/bin'].some((folder) => existsSync(join(folder, program)));
  return !here && process.env.CI !== 'true' ? `${program} is not installed` : false;
}

function portOf({ server, tls, https }: SecureServer, transport: Transport): string {
  const endpoints = { udp: server.addresses[0], tcp: server.addresses[0], tls, https };
  return String(endpoints[transport]?.port);
}

suite('tools', { skip: withoutOpenssl }, () => {
  const servers: SecureServer[] = [];
  const cleaners: (() => unknown)[] = [];
  before(async () => {
    const scope = { after: (clean: () => unknown) => cleaners.unshift(clean) };
    for (const address of [loopback, loopback6]) servers.push(await runSecureServer(scope, { address }));
  });
  after(async () => {
    for (const clean of cleaners) await clean();
  });

  for (const { program, transport, command } of tools) {
    const shown = command('…', '…', '', '').filter((arg) => arg.startsWith('+') || arg === '-t');
    test(`${program} gets right answers over ${transport} (${shown.join(' ')})`, { skip: skip(program) }, async () => {
      await Promise.all(servers.map((running) => assertAnswers(running, program, transport, command)));
    });
  }
});

async function assertAnswers(
  running: SecureServer,
  program: string,
  transport: Transport,
  command: Command,
): Promise<void> {
  const address = running.tls.address;
  const port = portOf(running, transport);
  const queries = () =>
    running.server.counters().find(({ name }) => name === 'dns_queries_total')?.values[transport] ?? 0;
  const before = queries();
  const ask = (name: string, type: string) => run(program, command(address, port, name, type));
  const [a, aaaa, none, noData, whole] = await Promise.all([
    ask(host, 'A'),
    ask(host, 'AAAA'),
    ask('none.example', 'A'),
    ask(host, 'MX'),
    ask(large, 'TXT'),
  ]);
  assert.match(a, /^host\.example\.\s+300\s+IN\s+A\s+192\.0\.2\.1$/m);
  assert.match(aaaa, /^host\.example\.\s+300\s+IN\s+AAAA\s+2001:db8::1$/m);
  assert.match(none, /NXDOMAIN|ncache nxdomain/i);
  assert.match(noData, /NOERROR|ncache nxrrset/i);
  assert.doesNotMatch(noData, /\bMX\s+\d/);
  // Over UDP, drill shows the truncated answer. The other tools ask again over TCP.
  if (program !== 'drill' || transport !== 'udp') {
    assert.equal(whole.match(/^large\.example\.\s+300\s+IN\s+TXT\s/gm)?.length, 40, whole);
  }
  assert.ok(queries() - before >= 4, `${queries() - before} queries over ${transport}`);
}
