// A real etcd for tests, in its own folder and on free loopback ports. A test can stop, pause, restore and restart it.
// etcd-cluster.ts starts a cluster.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from './free-port.ts';

export interface TestEtcd {
  /** `http://127.0.0.1:port`. */
  endpoint: string;
  /** Kills etcd (SIGKILL); its data stay. */
  stop(): Promise<void>;
  /** Starts etcd again, on the same ports and data; resolves when it answers. */
  start(): Promise<void>;
  /** Freezes etcd (SIGSTOP): connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** Compacts: etcd forgets all revisions before this one. */
  compact(revision: number): Promise<void>;
  /** Saves a backup; returns the path of its file. */
  save(): Promise<string>;
  /** Kills etcd, and starts it again with the data of the backup, or with none. The member keeps its name. */
  restore(backup?: string): Promise<void>;
  /** Defragments a full database, then disarms its alarm. */
  makeRoom(): Promise<void>;
  /** Kills etcd and removes its data. */
  close(): Promise<void>;
  readonly pid: number;
}

interface Skippable {
  skip(message?: string): void;
}

/** Returns the binary to test with: `ZONEWRIGHT_TEST_ETCD`, or the installed one. */
export function findEtcd(): string | undefined {
  const named = process.env.ZONEWRIGHT_TEST_ETCD;
  if (named) return named;
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(':')];
  return folders.map((folder) => join(folder, 'etcd')).find(isExecutable);
}

/** Starts an etcd. Without a binary, skips the test, or fails it under CI. */
export async function etcdOrSkip(test: Skippable, flags: readonly string[] = []): Promise<TestEtcd | undefined> {
  const reason = whyNoEtcd();
  if (reason === undefined) return startEtcd(flags);
  test.skip(reason);
  return undefined;
}

/** Returns a suite's `skip`: false if there is an etcd, else the reason. Throws under CI if there is none. */
export function skipWithoutEtcd(): string | false {
  return whyNoEtcd() ?? false;
}

function whyNoEtcd(): string | undefined {
  if (findEtcd() !== undefined) return undefined;
  const reason = 'no etcd: install etcd-server or set ZONEWRIGHT_TEST_ETCD';
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}

/**
 * Starts a new, empty etcd; resolves when it answers. It syncs to the disk as in production. `others` are more URLs to
 * listen on.
 */
export async function startEtcd(flags: readonly string[] = [], others: readonly string[] = []): Promise<TestEtcd> {
  const binary = findEtcd();
  if (binary === undefined) throw new Error(whyNoEtcd());
  const folder = await mkdtemp(join(tmpdir(), 'zonewright-etcd-'));
  const [clientPort, peerPort] = (await freePorts(2)) as [number, number];
  const endpoint = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const data = join(folder, 'data');
  const identity = [
    ['--name', 'test'],
    ['--data-dir', data],
    ['--initial-advertise-peer-urls', peer],
    ['--initial-cluster', `test=${peer}`],
  ];
  const settings = [
    ...identity,
    ['--listen-client-urls', [endpoint, ...others].join()],
    ['--advertise-client-urls', endpoint],
    ['--listen-peer-urls', peer],
    // A lone member elects itself only after the election timeout, so a short one makes the tests fast.
    ['--heartbeat-interval', '20'],
    ['--election-timeout', '200'],
    ['--log-level', 'error'],
    ['--log-outputs', 'stderr'],
    flags,
  ];
  const control = async (...args: string[]) => {
    const environment = { ...process.env, ETCDCTL_API: '3' };
    await promisify(execFile)(join(dirname(binary), 'etcdctl'), ['--endpoints', endpoint, ...args], {
      env: environment,
    });
  };
  let backups = 0;
  let running: ChildProcess | undefined;
  const killWithUs = () => running?.kill('SIGKILL');

  const start = async () => {
    let output = '';
    const child = spawn(binary, settings.flat(), { stdio: ['ignore', 'ignore', 'pipe'] });
    running = child;
    child.stderr?.on('data', (text) => {
      output = (output + text).slice(-4000);
    });
    await untilHealthy(endpoint, () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`etcd ended at once: ${output}`);
    });
  };
  const stop = async () => {
    const child = running;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  const save = async () => {
    const file = join(folder, `backup-${++backups}`);
    await control('snapshot', 'save', file);
    return file;
  };
  const restore = async (backup?: string) => {
    await stop();
    await rm(data, { recursive: true, force: true });
    if (backup !== undefined) await control('snapshot', 'restore', backup, ...identity.flat());
    await start();
  };
  const makeRoom = async () => {
    await control('defrag');
    await control('alarm', 'disarm');
  };
  const close = async () => {
    process.off('exit', killWithUs);
    await stop();
    await rm(folder, { recursive: true, force: true });
  };

  process.on('exit', killWithUs);
  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    endpoint,
    stop,
    start,
    save,
    restore,
    makeRoom,
    close,
    get pid() {
      return running?.pid ?? 0;
    },
    pause: () => void running?.kill('SIGSTOP'),
    resume: () => void running?.kill('SIGCONT'),
    compact: (revision) => askEtcd(endpoint, '/v3/kv/compaction', { revision: String(revision), physical: true }),
  };
}

/** Asks etcd's own HTTP gateway, so that the request does not use the client under test. */
export async function askEtcd<T>(endpoint: string, path: string, body: object): Promise<T> {
  const signal = AbortSignal.timeout(5_000);
  const answer = await fetch(endpoint + path, { method: 'POST', body: JSON.stringify(body), signal });
  if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Resolves when etcd answers and has a leader. `check` is called meanwhile, to throw if its process has ended. */
export async function untilHealthy(endpoint: string, check: () => void): Promise<void> {
  for (const end = Date.now() + 20_000; ; await delay(20)) {
    check();
    try {
      const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(1000) });
      if ((await answer.text()).includes('true')) return;
    } catch (error) {
      if (Date.now() > end) throw new Error(`etcd at ${endpoint} does not answer`, { cause: error });
    }
    if (Date.now() > end) throw new Error(`etcd at ${endpoint} is not healthy`);
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
