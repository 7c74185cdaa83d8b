// Runs a replica as users do: the command in its own process, on free ports. Tests ask it over HTTP and DNS.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Message } from 'dns-packet';
import { adminToken } from './api-client.ts';
import { ask, type Server } from './dns-client.ts';
import type { Cleanup } from './temporary.ts';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));
/** PATH with the folder of this process's Node first: the command's first line (`#!`) looks for Node there. */
const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
const startMilliseconds = 60_000;

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

export interface Replica {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly dns: Server;
  readonly folder: string;
  /** Sends a request to the API with the admin token. */
  request<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  /** Sends a {@link request}, asserts the status of the answer and returns its body. */
  expect<T = Record<string, unknown>>(status: number, method: string, path: string, body?: unknown): Promise<T>;
  /** Asks one question over UDP, without a retry. */
  ask(name: string, type: string): Promise<Message>;
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>;
  /** Sends SIGTERM. Resolves with the exit status. */
  stop(): Promise<number | null>;
  /**
   * Starts the command again on the same folder. The ports are the same if DNS was listening before. Waits as
   * {@link startReplica} does.
   */
  start(): Promise<void>;
  /** Returns the output of the replica since its last start. Lacks the log if `stdout` was set. */
  log(): string;
  readonly pid: number;
}

/**
 * Starts a replica with these flags. Resolves when it is ready, or, with `until: 'http'`, when it listens for HTTP.
 * If `stdout` is a descriptor, the replica writes its log there.
 */
export async function startReplica(
  test: Cleanup,
  folder: string,
  flags: readonly string[] = [],
  until: 'ready' | 'http' = 'ready',
  withinMilliseconds = startMilliseconds,
  stdout: 'pipe' | number = 'pipe',
): Promise<Replica> {
  let child: ChildProcess | undefined;
  let output = '';
  let ports = { '--http': '127.0.0.1:0', '--dns': '127.0.0.1:0' };
  let url = '';
  let dns: Server = { address: '127.0.0.1', port: 0 };

  async function start(): Promise<void> {
    await rm(join(folder, 'endpoints.json'), { force: true });
    output = '';
    const listen = Object.entries(ports).flatMap((one) => (flags.includes(one[0]) ? [] : one));
    const running = spawn(command, ['serve', '--data-dir', folder, ...listen, ...flags], {
      env: { ...process.env, PATH: path, ZONEWRIGHT_ADMIN_TOKEN: adminToken },
      stdio: ['ignore', stdout, 'pipe'],
    });
    child = running;
    for (const stream of [running.stdout, running.stderr]) {
      stream?.on('data', (text) => {
        output += text;
      });
    }
    const endpoints = await untilServing(folder, until, withinMilliseconds, () => {
      if (running.exitCode !== null) throw new Error(`the replica ended with ${running.exitCode}: ${output}`);
    }).catch((error: unknown) => Promise.reject(new Error(`${error}: ${output}`)));
    url = `http://${endpoints.http}`;
    dns = { address: '127.0.0.1', port: Number(endpoints.dns[0]?.split(':').at(-1)) };
    if (endpoints.dns.length > 0) ports = { '--http': endpoints.http, '--dns': endpoints.dns.join() };
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    return (await exit)[0] as number | null;
  }

  async function request<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : text) as T };
  }

  test.after(() => end('SIGKILL'));
  await start();
  return {
    get url() {
      return url;
    },
    get dns() {
      return dns;
    },
    get pid() {
      return child?.pid ?? 0;
    },
    folder,
    request,
    expect: async <T>(status: number, method: string, path: string, body?: unknown) => {
      const answer = await request<T>(method, path, body);
      assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    ask: (name, type) => ask({ server: dns, name, type }),
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
    start,
    log: () => output,
  };
}

interface Endpoints {
  http: string;
  dns: string[];
}

async function untilServing(
  folder: string,
  goal: 'ready' | 'http',
  withinMilliseconds: number,
  check: () => void,
): Promise<Endpoints> {
  const until = Date.now() + withinMilliseconds;
  while (Date.now() < until) {
    check();
    const endpoints = await readFile(join(folder, 'endpoints.json'), 'utf8').then(
      (text) => JSON.parse(text) as Endpoints,
      () => undefined,
    );
    if (endpoints !== undefined && (goal === 'http' || (await isReady(endpoints)))) return endpoints;
    await delay(20);
  }
  throw new Error('the replica did not become ready in time');
}

async function isReady({ http, dns }: Endpoints): Promise<boolean> {
  if (dns.length === 0) return false;
  const response = await fetch(`http://${http}/readyz`).catch(() => undefined);
  return response?.ok === true;
}

/** Returns the answers of a message as `type data`, sorted. */
export function answersOf({ answers = [] }: Message): string[] {
  return answers.map((answer) => `${answer.type} ${String('data' in answer ? answer.data : '')}`).sort();
}
