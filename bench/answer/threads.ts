// Measures how many more answers a replica sends with two answering threads than with one. On a machine with few
// processors, dnsperf would use the processor that the second thread needs. So each answering thread gets only a
// quarter of a processor (SCHED_DEADLINE). Run it as root with `npm run bench:threads`.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Replica, startReplica } from '../../test/support/replica.ts';
import { type Cleanup, inScope, temporaryFolder } from '../../test/support/temporary.ts';
import { type Cost, measure } from './measure.ts';

const zone = 'bench.example';
/** The number of client ports. It is large, because the kernel distributes ports, not questions, over the sockets. */
const ports = 100;
/** The limit for unanswered questions. It is so high that one thread has work while the other has used up its time. */
const underWay = 2_000;
const rounds = 5;
const seconds = 3;

await inScope(compare);

async function compare(cleanup: Cleanup): Promise<void> {
  const folder = await temporaryFolder(cleanup);
  const questions = join(folder, 'questions');
  await writeFile(questions, `host.${zone} A\n`);
  const running: { threads: number; replica: Replica; costs: Cost[] }[] = [];
  for (const threads of [1, 2]) {
    const flags = ['--dns-threads', String(threads), '--log-level', 'warn'];
    const replica = await startReplica(cleanup, join(folder, String(threads)), flags);
    await replica.expect(201, 'POST', '/v1/zones', { name: zone });
    await replica.expect(201, 'PUT', `/v1/zones/${zone}/rrsets/host/A`, { records: ['192.0.2.1'] });
    // The first run is without a limit, so that V8 compiles the code.
    await measure(replica.dns.port, [replica.pid], { questions, ports, underWay }, seconds);
    holdAnsweringThreads(replica.pid);
    running.push({ threads, replica, costs: [] });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { replica, costs } of round % 2 === 0 ? running : running.toReversed()) {
      costs.push(await measure(replica.dns.port, [replica.pid], { questions, ports, underWay }, seconds));
    }
  }
  for (const { threads, costs } of running) {
    const rates = costs.map(({ answersPerSecond }) => answersPerSecond).sort((a, b) => a - b);
    const lost = costs.reduce((sum, cost) => sum + cost.lost, 0);
    const rate = rates[rounds >> 1]?.toFixed(0);
    console.log(`answering threads: ${threads}, each with a quarter of a processor; ${rate} answers/s, ${lost} lost`);
  }
}

/** Limits each answering thread to 2.5 ms of every 10 ms. `chrt` takes nanoseconds. */
function holdAnsweringThreads(pid: number): void {
  const period = '10000000';
  const share = ['--deadline', '--sched-runtime', '2500000', '--sched-deadline', period, '--sched-period', period];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8');
    if (name.startsWith('dns-udp-')) execFileSync('chrt', [...share, '--pid', '0', task]);
  }
}
