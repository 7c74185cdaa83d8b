// Measures the start and the memory of a replica: the seconds from the start of the process until each phase, the
// resident memory when the replica is idle and after it has answered queries, and the heap of each thread. The replica
// has the embedded store and default settings.
//
// npm run bench:weight [names…] [--beside <another checkout>]
//
// The default for names is 0, 1,000 and 1,000,000. With `--beside`, the two checkouts start in turns.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findProgram } from '../test/support/peer-process.ts';
import { inScope, temporaryFolder } from '../test/support/temporary.ts';
import { fillDataDir } from './answer/contenders.ts';
import { measure } from './answer/measure.ts';
import { writeQuestions } from './answer/zone.ts';

const { values, positionals } = parseArgs({ options: { beside: { type: 'string' } }, allowPositionals: true });
const here = fileURLToPath(new URL('..', import.meta.url));
const checkouts = values.beside === undefined ? [here] : [values.beside, here];
const sizes = positionals.length > 0 ? positionals.map(Number) : [0, 1_000, 1_000_000];

const rounds = 5;
const settleMilliseconds = 2_000;
const answerSeconds = 3;
const startMilliseconds = 120_000;

/** The figures of one start of a replica: seconds, and megabytes (10^6 octets). */
type Measured = Record<string, number>;

for (const names of sizes) await inScope((cleanup) => compare(names, cleanup));

async function compare(names: number, cleanup: Parameters<typeof temporaryFolder>[0]): Promise<void> {
  const folder = await temporaryFolder(cleanup);
  const dataDir = join(folder, 'data');
  if (names > 0) await fillDataDir(dataDir, names);
  else await mkdir(dataDir);
  const dnsperf = names > 0 && findProgram('dnsperf') !== undefined;
  const questions = dnsperf ? (await writeQuestions(folder, names)).existing : undefined;
  const table: Record<string, Measured> = {};
  const taken = new Map<string, Measured[]>(checkouts.map((checkout) => [checkout, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const checkout of checkouts) {
      const measured = await inScope((scope) => measureStart(scope, checkout, dataDir, questions));
      // Round 0 fills the caches of the system.
      if (round > 0) taken.get(checkout)?.push(measured);
    }
  }
  for (const [checkout, all] of taken) table[checkout] = medians(all);
  console.log(`\n${names} names: seconds and MB, median of ${rounds} starts`);
  console.table(table);
  for (const checkout of checkouts) {
    const heaps = await inScope((scope) => readHeaps(scope, checkout, dataDir));
    console.log(`heap of each thread in MB, ${checkout}`);
    console.table(heaps);
  }
}

async function measureStart(
  scope: Parameters<typeof temporaryFolder>[0],
  checkout: string,
  dataDir: string,
  questions: string | undefined,
): Promise<Measured> {
  const { seconds, pid, http, dnsPort, stop } = await start(scope, checkout, dataDir);
  await delay(settleMilliseconds);
  const memory = memoryOf(pid);
  if (questions !== undefined) {
    const load = { questions, underWay: 100 };
    for (const ports of [1, 100]) await measure(dnsPort, [pid], { ...load, ports }, answerSeconds);
    await delay(settleMilliseconds);
    memory['after answers'] = memoryOf(pid).resident ?? Number.NaN;
  }
  memory.table = await tableMegabytes(http);
  await stop();
  return { ...seconds, ...memory };
}

/** Starts a replica and waits until it is ready. */
async function start(
  scope: Parameters<typeof temporaryFolder>[0],
  checkout: string,
  dataDir: string,
  environment: Record<string, string> = {},
) {
  const begun = performance.now();
  const seconds: Measured = {};
  const command = join(checkout, 'src/cli/zonewright.js');
  const listen = ['--http', '127.0.0.1:0', '--dns', '127.0.0.1:0'];
  // Runs the command as users do: its first line (`#!`) has Node's options, and finds Node in PATH.
  const child = spawn(command, ['serve', '--data-dir', dataDir, ...listen], {
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}`, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  scope.after(() => stop(child));
  const listening = Promise.withResolvers<void>();
  let output = '';
  createInterface(child.stdout).on('line', (line) => {
    const { msg = '' } = JSON.parse(line) as { msg?: string };
    const phase = ['starting', 'views loaded', 'DNS is listening'].find((one) => msg === one);
    output += `${line}\n`;
    if (phase !== undefined) seconds[phase] = (performance.now() - begun) / 1000;
    if (msg === 'DNS is listening') listening.resolve();
  });
  child.stderr.on('data', (text) => {
    output += text;
  });
  child.once('exit', (status) => listening.reject(new Error(`the replica ended with ${status}: ${output}`)));
  const timeout = setTimeout(() => listening.reject(new Error('the replica is not ready in time')), startMilliseconds);
  await listening.promise;
  clearTimeout(timeout);
  const { http, dns } = await untilReady(dataDir);
  seconds.ready = (performance.now() - begun) / 1000;
  const dnsPort = Number(dns[0]?.split(':').at(-1));
  return { seconds, pid: child.pid ?? 0, http, dnsPort, stop: () => stop(child), output: () => output };
}

/** Waits until endpoints.json has the addresses of DNS, and until /readyz says that the replica is ready. */
async function untilReady(dataDir: string): Promise<{ http: string; dns: string[] }> {
  for (;;) {
    const endpoints = await readFile(join(dataDir, 'endpoints.json'), 'utf8').then(
      (text) => JSON.parse(text) as { http: string; dns: string[] },
      () => undefined,
    );
    if (endpoints !== undefined && endpoints.dns.length > 0) {
      const { ok } = await fetch(`http://${endpoints.http}/readyz`);
      if (ok) return endpoints;
    }
    await delay(1);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

/**
 * Returns the resident memory (VmRSS, as in bench:answer) and its parts. `files` are pages of the node binary, which
 * other processes may share.
 */
function memoryOf(pid: number): Measured {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1.024e-3;
  return {
    resident: megabytes('VmRSS'),
    anonymous: megabytes('RssAnon'),
    files: megabytes('RssFile'),
  };
}

/** Returns the memory of the zone table, which is a part of the resident memory. */
async function tableMegabytes(http: string): Promise<number> {
  const response = await fetch(`http://${http}/metrics`);
  return Number(/^zonewright_table_bytes (\d+)$/m.exec(await response.text())?.[1]) / 1e6;
}

async function readHeaps(
  scope: Parameters<typeof temporaryFolder>[0],
  checkout: string,
  dataDir: string,
): Promise<Record<string, Measured>> {
  const reporter = fileURLToPath(new URL('./report-heaps.js', import.meta.url));
  const replica = await start(scope, checkout, dataDir, { NODE_OPTIONS: `--import=${reporter}` });
  await delay(settleMilliseconds);
  process.kill(replica.pid, 'SIGUSR2');
  let line: string | undefined;
  while (line === undefined) {
    await delay(50);
    line = replica
      .output()
      .split('\n')
      .find((one) => one.startsWith('{"heaps":'));
  }
  await replica.stop();
  const { heaps } = JSON.parse(line) as { heaps: Record<string, Measured> };
  return Object.fromEntries(
    Object.entries(heaps).map(([thread, heap]) => [
      thread,
      Object.fromEntries(Object.entries(heap).map(([part, octets]) => [part, Math.round(octets / 1e5) / 10])),
    ]),
  );
}

function medians(all: readonly Measured[]): Measured {
  const fields = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    fields.map((field) => {
      const sorted = all.map((one) => one[field] ?? Number.NaN).sort((a, b) => a - b);
      return [field, Math.round((sorted[sorted.length >> 1] ?? Number.NaN) * 1000) / 1000];
    }),
  );
}
