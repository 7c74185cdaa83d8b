// The clients of the benchmark, in a process of their own: each sends one request after the other, for some seconds.
// What they send: hosts to a replica, one at a time or in batches; single keys to etcd; single rows to SQLite.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { Etcd3 } from 'etcd3';
import type { Cleanup } from '../../test/support/temporary.ts';
import { Connection } from './connection.ts';

export type Work =
  | { kind: 'hosts'; port: number; hostsInBatch?: number }
  | { kind: 'puts'; endpoint: string }
  | { kind: 'commits'; folder: string };

export interface Phase {
  work: Work;
  clients: number;
  seconds: number;
  /** The clients send no more requests than this. */
  most: number;
}

export interface Sent {
  requests: number;
  seconds: number;
  /** In milliseconds. */
  latencies: number[];
}

/** A process with clients. It runs one phase at a time. */
export class Clients {
  readonly #child: ChildProcess;

  constructor(cleanup: Cleanup) {
    this.#child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv });
    cleanup.after(() => this.#child.kill());
  }

  async run(phase: Phase): Promise<Sent> {
    this.#child.send(phase);
    const answered = (await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')])) as [unknown];
    const [sent] = answered as [Sent | { error: string } | number | null];
    if (sent === null || typeof sent === 'number') throw new Error('the process of the clients has ended');
    if ('error' in sent) throw new Error(sent.error);
    return sent;
  }
}

/** The number of the next host, key or row of this process. */
let next = 0;

/** A client's connection. `send` resolves when its request is done. */
interface Client {
  send(): Promise<void>;
  close(): void;
}

if (process.send !== undefined) {
  process.on('message', (phase: Phase) => {
    run(phase).then(
      (sent) => process.send?.(sent),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
}

async function run({ work, clients, seconds, most }: Phase): Promise<Sent> {
  const all = await openAll(work, clients);
  const latencies: number[] = [];
  const begun = performance.now();
  let left = most;
  await Promise.all(
    all.map(async ({ send }) => {
      for (let now = performance.now(); left > 0 && now < begun + seconds * 1000; now = performance.now()) {
        left -= 1;
        await send();
        latencies.push(performance.now() - now);
      }
    }),
  );
  const taken = (performance.now() - begun) / 1000;
  for (const { close } of all) close();
  return { requests: latencies.length, seconds: taken, latencies };
}

async function openAll(work: Work, clients: number): Promise<Client[]> {
  if (work.kind === 'puts') return putters(work.endpoint, clients);
  if (work.kind === 'commits') return [committer(work.folder)];
  return Promise.all(Array.from({ length: clients }, () => poster(work)));
}

async function poster({ port, hostsInBatch }: Extract<Work, { kind: 'hosts' }>): Promise<Client> {
  const connection = await Connection.open(port);
  const host = () => ({ name: `h${process.pid}-${next++}.foo.k8s`, pool: 'default' });
  const send = async () => {
    const path = hostsInBatch === undefined ? '/v1/hosts' : '/v1/hosts:batch';
    const body = hostsInBatch === undefined ? host() : { hosts: Array.from({ length: hostsInBatch }, host) };
    const { status, text } = await connection.post(path, body);
    if (status >= 300) throw new Error(text);
  };
  return { send, close: () => connection.close() };
}

/** Returns clients that share one connection to etcd, as the requests of a replica do. */
function putters(endpoint: string, clients: number): Client[] {
  const etcd = new Etcd3({ hosts: endpoint });
  const send = async () => {
    const key = Buffer.from(`bench/${process.pid}/${next++}`);
    await etcd.kv.put({ key, value: Buffer.from('{"v":1}') });
  };
  return Array.from({ length: clients }, (_, index) => ({ send, close: () => index === 0 && etcd.close() }));
}

/** Returns a client that commits each row by itself, with the settings of the embedded store. */
function committer(folder: string): Client {
  const database = new DatabaseSync(join(folder, 'plain.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
  database.exec('CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID');
  const insert = database.prepare('INSERT INTO entries VALUES (?, ?)');
  const send = async () => void insert.run(`${process.pid}/${next++}`, '{"v":1}');
  return { send, close: () => database.close() };
}
