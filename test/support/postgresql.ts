// A real PostgreSQL for tests, from Debian's package, in its own folder and on a free loopback port. A test can stop,
// freeze and restart it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import type { Cleanup } from './temporary.ts';

export interface TestPostgresql {
  /** Creates an empty database; returns its URL. */
  newDatabase(): string;
  /** Runs SQL in the database of the URL. Returns psql's output: unaligned, without headers. */
  run(url: string, sql: string): string;
  /** Kills the server (SIGQUIT, an immediate shutdown); its data stay. */
  stop(): Promise<void>;
  /** Starts it again, on the same port and data; resolves when it answers. */
  start(): Promise<void>;
  /** Freezes the processes of the server: connections stay open, nothing answers. */
  pause(): void;
  resume(): void;
}

const debianFolder = '/usr/lib/postgresql';

/** Returns the folder of the newest installed server's programs. */
export function findPostgresql(): string | undefined {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder) : [];
  return versions
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debianFolder, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'postgres')));
}

/** Returns a suite's `skip`: false if there is a PostgreSQL, else the reason. Throws under CI if there is none. */
export function skipWithoutPostgresql(): string | false {
  if (findPostgresql() !== undefined) return false;
  const reason = 'no PostgreSQL: install postgresql';
  if (process.env.CI === 'true') throw new Error(reason);
  return reason;
}

/** Starts a new server; resolves when it answers. It syncs to the disk as in production. */
export async function startPostgresql(scope: Cleanup): Promise<TestPostgresql> {
  const programs = findPostgresql();
  if (programs === undefined) throw new Error(String(skipWithoutPostgresql()));
  const folder = await mkdtemp(join(tmpdir(), 'zonewright-postgresql-'));
  // PostgreSQL refuses to run as root. Debian's package has made a user for it.
  const user = process.getuid?.() === 0 ? debianUser() : undefined;
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await freePort();
  const data = join(folder, 'data');
  const owner = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
  execFileSync(join(programs, 'initdb'), ['--pgdata', data, ...owner], { ...user, stdio: 'ignore', cwd: folder });
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 50 };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let running: ChildProcess | undefined;
  let databases = 0;

  const stop = async () => {
    const child = running;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    signalAll(child.pid, 'SIGCONT');
    child.kill('SIGQUIT');
    await ended;
  };
  const start = async () => {
    const options = { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] as 'ignore'[], detached: true };
    const child = spawn(join(programs, 'postgres'), ['-D', data, ...flags], options);
    running = child;
    let output = '';
    child.stderr?.on('data', (text) => {
      output = (output + text).slice(-4000);
    });
    for (const end = Date.now() + 30_000; !isReady(programs, port); await delay(50)) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended at once: ${output}`);
      if (Date.now() > end) throw new Error(`PostgreSQL does not answer: ${output}`);
    }
  };
  const run = (url: string, sql: string) =>
    execFileSync(join(programs, 'psql'), ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql, url], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }).trim();
  const killWithUs = () => running?.kill('SIGQUIT');
  process.on('exit', killWithUs);
  scope.after(async () => {
    process.off('exit', killWithUs);
    await stop();
    await rm(folder, { recursive: true, force: true });
  });
  await start();
  const urlOf = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`;
  return {
    newDatabase: () => {
      const name = `test_${++databases}`;
      run(urlOf('postgres'), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    run,
    stop,
    start,
    pause: () => signalAll(running?.pid, 'SIGSTOP'),
    resume: () => signalAll(running?.pid, 'SIGCONT'),
  };
}

function isReady(programs: string, port: number): boolean {
  try {
    execFileSync(join(programs, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Sends a signal to the server and to the processes that it made: each connection has one. */
function signalAll(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' });
  for (const one of [pid, ...children.trim().split(/\s+/).map(Number)]) {
    try {
      process.kill(one, signal);
    } catch {
      // The process has ended meanwhile.
    }
  }
}

function debianUser(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
