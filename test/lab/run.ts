// Runs the lab of docker-compose.yml: `npm run test:lab`. Starts everything, plays the story from the workstation,
// kills one replica, plays the story again, and stops everything. Without a Docker engine it prints that it is skipped.

import { randomInt } from 'node:crypto';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findGoBuilt } from '../support/go-built.ts';
import { run } from './command.ts';
import { prepareEngine } from './engine.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const images = ['zonewright', 'zonewright-lab-machine', 'zonewright-lab-coredns'];
/** The name of this run's project, and the tag of its images: two runs on one machine do not collide. */
const project = `zonewright-lab-${process.pid}-${randomInt(1_000_000)}`;

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort(signal));

const engine = await prepareEngine(root, stop.signal);
if ('missing' in engine) {
  console.log(`SKIP lab: ${engine.missing}`);
  process.exit(0);
}
const { env } = engine;
env.ZONEWRIGHT_LAB_TAG = project;
env.ZONEWRIGHT_LAB_NETWORK = '10.17.200';
/** The path of CoreDNS, if `npm test` or `npm run test:neighbours` has built it. */
const coreDns = findGoBuilt('coredns');
if (coreDns === undefined) console.log('SKIP CoreDNS in the lab: it was not built (npm run test:neighbours)');
else Object.assign(env, { COMPOSE_PROFILES: 'coredns', ZONEWRIGHT_LAB_COREDNS: `zonewright-lab-coredns:${project}` });

/** The signal that aborts the commands of the current step. */
let limit: AbortSignal = stop.signal;
let passed = 0;
let failed = 0;

type Step = [name: string, seconds: number, act: () => Promise<string>];

const readByCoreDns: Step = ['CoreDNS answers from the same etcd', 60, () => play('replica-1', 'coredns')];
const steps: Step[] = [
  ['the images are built', 900, build],
  ['everything starts', 240, up],
  ['the story is played', 60, startedStory],
  ['the workstation plays the story again', 60, () => replay('replica-1')],
  ['new names are served at once', 60, () => play('replica-1', 'change', 'first')],
  ...(coreDns === undefined ? [] : [readByCoreDns]),
  ['replica-1 is killed', 30, () => compose('kill', 'replica-1')],
  ['the workstation plays the story with one replica', 60, () => replay('replica-2')],
  ['new names are served with one replica', 60, () => play('replica-2', 'change', 'second')],
  ['replica-1 comes back', 90, () => compose('up', '-d', '--no-deps', '--wait', 'replica-1')],
  ['replica-1 answers by itself', 60, () => play('replica-1', 'ask', 'replica-1')],
];
for (const [name, seconds, act] of steps) {
  // Each step needs the steps before it.
  if (!(await step(name, AbortSignal.any([stop.signal, AbortSignal.timeout(seconds * 1000)]), act))) break;
}
if (failed > 0) await showLogs();
await step('everything is stopped and removed', AbortSignal.timeout(120_000), down);
console.log(`lab: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** Runs a step and prints its result: what it checked, or the error, with the output, if it failed. */
async function step(name: string, end: AbortSignal, act: () => Promise<string>): Promise<boolean> {
  const begin = performance.now();
  const took = () => `${((performance.now() - begin) / 1000).toFixed(1)} s`;
  console.log(`lab: ${name} …`);
  limit = end;
  try {
    const checks = (await act()).match(/ {2}ok: .*/g) ?? [];
    for (const check of checks) console.log(check);
    console.log(`ok   ${name} (${took()})`);
    passed += 1;
    return true;
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    console.log(`FAIL ${name} (${took()})`);
    failed += 1;
    return false;
  }
}

function docker(...args: string[]): Promise<string> {
  return run('docker', args, { cwd: root, env, signal: limit });
}

function compose(...args: string[]): Promise<string> {
  return docker('compose', '--ansi=never', '--project-name', project, ...args);
}

/** Builds the images. The image of CoreDNS contains the program that was built before. */
async function build(): Promise<string> {
  if (coreDns !== undefined) {
    const folder = await mkdtemp(join(tmpdir(), 'zonewright-lab-'));
    try {
      await copyFile(coreDns, join(folder, 'coredns'));
      await writeFile(
        join(folder, 'Dockerfile'),
        'FROM debian:bookworm-slim\nCOPY coredns /coredns\nENTRYPOINT ["/coredns"]\n',
      );
      await docker('build', '--quiet', '--tag', `zonewright-lab-coredns:${project}`, folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return compose('build');
}

/** Starts the lab on a free network. If another process takes that network first, tries the next. */
async function up(): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    env.ZONEWRIGHT_LAB_NETWORK = await freeNetwork();
    try {
      return await compose('up', '-d', '--no-build');
    } catch (error) {
      if (attempt === 3 || !(error instanceof Error) || !/overlaps/i.test(error.message)) throw error;
    }
  }
}

/** Returns the first three numbers of a /24 that neither this machine nor its engine uses. */
async function freeNetwork(): Promise<string> {
  const ids = (await docker('network', 'ls', '--quiet', '--filter', 'driver=bridge')).split('\n').filter(Boolean);
  const subnets = await docker('network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', ...ids);
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  const used = [...subnets.split(/\s+/), ...own];
  const free = Array.from({ length: 56 }, (_, index) => `10.17.${200 + index}`).filter(
    (network) => !used.some((address) => address.startsWith(`${network}.`)),
  );
  return free[randomInt(free.length)] ?? '10.17.200';
}

/**
 * Returns the output of the one-shot services, which play the story when everything is up. Fails if one of them failed.
 */
async function startedStory(): Promise<string> {
  await compose('wait', 'story');
  return compose('logs', '--no-log-prefix', 'registration', 'story');
}

/** Plays a chapter of the story from the workstation. Its writes are sent to `replica`. */
function play(replica: string, ...chapter: string[]): Promise<string> {
  return compose('exec', '-T', '-e', `API=http://${replica}:8053`, 'workstation', '/lab/story.sh', ...chapter);
}

/** Plays the story again, after emptying the resolver's cache. */
async function replay(replica: string): Promise<string> {
  await compose('exec', '-T', 'resolver', 'rndc', 'flush');
  return play(replica, 'visit');
}

async function showLogs(): Promise<void> {
  limit = AbortSignal.timeout(30_000);
  for (const args of [
    ['ps', '--all'],
    ['logs', '--tail', '60'],
  ]) {
    console.log(await compose(...args).catch((error: unknown) => String(error)));
  }
}

/**
 * Stops and removes everything. Keeps the images for the next build, under the tag `cache`. Fails if anything is left.
 */
async function down(): Promise<string> {
  await compose('down', '--volumes', '--remove-orphans', '--timeout', '10');
  for (const image of images) {
    const made = await docker('images', '--quiet', `${image}:${project}`);
    if (made.trim() === '') continue;
    await docker('tag', `${image}:${project}`, `${image}:cache`);
    await docker('rmi', `${image}:${project}`);
  }
  const ours = ['--quiet', '--filter', `label=com.docker.compose.project=${project}`];
  const left = await Promise.all([
    docker('ps', '--all', ...ours),
    docker('volume', 'ls', ...ours),
    docker('network', 'ls', ...ours),
  ]);
  if (left.join('').trim() !== '') throw new Error(`left behind: ${left.join(' ')}`);
  return '';
}
