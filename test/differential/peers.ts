// The servers with which we are compared: real NSD and Knot DNS on loopback, started with the zones of one batch.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exchange, queryBytes } from '../support/dns-client.ts';
import { freePort } from '../support/free-port.ts';
import { findProgram, startPeerProcess } from '../support/peer-process.ts';
import type { Cleanup } from '../support/temporary.ts';
import type { NamedServer } from './ask-many.ts';
import { type Zone, zoneFile } from './zone-builder.ts';

export type PeerName = 'nsd' | 'knot';

export interface PeerServer extends NamedServer {
  readonly pid: number;
}

interface ZoneFile {
  apex: string;
  file: string;
}

interface Peer {
  /** The name of Debian's package. */
  package: string;
  program: string;
  arguments(config: string): string[];
  config(folder: string, port: number, zones: readonly ZoneFile[]): string;
}

export const peers: Readonly<Record<PeerName, Peer>> = {
  nsd: {
    package: 'nsd',
    program: 'nsd',
    arguments: (config) => ['-d', '-c', config],
    // Rate limits would drop our queries.
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

const programOf = (name: PeerName): string | undefined => findProgram(peers[name].program);

/** Returns a test's `skip`: false if both servers are installed, or under CI, where the test must fail without them. */
export function skipWithoutPeers(): string | false {
  const missing = peerNames.filter((name) => programOf(name) === undefined).map((name) => peers[name].package);
  return missing.length > 0 && process.env.CI !== 'true' ? `not here: install ${missing.join(' and ')}` : false;
}

/** Starts the peer with these zones. It answers SERVFAIL for a zone that it did not load. */
export async function startPeer(
  scope: Cleanup,
  name: PeerName,
  folder: string,
  zones: readonly Zone[],
): Promise<PeerServer> {
  await mkdir(folder, { recursive: true });
  const files = zones.map((zone, index) => ({ apex: zone.apex, file: `${index}.zone`, text: zoneFile(zone) }));
  for (const { file, text } of files) await writeFile(join(folder, file), text);
  return startPeerOnFiles(scope, name, folder, files);
}

/** Starts the peer with existing zone files. Resolves when it answers queries. */
export async function startPeerOnFiles(
  scope: Cleanup,
  name: PeerName,
  folder: string,
  zones: readonly ZoneFile[],
): Promise<PeerServer> {
  const program = programOf(name);
  if (program === undefined) throw new Error(`${name} is not installed: install ${peers[name].package}`);
  await mkdir(folder, { recursive: true });
  const server = { name, address: '127.0.0.1', port: await freePort() };
  const config = join(folder, `${name}.conf`);
  await writeFile(config, peers[name].config(folder, server.port, zones));
  const { pid, hasEnded, output } = startPeerProcess(scope, program, peers[name].arguments(config), folder);
  const query = queryBytes({ name: 'is-it.there.', type: 'A' });
  for (const until = Date.now() + 20_000; ; ) {
    if (hasEnded() || Date.now() > until) throw new Error(`${name} did not start: ${output()}`);
    const answer = await exchange(server, query, { timeoutMilliseconds: 200 }).catch(() => undefined);
    if (answer !== undefined) return { ...server, pid };
    await delay(20);
  }
}
