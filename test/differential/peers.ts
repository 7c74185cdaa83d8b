// The servers that we are held against: real NSD and Knot DNS, on loopback, each with the zones it is given, for one batch.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exchange, queryBytes } from '../support/dns-client.ts';
import { freePort } from '../support/free-port.ts';
import type { Cleanup } from '../support/temporary.ts';
import type { NamedServer } from './ask-many.ts';
import { type Zone, zoneFile } from './zone-builder.ts';

export type PeerName = 'nsd' | 'knot';

interface Peer {
  /** Debian's package. */
  package: string;
  program: string;
  arguments(config: string): string[];
  config(folder: string, port: number, zones: readonly { apex: string; file: string }[]): string;
}

export const peers: Readonly<Record<PeerName, Peer>> = {
  nsd: {
    package: 'nsd',
    program: 'nsd',
    arguments: (config) => ['-d', '-c', config],
    // Rate limits would drop what we ask; the rest is its default.
    config: (folder, port, zones) => `
server:
  ip-address: 127.0.0.1@${port}
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  server-count: 1
  verbosity: 0
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
remote-control:
  control-enable: no
${zones.map(({ apex, file }) => `zone:\n  name: "${apex}"\n  zonefile: "${file}"`).join('\n')}
`,
  },
  knot: {
    package: 'knot',
    program: 'knotd',
    arguments: (config) => ['-c', config],
    config: (folder, port, zones) => `
server:
  rundir: "${folder}"
  listen: 127.0.0.1@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: error
database:
  storage: "${folder}/knot"
template:
  - id: default
    storage: "${folder}"
    zonefile-sync: -1
    journal-content: none
zone:
${zones.map(({ apex, file }) => `  - domain: "${apex}"\n    file: "${file}"`).join('\n')}
`,
  },
};

export const peerNames = Object.keys(peers) as PeerName[];

function programOf(name: PeerName): string | undefined {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, peers[name].program)).find(existsSync);
}

/** For a test's `skip`: false where both are there, or where their absence must be a failure. */
export function skipWithoutPeers(): string | false {
  const missing = peerNames.filter((name) => programOf(name) === undefined).map((name) => peers[name].package);
  return missing.length > 0 && process.env.CI !== 'true' ? `not here: install ${missing.join(' and ')}` : false;
}

/** Starts the peer and waits until it answers. A zone that it does not load, it says SERVFAIL for. */
export async function startPeer(
  scope: Cleanup,
  name: PeerName,
  folder: string,
  zones: readonly Zone[],
): Promise<NamedServer> {
  const program = programOf(name);
  if (program === undefined) throw new Error(`${name} is not here: install ${peers[name].package}`);
  await mkdir(folder, { recursive: true });
  const files = zones.map((zone, index) => ({ apex: zone.apex, file: `${index}.zone`, text: zoneFile(zone) }));
  for (const { file, text } of files) await writeFile(join(folder, file), text);
  const server = { name, address: '127.0.0.1', port: await freePort() };
  const config = join(folder, `${name}.conf`);
  await writeFile(config, peers[name].config(folder, server.port, files));
  const child = spawn(program, peers[name].arguments(config), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-4_000);
  });
  const stopWithUs = (): void => void child.kill('SIGTERM');
  process.once('exit', stopWithUs);
  scope.after(async () => {
    process.removeListener('exit', stopWithUs);
    await stop(child);
  });
  const query = queryBytes({ name: 'is-it.there.', type: 'A' });
  for (const until = Date.now() + 20_000; ; ) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} did not start: ${said}`);
    const answer = await exchange(server, query, { timeoutMilliseconds: 200 }).catch(() => undefined);
    if (answer !== undefined) return server;
    await delay(20);
  }
}

/** Asked first, because NSD has processes of its own to stop. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await exit;
  clearTimeout(impatience);
}
