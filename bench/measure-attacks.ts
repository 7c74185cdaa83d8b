// Runs attacks against the first of two replicas on one etcd, and measures what each does: how long /healthz waits,
// whether `zonewright probe` succeeds, whether a replica loses its lease or its place in the NS records, and the memory
// before, after, and some time later. api-under-attack.ts and heavy-reads.ts have the attacks.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openEtcdStore } from '../src/store/etcd.ts';
import { memberKind } from '../src/store/kinds/member.ts';
import { startEtcd } from '../test/support/etcd.ts';
import { answersOf, type Replica, startReplica } from '../test/support/replica.ts';
import { etcdFlags } from '../test/support/stores.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';
import { askHealthDuring, type Waits } from './health-client.ts';

const maxWait = 250;
const maxGrowth = 20;
const command = fileURLToPath(new URL('../src/cli/zonewright.js', import.meta.url));

interface Measured {
  /** Fills the replica that is attacked. It already has the zone foo.k8s and the pool `default` (10.8.0.0/16). */
  fill: (replica: Replica) => Promise<void>;
  attacks: readonly string[];
  /** Runs an attack. Resolves with a short result. */
  run: (attack: string, port: number) => Promise<string>;
  /** Seconds from the end of an attack until the last measurement of memory. */
  settleSeconds: number;
}

/** Prints a table. Sets the exit status if the replicas did not withstand the attacks. */
export async function measureAttacks(wanted: Measured): Promise<void> {
  // Gives the replicas, etcd and this process a higher priority than other programs. Attacks lower that of their
  // thread.
  try {
    setPriority(-20);
  } catch {
    console.log('not privileged: other programs compete with the replicas for processors');
  }
  await inScope((cleanup) => measure(cleanup, wanted));
}

async function measure(cleanup: Cleanup, { fill, attacks, run, settleSeconds }: Measured): Promise<void> {
  const etcd = await startEtcd();
  cleanup.after(() => etcd.close());
  const folder = await temporaryFolder(cleanup);
  const start = (replica: string) =>
    startReplica(cleanup, join(folder, replica), [...etcdFlags(etcd), '--replica', replica]);
  const [a, b] = [await start('a'), await start('b')];
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  cleanup.after(() => store.close());
  const members = async () => {
    const { entries } = await store.list(memberKind.prefix);
    return entries.map(({ key, created, modified }) => `${key} ${created} ${modified}`).join();
  };
  await a.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await a.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/16'] });
  await fill(a);
  await delay(20_000);

  const port = Number(new URL(a.url).port);
  let membersBefore = await members();
  const serversBefore = await nameservers(b);
  const memoryBefore = residentMegabytes(a);
  const table: Record<string, Waits & Record<string, unknown>> = {};
  let leases = 0;
  for (const name of ['no attack', ...attacks]) {
    let outcome = '';
    let probe = 'not run';
    const servers = new Set<string>();
    const watch = setInterval(() => void nameservers(b).then((text) => servers.add(text)), 200);
    const waits = await askHealthDuring(port, async () => {
      const attack = name === 'no attack' ? delay(5_000) : run(name, port);
      await delay(500);
      probe = await runProbe(port);
      outcome = (await attack) ?? '';
    });
    clearInterval(watch);
    const nsChanges = [...servers].filter((text) => text !== serversBefore).length;
    const membersNow = await members();
    table[name] = {
      ...waits,
      probe,
      nsChanges,
      lease: membersNow === membersBefore ? 'kept' : 'LOST',
      MB: residentMegabytes(a),
    };
    if (membersNow !== membersBefore) leases += 1;
    membersBefore = membersNow;
    console.log(`${name}: ${outcome}`);
    if (probe !== 'ok' || nsChanges > 0 || waits.failed > 0 || waits.max > maxWait) process.exitCode = 1;
  }
  const memoryAfter = residentMegabytes(a);
  await delay(settleSeconds * 1_000);
  const memoryLater = residentMegabytes(a);
  console.log('milliseconds that /healthz waited, MB of resident memory at the end of the attack:');
  console.table(table);
  console.log(`memory in MB: ${memoryBefore} before, ${memoryAfter} after, ${memoryLater} after ${settleSeconds} s`);
  if (leases > 0 || memoryLater > memoryBefore + maxGrowth) process.exitCode = 1;
  console.log(process.exitCode === 1 ? 'FAILED' : 'passed');
}

/** Returns the answer to the question for the NS records of the zone. */
async function nameservers(replica: Replica): Promise<string> {
  return answersOf(await replica.ask('foo.k8s', 'NS')).join();
}

function runProbe(port: number): Promise<string> {
  const args = ['--disable-warning=ExperimentalWarning', command, 'probe', '--http', `127.0.0.1:${port}`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, _, stderr) => resolve(error === null ? 'ok' : stderr.slice(0, 60)));
  });
}

function residentMegabytes({ pid }: Replica): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1.024e-3);
}
