// Compares Zonewright with other programs that forward: CPU time of one answer from the cache, and of one from the
// server of the zone. All forward the same zone to the same server of the bench. They are measured in turns, so that
// other work of the machine affects all of them. Prints the median of six rounds.
//
// npm run bench:forward [seconds of each measurement]

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ask } from '../../test/support/dns-client.ts';
import { freePort } from '../../test/support/free-port.ts';
import { startPeerProcess } from '../../test/support/peer-process.ts';
import { startReplica } from '../../test/support/replica.ts';
import { type Cleanup, inScope, temporaryFolder } from '../../test/support/temporary.ts';
import { installed, LeftOut, versionOf } from '../answer/contenders.ts';
import { type Cost, measure, residentMegabytes } from '../answer/measure.ts';

const zone = 'corp.bench';
const rounds = 6;
const cachedNames = 1_000;
/** Queries per second, as a busy office sends. Columns with `flat out` have no limit. */
const steady = 5_000;
const seconds = Number(process.argv[2] ?? 4);

interface Contender {
  name: string;
  port: number;
  pid: number;
}

interface Bench {
  cleanup: Cleanup;
  folder: string;
  upstream: number;
}

const columns = ['cache, 5,000/s', 'cache, flat out', 'past the cache, 5,000/s', 'past the cache, flat out'] as const;
type Column = (typeof columns)[number];

await inScope(async (cleanup) => {
  const folder = await temporaryFolder(cleanup);
  const bench = { cleanup, folder, upstream: await startUpstream(cleanup) };
  const running: Contender[] = [];
  for (const start of [startOurs, startDnsmasq, startUnbound, startCoreDns]) {
    const contender = await start(bench).catch(sayWhyLeftOut);
    if (contender === undefined) continue;
    await untilAnswers(contender);
    running.push(contender);
  }
  const cached = await writeQuestions(folder, 'cached', cachedNames, '');
  const costs = new Map(running.map((contender) => [contender, {} as Partial<Record<Column, Cost[]>>]));
  // Round 0 is the warm-up. It is as long as the others: code that runs 5,000 times a second is compiled late.
  for (let round = 0; round <= rounds; round += 1) {
    for (const column of columns) {
      const isSteady = column.endsWith('/s');
      const isCached = column.startsWith('cache');
      // Past the cache, each name is new in this round: some caches keep answers for longer than their TTL.
      const count = isSteady ? steady * seconds : steady * seconds * 10;
      const questions = isCached ? cached : await writeQuestions(folder, 'once', count, `.once-${round}`);
      for (const contender of round % 2 === 0 ? running : running.toReversed()) {
        const load = { questions, ports: 20, underWay: 100, ...(isSteady && { perSecond: steady }) };
        const cost = await measure(contender.port, [contender.pid], load, seconds);
        if (round === 0) continue;
        const taken = costs.get(contender) ?? {};
        taken[column] = [...(taken[column] ?? []), cost];
      }
    }
    if (round > 0) console.log(`round ${round} of ${rounds}`);
  }
  report(costs);
});

async function startUpstream(cleanup: Cleanup): Promise<number> {
  const child = fork(fileURLToPath(new URL('upstream.ts', import.meta.url)));
  cleanup.after(() => child.kill());
  const [port] = await once(child, 'message');
  return port as number;
}

async function startOurs({ cleanup, folder, upstream }: Bench): Promise<Contender> {
  const replica = await startReplica(cleanup, join(folder, 'ours'), ['--dns-threads', '1', '--log-level', 'warn']);
  await replica.expect(201, 'PUT', `/v1/forwarders/${zone}`, { targets: [`127.0.0.1:${upstream}`] });
  return { name: 'zonewright', port: replica.dns.port, pid: replica.pid };
}

async function startDnsmasq({ cleanup, upstream }: Bench): Promise<Contender> {
  const program = installed('dnsmasq');
  const port = await freePort();
  const options = ['--no-daemon', '--no-resolv', '--no-hosts', '--conf-file=/dev/null', '--pid-file', '--user=root'];
  const listen = ['--bind-interfaces', '--listen-address=127.0.0.1', `--port=${port}`];
  const forward = [`--server=/${zone}/127.0.0.1#${upstream}`, '--cache-size=10000', '--dns-forward-max=1000'];
  const { pid } = startPeerProcess(cleanup, program, [...options, ...listen, ...forward]);
  return { name: `dnsmasq ${versionOf(program, '--version')}`, port, pid };
}

async function startUnbound({ cleanup, folder, upstream }: Bench): Promise<Contender> {
  const program = installed('unbound');
  const home = join(folder, 'unbound');
  await mkdir(home);
  const port = await freePort();
  const server = [
    `interface: 127.0.0.1@${port}`,
    'do-daemonize: no',
    'use-syslog: no',
    'chroot: ""',
    'username: ""',
    `directory: "${home}"`,
    `pidfile: "${home}/pid"`,
    'do-not-query-localhost: no',
    'module-config: "iterator"',
    'num-threads: 1',
    `local-zone: "${zone}." nodefault`,
  ];
  const text = `server:\n${server.map((line) => `  ${line}\n`).join('')}forward-zone:\n  name: "${zone}."\n  forward-addr: 127.0.0.1@${upstream}\nremote-control:\n  control-enable: no\n`;
  await writeFile(join(home, 'unbound.conf'), text);
  const { pid } = startPeerProcess(cleanup, program, ['-c', join(home, 'unbound.conf')]);
  return { name: `unbound ${versionOf(program, '-V')}`, port, pid };
}

async function startCoreDns({ cleanup, folder, upstream }: Bench): Promise<Contender> {
  const program = installed('coredns');
  const home = join(folder, 'coredns');
  await mkdir(home);
  const port = await freePort();
  const plugins = ` bind 127.0.0.1\n cache\n forward . 127.0.0.1:${upstream}\n`;
  await writeFile(join(home, 'Corefile'), `${zone}:${port} {\n${plugins}}\n`);
  const { pid } = startPeerProcess(cleanup, program, ['-conf', join(home, 'Corefile')]);
  return { name: `coredns ${versionOf(program, '-version')}`, port, pid };
}

async function writeQuestions(folder: string, name: string, count: number, label: string): Promise<string> {
  const file = join(folder, `${name}.questions`);
  const below = label === '' ? zone : `${label.slice(1)}.once.${zone}`;
  await writeFile(file, Array.from({ length: count }, (_, i) => `host-${i}.${below} A\n`).join(''));
  return file;
}

async function untilAnswers({ name, port }: Contender): Promise<void> {
  const question = { server: { address: '127.0.0.1', port }, name: `ready.${zone}`, type: 'A' };
  for (const end = performance.now() + 10_000; ; await delay(100)) {
    const found = await ask({ ...question, recursionDesired: true, timeoutMilliseconds: 500 }).catch(() => undefined);
    if (found?.answers.length === 1) return;
    if (performance.now() > end) throw new Error(`${name} does not forward`);
  }
}

function sayWhyLeftOut(error: unknown): undefined {
  if (!(error instanceof LeftOut)) throw error;
  console.log(`left out: ${error.message}`);
}

function report(costs: ReadonlyMap<Contender, Partial<Record<Column, Cost[]>>>): void {
  const table: Record<string, Record<string, string>> = {};
  for (const [contender, taken] of costs) {
    const row: Record<string, string> = {};
    for (const column of columns) {
      const all = taken[column] ?? [];
      const each = all.map(({ perAnswer }) => perAnswer).sort((a, b) => a - b);
      const lost = all.reduce((sum, cost) => sum + cost.lost, 0);
      const [least = 0, most = 0] = [each[0], each.at(-1)];
      const median =
        ((each[Math.floor((each.length - 1) / 2)] ?? 0) + (each[Math.ceil((each.length - 1) / 2)] ?? 0)) / 2;
      row[column] = `${median.toFixed(1)} (${least.toFixed(1)}–${most.toFixed(1)})${lost > 0 ? ` lost ${lost}` : ''}`;
    }
    row['RSS MB'] = residentMegabytes([contender.pid]).toFixed(0);
    table[contender.name] = row;
  }
  console.log('\nCPU time in microseconds for each answer: median (least–most)');
  console.table(table);
}
