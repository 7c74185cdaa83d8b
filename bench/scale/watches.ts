// Measures what a change costs one etcd and each of its replicas, with 1 to 50 replicas that follow it: CPU time of
// etcd and of a follower, octets that etcd sends, and the time from the commit until all followers have the change. A
// change is a new host with its address, its A record and its PTR. The followers have a replica's connection, watch and
// views, and no DNS and HTTP; they share a few processes. Needs etcd, and 3 GB of memory for 50 followers.
//
// npm run bench:scale-watches [followers…] [--hosts <hosts in a transaction>]
//
// The default is 1, 10 and 50.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import { parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { type ControlPlane, openReplica, putZone, testActor } from '../../test/support/control-plane.ts';
import { startEtcd, type TestEtcd } from '../../test/support/etcd.ts';
import { type Cleanup, inScope } from '../../test/support/temporary.ts';
import type { Asked, Told } from './followers.ts';

const { values, positionals } = parseArgs({
  options: { hosts: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [1, 10, 50];
const hostsAtOnce = Number(values.hosts);
const followersInProcess = 25;
/** Paced, so that no follower is behind: the figures are those of a change, and not those of a crowd. */
const changes = 150;
const pauseMilliseconds = 60;
/** The unit of the CPU times in /proc. */
const tickMicroseconds = 10_000;
const followers = fileURLToPath(new URL('followers.ts', import.meta.url));

/** Returns the CPU time of a process so far, in microseconds. */
function cpuOf(pid: number): number {
  const [, rest = ''] = /^\d+ \(.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
  const fields = rest.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMicroseconds;
}

function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Returns the octets that etcd has sent to its clients. */
async function sentBy(etcd: TestEtcd): Promise<number> {
  const text = await (await fetch(`${etcd.endpoint}/metrics`)).text();
  return Number(/^etcd_network_client_grpc_sent_bytes_total (\S+)$/m.exec(text)?.[1]);
}

async function startFollowers(scope: Cleanup, etcd: TestEtcd, count: number): Promise<ChildProcess> {
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const child = fork(followers, [etcd.endpoint, String(count)], { execArgv });
  scope.after(() => child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

/** Resolves with the CPU time of the process when all its followers have the revision. */
async function reached(child: ChildProcess, revision: number): Promise<number> {
  const asked = new Promise<number>((resolve) => {
    const told = (message: Told) => {
      if (message.revision !== revision) return;
      child.off('message', told);
      resolve(message.cpu);
    };
    child.on('message', told);
  });
  child.send({ revision } satisfies Asked);
  return asked;
}

let hosts = 0;

/** Creates hosts in one transaction. */
async function createHosts(writer: ControlPlane): Promise<{ revision: number }> {
  const created = await Promise.all(Array.from({ length: hostsAtOnce }, () => createHost(writer)));
  return created.reduce((last, one) => (one.revision > last.revision ? one : last));
}

async function createHost({ committer }: ControlPlane): Promise<{ revision: number }> {
  const name = parseName(`h${++hosts}.scale.test`);
  const wanted = { name, aliases: [], ttl: null, ptr: true, owner: 'team-a', tags: { app: 'nginx' } };
  return committer.commit(testActor, (context) => decideCreateHost(context, wanted));
}

async function measure(scope: Cleanup, count: number): Promise<Record<string, string>> {
  const etcd = await startEtcd();
  scope.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  scope.after(() => store.close());
  const writer = await openReplica(scope, store);
  await writer.commit(putZone(parseName('scale.test')));
  const pool = { id: 'p', name: 'p', ...poolDefaults, ranges: ['10.0.0.0/16'] };
  await writer.commit((context) => decidePutPool(context, { name: 'p', precondition: {}, change: () => pool }));
  await createHosts(writer);
  const children = await Promise.all(
    Array.from({ length: Math.ceil(count / followersInProcess) }, (_, index) =>
      startFollowers(scope, etcd, Math.min(followersInProcess, count - index * followersInProcess)),
    ),
  );
  for (let warm = 0; warm < 30; warm += 1) await createHosts(writer);
  const { revision: first } = await createHosts(writer);
  const before = await Promise.all(children.map((child) => reached(child, first)));
  const [cpu, sent] = [cpuOf(etcd.pid), await sentBy(etcd)];
  const lags: number[] = [];
  let after = before;
  for (let change = 0; change < changes; change += 1) {
    const { revision } = await createHosts(writer);
    const committed = performance.now();
    after = await Promise.all(children.map((child) => reached(child, revision)));
    lags.push(performance.now() - committed);
    await delay(pauseMilliseconds);
  }
  const follower = after.reduce((sum, one, index) => sum + one - (before[index] as number), 0) / changes / count;
  lags.sort((a, b) => a - b);
  return {
    'etcd, µs of CPU a change': ((cpuOf(etcd.pid) - cpu) / changes).toFixed(0),
    'etcd, octets sent a change': (((await sentBy(etcd)) - sent) / changes).toFixed(0),
    'etcd, MiB': residentMiB(etcd.pid).toFixed(0),
    'a follower, µs of CPU a change': follower.toFixed(0),
    'all have it after, ms': (lags[changes >> 1] as number).toFixed(1),
    'of 100, 99 after, ms': (lags[Math.floor(changes * 0.99)] as number).toFixed(1),
  };
}

const table: Record<string, Record<string, string>> = {};
for (const count of sizes) table[`${count} followers`] = await inScope((scope) => measure(scope, count));
console.log(
  `a change is a transaction with ${hostsAtOnce} new hosts: the host, its address, A record and PTR; and serials`,
);
console.table(table);
