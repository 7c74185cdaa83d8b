// Others' tools get right answers over every transport they speak: dig, kdig, drill and delv over UDP, TCP, TLS and HTTPS.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
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
// Without validation: the zone is not signed.
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

/** Whatever its exit code: delv's is not 0 for a negative answer. */
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
  for (const { program, transport, command } of tools) {
    const shown = command('…', '…', '', '').filter((arg) => arg.startsWith('+') || arg === '-t');
    test(`${program} over ${transport} (${shown.join(' ')})`, { skip: skip(program) }, async (t) => {
      for (const address of [loopback, loopback6]) {
        const running = await runSecureServer(t, { address });
        const ask = (name: string, type: string) =>
          run(program, command(address.address, portOf(running, transport), name, type));
        assert.match(await ask(host, 'A'), /^host\.example\.\s+300\s+IN\s+A\s+192\.0\.2\.1$/m);
        assert.match(await ask(host, 'AAAA'), /^host\.example\.\s+300\s+IN\s+AAAA\s+2001:db8::1$/m);
        const none = await ask('none.example', 'A');
        assert.match(none, /NXDOMAIN|ncache nxdomain/i);
        const noData = await ask(host, 'MX');
        assert.match(noData, /NOERROR|ncache nxrrset/i);
        assert.doesNotMatch(noData, /\bMX\s+\d/);
        const whole = await ask(large, 'TXT');
        // Over UDP drill shows what was cut off; the others come again over TCP.
        if (program !== 'drill' || transport !== 'udp') {
          assert.equal(whole.match(/^large\.example\.\s+300\s+IN\s+TXT\s/gm)?.length, 40, whole);
        }
        const queries = running.server.counters().find(({ name }) => name === 'dns_queries_total');
        assert.ok((queries?.values[transport] ?? 0) >= 4, JSON.stringify(queries));
      }
    });
  }
});
