// Measures whether a flood of queries that are handed on delays other answers. A client asks a real replica at a steady
// rate: without a flood, during a flood of NOTIFY, which the main thread answers, during a flood of ordinary questions
// at the same rate, and during a flood to a port that nobody reads, which shows what the flood itself takes from the
// machine. The four take turns, for each kind of UDP socket. Prints lost answers, latencies, the replica's counters of
// the flood, and its memory. Fails if answers are lost during the flood of NOTIFY, or if their 99th percentile is more
// than 1.5 times that during the flood that nobody reads.
//
// npm run bench:flood [queries a second of the flood] [rounds]
// On a machine that also does other work: chrt -r 1 npm run bench:flood

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { queryBytes } from '../test/support/dns-client.ts';
import { startReplica } from '../test/support/replica.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';
import { floodDuring } from './flood-client.ts';
import { preferAll, residentOctets } from './replica-figures.ts';
import { type Answered, askDuring, mediansOf } from './steady-client.ts';
import { openUnreadSocket } from './unread-socket.ts';

const [floodPerSecond = '20000', rounds = '9'] = process.argv.slice(2);
const steadyPerSecond = 1_000;
const seconds = 2;
const steadyName = 'steady.foowidgets.k8s';
/** The largest ratio of the 99th percentile during the flood of NOTIFY to that during the flood that nobody reads. */
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
  console.table(Object.fromEntries([...runs].map(([name, answered]) => [name, mediansOf(answered)])));
  const { body } = await replica.request<string>('GET', '/metrics');
  for (const line of body.split('\n')) if (/^zonewright_dns_(handed_on|udp)_\w+ /.test(line)) console.log(line);
  console.log(`resident memory after each round: ${memory.map((octets) => (octets / 1e6).toFixed(0)).join(', ')} MB`);
  verdict(socket, runs);
}

/**
 * Prints the 99th percentile during each flood, as a multiple of that without a flood, and whether the replica passed.
 * The multiple of the flood that nobody reads is the part that the server does not cause.
 */
function verdict(socket: string, runs: ReadonlyMap<string, Answered[]>): void {
  const of = (name: string) => mediansOf(runs.get(name) ?? []);
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
