// Measures whether a flood of queries that are handed on delays other answers. A client asks a real replica at a steady
// rate: without a flood, during a flood of NOTIFY, which the main thread answers, during a flood of ordinary questions
// at the same rate, and during one at a port that nobody reads, which shows what the flood itself takes from the
// machine. The four take turns, for each kind of UDP socket. Prints lost answers, latencies, the replica's counters of
// the flood, and its memory. Fails if answers are lost during the flood of NOTIFY, or later than during one that nobody
// reads.
//
// npm run bench:flood [queries a second of the flood] [rounds]
// On a machine that also does other work: chrt -r 1 npm run bench:flood

import { closeSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { linux, openLibc } from '../src/dns/listen/libc.ts';
import { queryBytes, type Server } from '../test/support/dns-client.ts';
import { type Replica, startReplica } from '../test/support/replica.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';
import { floodDuring } from './flood-client.ts';
import { type Answered, askDuring } from './steady-client.ts';

const [floodPerSecond = '20000', rounds = '9'] = process.argv.slice(2);
const steadyPerSecond = 1_000;
const seconds = 2;
const steadyName = 'steady.foowidgets.k8s';
/** The maximum ratio of the 99th percentile under the flood of NOTIFY to that under a flood that nobody reads. */
const maxRatio = 1.5;

const ordinary = Buffer.from(queryBytes({ name: steadyName, type: 'A', edns: {} }));
const notify = Buffer.from(queryBytes({ name: 'foowidgets.k8s', type: 'SOA', edns: {} }));
notify[2] = 4 << 3;
const floods: Record<string, { query: Uint8Array; unread?: boolean } | undefined> = {
  'no flood': undefined,
  'flood of NOTIFY': { query: notify },
  'flood of ordinary questions': { query: ordinary },
  'flood that nobody reads': { query: ordinary, unread: true },
};

preferAll();
for (const socket of ['batched', 'datagram']) await inScope((cleanup) => compare(cleanup, socket));

async function compare(cleanup: Cleanup, socket: string): Promise<void> {
  const folder = join(await temporaryFolder(cleanup), 'replica');
  const replica = await startReplica(cleanup, folder, ['--dns-socket', socket]);
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/14'] });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
  await replica.expect(201, 'POST', '/v1/hosts', { name: steadyName });
  const runs = new Map<string, Answered[]>(Object.keys(floods).map((name) => [name, []]));
  const memory: number[] = [];
  const unreadServer = openUnreadSocket(cleanup);
  // Round 0 is the warm-up.
  for (let round = 0; round <= Number(rounds); round += 1) {
    const inTurn = round % 2 === 0 ? Object.entries(floods) : Object.entries(floods).toReversed();
    for (const [name, flood] of inTurn) {
      const ask = () =>
        askDuring({ server: replica.dns, name: steadyName, perSecond: steadyPerSecond }, () => delay(seconds * 1_000));
      const server = flood?.unread === true ? unreadServer : replica.dns;
      const answered = await (flood === undefined
        ? ask()
        : floodDuring({ server, query: flood.query, perSecond: Number(floodPerSecond) }, ask));
      if (round > 0) runs.get(name)?.push(answered);
    }
    memory.push(residentOctets(replica));
  }
  console.log(`${socket} sockets, a flood of ${floodPerSecond}/s; medians of ${rounds} rounds, microseconds:`);
  console.table(Object.fromEntries([...runs].map(([name, answered]) => [name, medians(answered)])));
  const { body } = await replica.request<string>('GET', '/metrics');
  for (const line of body.split('\n')) if (/^zonewright_dns_(handed_on|udp)_\w+ /.test(line)) console.log(line);
  console.log(`resident memory after each round: ${memory.map((octets) => (octets / 1e6).toFixed(0)).join(', ')} MB`);
  verdict(socket, runs);
}

/**
 * Gives the replica, the flood and the client a higher priority than other programs of this machine. The replica and
 * the flood have the same priority.
 */
function preferAll(): void {
  try {
    setPriority(-10);
  } catch {
    console.log('not privileged: other programs compete with the replica for processors');
  }
}

/**
 * Prints whether the flood of NOTIFY passed: the 99th percentile of each flood, as a multiple of that without a flood.
 * What a flood takes from the machine, also if nobody reads it, is not the server's.
 */
function verdict(socket: string, runs: ReadonlyMap<string, Answered[]>): void {
  const of = (name: string) => medians(runs.get(name) ?? []);
  const { lost, p99 } = of('flood of NOTIFY');
  const passed = lost === 0 && p99 <= maxRatio * of('flood that nobody reads').p99;
  const multiples = Object.keys(floods)
    .slice(1)
    .map((name) => `${name} ${(of(name).p99 / of('no flood').p99).toFixed(2)}`);
  console.log(
    `${socket}: ${lost} lost; p99 to that without a flood: ${multiples.join(', ')}: ${passed ? 'passed' : 'FAILED'}`,
  );
  if (!passed) process.exitCode = 1;
}

/** Returns the median of each latency, and the sums of sent queries and lost answers. */
function medians(runs: readonly Answered[]): Answered {
  const median = (figure: keyof Answered) =>
    runs.map((run) => run[figure]).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
  return {
    sent: runs.reduce((sum, { sent }) => sum + sent, 0),
    lost: runs.reduce((sum, { lost }) => sum + lost, 0),
    p50: median('p50'),
    p99: median('p99'),
    p999: median('p999'),
    max: median('max'),
  };
}

/** Opens a socket that drops what it gets: nobody reads it. */
function openUnreadSocket(cleanup: Cleanup): Server {
  const libc = openLibc();
  const descriptor = libc.socket(linux.AF_INET, linux.SOCK_DGRAM, 0);
  cleanup.after(() => closeSync(descriptor));
  const name = new ArrayBuffer(16);
  const view = new DataView(name);
  view.setUint16(0, linux.AF_INET, true);
  view.setUint32(4, 0x7f00_0001);
  libc.bind(descriptor, name, 16);
  libc.getsockname(descriptor, name, Int32Array.of(16).buffer);
  return { address: '127.0.0.1', port: view.getUint16(2) };
}

function residentOctets({ pid }: Replica): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
}
