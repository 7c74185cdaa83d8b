// Measures a backup of a large store under writes and its restore into a real etcd, and compares both stores. Prints
// seconds and size, and the effect on the replica: its memory, the wait for /healthz (which shows how long the main
// thread is blocked), and DNS, with and without the backup. test/support/backup-under-writes.ts has the steps.
//
// npm run bench:backup [names] [hosts] [writes a second]

import { readFileSync } from 'node:fs';
import { type BackedUp, backUpUnderWrites } from '../test/support/backup-under-writes.ts';
import type { Replica } from '../test/support/replica.ts';
import { inScope } from '../test/support/temporary.ts';
import { askHealthDuring } from './health-client.ts';
import { askDuring } from './steady-client.ts';

const [names = 1_000_000, hosts = 100_000, writesPerSecond = 200] = process.argv.slice(2).map(Number);
const queriesPerSecond = 1000;
const secondsOfWrites = 20;

await inScope(async (cleanup) => {
  const phases: Record<string, object> = {};
  const scale = { names, hosts, writesPerSecond, seconds: secondsOfWrites };
  const figures: BackedUp = await backUpUnderWrites(cleanup, scale, async (name, replica, work) => {
    const { result, ...measured } = await measure(replica, work);
    phases[name] = measured;
    return result;
  });
  console.log(`${names} names, ${hosts} hosts, ${writesPerSecond} writes/s, ${queriesPerSecond} queries/s`);
  console.table(phases);
  const { fillSeconds, backupSeconds, restoreSeconds, octets, before, after } = figures;
  const rounded = [fillSeconds, backupSeconds, restoreSeconds].map((seconds) => seconds.toFixed(1));
  console.log(`filled in ${rounded[0]} s, backed up in ${rounded[1]} s, restored into etcd in ${rounded[2]} s`);
  console.log(`${(octets / 1e6).toFixed(0)} MB; equal, with ${before} writes before the backup and ${after} after it`);
});

/** Asks DNS and /healthz while the work runs. */
async function measure<T>({ dns, url, pid }: Replica, work: () => Promise<T>) {
  let result: T | undefined;
  let mostMemory = 0;
  const memory = setInterval(() => {
    const resident = Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
    mostMemory = Math.max(mostMemory, resident);
  }, 100);
  let health: Awaited<ReturnType<typeof askHealthDuring>> | undefined;
  const question = { server: dns, name: 'steady.large.example', perSecond: queriesPerSecond };
  const answered = await askDuring(question, async () => {
    health = await askHealthDuring(Number(new URL(url).port), async () => {
      result = await work();
    });
  });
  clearInterval(memory);
  return {
    result: result as T,
    'memory MB': Math.round(mostMemory),
    'healthz p50 ms': health?.p50,
    'healthz p99 ms': health?.p99,
    'healthz max ms': health?.max,
    'DNS p50 µs': answered.p50,
    'DNS p99 µs': answered.p99,
    'DNS max µs': answered.max,
    'DNS lost': answered.lost,
    'DNS sent': answered.sent,
  };
}
