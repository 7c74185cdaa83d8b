// Measures what an attacker can do to a replica through its API. Two replicas run on one etcd. Each attack runs against
// the first one: many pipelined requests, silent connections, the heaviest requests of one token. Prints how long
// /healthz waited during each, whether `zonewright probe` succeeded, whether a replica lost its lease or its place in
// the NS records, and the memory before, after, and a minute later. Fails if any of it is not as promised.
//
// npm run bench:attack [part of an attack's title] [seconds until the last look at memory]

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
import { attackNames, runAttack } from './attacks.ts';
import { askHealthDuring, type Waits } from './health-client.ts';

const [only = '', settleSeconds = '60'] = process.argv.slice(2);
const hosts = 1_000;
const maxWait = 250;
const maxGrowth = 20;
const command = fileURLToPath(new URL('../src/cli/zonewright.js', import.meta.url));

// The replicas, etcd and the clients come before other programs of this machine. The attack does not.
try {
  setPriority(-10);
} catch {
  console.log('not privileged: other programs compete with the replicas for processors');
}
await inScope(measure);

async function measure(cleanup: Cleanup): Promise<void> {
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
  // A replica that has worked has compiled its code, and its memory is no longer that of the start.
  for (let i = 0; i < hosts; i += 1) await a.expect(201, 'POST', '/v1/hosts', { name: `h${i}.foo.k8s` });
  await delay(20_000);

  const port = Number(new URL(a.url).port);
  let membersBefore = await members();
  const serversBefore = await nameservers(b);
  const memoryBefore = residentMegabytes(a);
  const table: Record<string, Waits & Record<string, unknown>> = {};
  let leases = 0;
  for (const name of ['no attack', ...attackNames.filter((one) => one.includes(only))]) {
    let outcome = '';
    let probe = 'not run';
    const servers = new Set<string>();
    const watch = setInterval(() => void nameservers(b).then((text) => servers.add(text)), 200);
    const waits = await askHealthDuring(port, async () => {
      const attack = name === 'no attack' ? delay(5_000) : runAttack(name, port);
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
  await delay(Number(settleSeconds) * 1_000);
  const memoryLater = residentMegabytes(a);
  console.log('milliseconds that /healthz waited, MB of resident memory at the end of the attack:');
  console.table(table);
  console.log(`memory in MB: ${memoryBefore} before, ${memoryAfter} after, ${memoryLater} after ${settleSeconds} s`);
  if (leases > 0 || memoryLater > memoryBefore + maxGrowth) process.exitCode = 1;
  console.log(process.exitCode === 1 ? 'FAILED' : 'passed');
}

/** Returns the NS records of the zone and their addresses. */
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
