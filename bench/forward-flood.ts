// Measures whether questions for a forwarded zone whose server is silent delay answers for zones of the replica. A
// client asks a real replica at a steady rate for a name of such a zone. Meanwhile a flood of 10,000 different
// questions is sent: for the forwarded zone, for a zone of the replica, or to a port that nobody reads, which shows
// what the flood itself takes from the machine. These floods and a run without a flood take turns. Prints lost answers,
// latencies, the outcomes of the questions, and the replica's memory. Fails if answers are lost during the flood for
// the forwarded zone, or if their 99th percentile is more than twice that during the flood for a zone of the replica.
//
// node bench/forward-flood.ts [questions] [rounds] [batched|datagram]

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { queryBytes, type Server } from '../test/support/dns-client.ts';
import { type Replica, startReplica } from '../test/support/replica.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';
import { floodDuring } from './flood-client.ts';
import { preferAll, residentOctets } from './replica-figures.ts';
import { type Answered, askDuring, mediansOf } from './steady-client.ts';
import { openUnreadSocket } from './unread-socket.ts';

const [questions = '10000', rounds = '7', socket = 'batched'] = process.argv.slice(2);
const steadyPerSecond = 1_000;
const steadyName = 'steady.foowidgets.k8s';
/** All questions of a flood are sent in half a second. */
const floodPerSecond = 2 * Number(questions);
const seconds = 2.5;
const maxRatio = 2;

/** The offset in a query of the first label: after the header and the octet with the label's length. */
const firstLabel = 13;

/** Returns a query for a name whose first label has eight digits: the flood counts there. */
const numbered = (zone: string) =>
  Buffer.from(queryBytes({ name: `00000000.${zone}`, type: 'A', recursionDesired: true }));
const floods = {
  'no flood': undefined,
  'for the forwarded zone': { query: numbered('silent.test'), unread: false },
  'for a zone here': { query: numbered('foowidgets.k8s'), unread: false },
  'that nobody reads': { query: numbered('silent.test'), unread: true },
};
type FloodName = keyof typeof floods;

preferAll();
await inScope(compare);

async function compare(cleanup: Cleanup): Promise<void> {
  const folder = join(await temporaryFolder(cleanup), 'replica');
  const replica = await startReplica(cleanup, folder, ['--dns-socket', socket]);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
  await replica.expect(201, 'PUT', `/v1/zones/foowidgets.k8s/rrsets/steady/A`, { records: ['192.0.2.1'] });
  const silent = openUnreadSocket(cleanup);
  const target = `${silent.address}:${silent.port}`;
  await replica.expect(201, 'PUT', '/v1/forwarders/silent.test', { targets: [target] });
  const runs = new Map<FloodName, Answered[]>();
  const memory: number[] = [];
  // Round 0 is the warm-up.
  for (let round = 0; round <= Number(rounds); round += 1) {
    const names = Object.keys(floods) as FloodName[];
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const answered = await run(replica, name, silent);
      if (round > 0) runs.set(name, [...(runs.get(name) ?? []), answered]);
    }
    memory.push(residentOctets(replica));
  }
  console.log(`${socket} sockets, ${questions} questions at once; medians of ${rounds} rounds, microseconds:`);
  console.table(Object.fromEntries([...runs].map(([name, answered]) => [name, mediansOf(answered)])));
  const { body } = await replica.request<string>('GET', '/metrics');
  for (const line of body.split('\n'))
    if (/^zonewright_(dns_handed_on|dns_udp|forwarder)_\w+[ {]/.test(line)) console.log(line);
  console.log(`resident memory after each round: ${memory.map((octets) => (octets / 1e6).toFixed(0)).join(', ')} MB`);
  const forwarded = mediansOf(runs.get('for the forwarded zone') ?? []);
  const ratio = forwarded.p99 / mediansOf(runs.get('for a zone here') ?? []).p99;
  const passed = forwarded.lost === 0 && ratio <= maxRatio;
  console.log(
    `${forwarded.lost} lost; p99 to that of the flood for a zone here: ${ratio.toFixed(2)}: ${passed ? 'passed' : 'FAILED'}`,
  );
  if (!passed) process.exitCode = 1;
}

/** Asks steadily for `seconds`, with the flood in the first half second. */
async function run(replica: Replica, name: FloodName, unread: Server): Promise<Answered> {
  const flood = floods[name];
  return askDuring({ server: replica.dns, name: steadyName, perSecond: steadyPerSecond }, async () => {
    const waiting = delay(seconds * 1_000);
    if (flood !== undefined) {
      const server = flood.unread ? unread : replica.dns;
      const half = () => delay(500);
      await floodDuring({ server, query: flood.query, perSecond: floodPerSecond, countAt: firstLabel }, half);
    }
    await waiting;
  });
}
