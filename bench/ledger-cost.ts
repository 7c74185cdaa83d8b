// Measures what a ledger costs a write: the CPU time of one POST /v1/hosts at a replica without a ledger and at one
// with a ledger in SQLite, round after round in turn. Counts the time of the main thread, which answers requests, of
// the ledger's thread, and of the whole process. Prints the medians of the rounds.
//
// npm run bench:ledger-cost [requests in a round] [rounds]

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Replica, startReplica } from '../test/support/replica.ts';
import { inScope, temporaryFolder } from '../test/support/temporary.ts';

const [requests = 1000, rounds = 10] = process.argv.slice(2).map(Number);
const atOnce = 16;
/** The wait before each reading of CPU times. The ledger's thread, which takes events twice a second, ends its work. */
const settleMilliseconds = 1200;
/** The unit of the CPU times in /proc. */
const tickMicroseconds = 10_000;
const modes = { without: ['--ledger', 'off'], with: [] };
type Mode = keyof typeof modes;

interface Cost {
  main: number;
  ledger: number;
  whole: number;
}

const parts = ['main', 'ledger', 'whole'] as const;

/** Returns the CPU time of a process so far, in microseconds: three sums over its threads. */
function cpuOf(pid: number): Cost {
  const cost = { main: 0, ledger: 0, whole: 0 };
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    // The name, in parentheses, may have spaces.
    const [, name, rest = ''] =
      /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')) ?? [];
    const fields = rest.split(' ');
    const spent = (Number(fields[11]) + Number(fields[12])) * tickMicroseconds;
    cost.whole += spent;
    if (Number(thread) === pid) cost.main += spent;
    if (name === 'ledger') cost.ledger += spent;
  }
  return cost;
}

let hosts = 0;

async function createHosts(replica: Replica): Promise<void> {
  const numbers = Array.from({ length: requests }, () => ++hosts).values();
  const work = async () => {
    for (const number of numbers) {
      const host = { name: `h${number}.foo.k8s`, owner: 'team-a', tags: { app: 'nginx' } };
      await replica.expect(201, 'POST', '/v1/hosts', host);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

await inScope(async (scope) => {
  const folder = await temporaryFolder(scope);
  const replicas = {} as Record<Mode, Replica>;
  const costs: Record<Mode, Cost[]> = { without: [], with: [] };
  for (const mode of Object.keys(modes) as Mode[]) {
    const replica = await startReplica(scope, join(folder, mode), ['--dns-threads', '1', ...modes[mode]]);
    for (const name of ['foo.k8s', '10.in-addr.arpa']) await replica.expect(201, 'POST', '/v1/zones', { name });
    await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.0.0.0/12'] });
    replicas[mode] = replica;
  }
  // The first round compiles the code.
  for (let round = -1; round < rounds; round += 1) {
    for (const mode of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const { pid } = replicas[mode];
      await delay(settleMilliseconds);
      const before = cpuOf(pid);
      await createHosts(replicas[mode]);
      await delay(settleMilliseconds);
      const after = cpuOf(pid);
      const cost = { main: 0, ledger: 0, whole: 0 };
      for (const part of parts) cost[part] = (after[part] - before[part]) / requests;
      if (round >= 0) costs[mode].push(cost);
    }
  }
  console.log(`CPU time of one POST /v1/hosts, ${atOnce} at once, ${rounds} rounds of ${requests}:`);
  const shown = (all: Cost[]) => Object.fromEntries(parts.map((part) => [part, `${median(all, part).toFixed(0)} µs`]));
  console.table({ 'without a ledger': shown(costs.without), 'with a ledger': shown(costs.with) });
});

function median(costs: readonly Cost[], part: keyof Cost): number {
  return costs.map((cost) => cost[part]).toSorted((a, b) => a - b)[costs.length >> 1] ?? Number.NaN;
}
