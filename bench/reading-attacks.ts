// The attacks of bench/heavy-reads.ts: the heaviest reads that one token may send, many at once. Each attack runs in a
// thread of its own.

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { adminToken } from '../test/support/api-client.ts';

/** The number of streams that one client opens: less than the limit. */
const streams = 120;
/** The writes during streams: how many RRsets of 50 kB one request has, and how many requests are sent at once. */
const [rrsetsAtOnce, writers] = [8, 4];
const day = 24 * 3600 * 1000;

interface Attack {
  port: number;
  atOnce: number;
  seconds: number;
  /** The time at which the attack ends, as of performance.now(). */
  end: number;
  /** False: each request has a connection of its own. */
  agent: Agent | false;
}

/** A title → the attack. Resolves with a short result. */
const attacks: Record<string, (attack: Attack) => Promise<string>> = {
  'host searches that find nothing': (attack) => readAgain(attack, '/v1/hosts?search=zzzz&total=true&limit=1000'),
  'largest pages of RRsets': (attack) => readAgain(attack, '/v1/zones/large.k8s/rrsets?limit=1000'),
  'largest pages of hosts': (attack) => readAgain(attack, '/v1/hosts?limit=1000'),
  'largest pages of hosts, on a new connection each': (attack) =>
    readAgain({ ...attack, agent: false }, '/v1/hosts?limit=1000'),
  'events with filters that match nothing': (attack) =>
    readAgain(attack, '/v1/events?kind=pool&action=deleted&actor=x'),
  'largest pages of events': (attack) => readAgain(attack, '/v1/events?limit=1000'),
  'largest pages of large events': (attack) => readAgain(attack, '/v1/events?kind=rrset&limit=1000'),
  'pool usage in most steps': (attack) => readAgain(attack, usagePath()),
  'backups again and again': (attack) => readAgain(attack, '/v1/backup'),
  'a backup that nobody reads': async (attack) => {
    const answers = await Promise.all(Array.from({ length: attack.atOnce }, () => open(attack, '/v1/backup')));
    await rest(attack);
    return counted(answers.map(({ statusCode }) => statusCode));
  },
  'unread watch streams under changes': async (attack) => {
    const opened = await Promise.all(Array.from({ length: streams }, () => open(attack, '/v1/watch')));
    const changes = await change(attack);
    return `${counted(opened.map(({ statusCode }) => statusCode))}; ${changes}`;
  },
  'watch streams with a filter each': async (attack) => {
    const open200 = Array.from({ length: streams }, async (_, i) => {
      const answer = await open(attack, `/v1/watch?kind=rrset&within=10.${i}.0.0/16`);
      answer.resume();
      return answer.statusCode;
    });
    const opened = await Promise.all(open200);
    return `${counted(opened)}; ${await change(attack)}`;
  },
  'watch streams from the first revision, left at once': (attack) =>
    again(attack, async () => {
      const answer = await open(attack, '/v1/watch?since=1');
      await delay(20);
      answer.destroy();
      return answer.statusCode;
    }),
  'failed tokens, pipelined': failTokens,
};

export const readingAttackNames: readonly string[] = Object.keys(attacks);

/** Runs an attack in a thread of its own. Resolves with its result. */
export async function runReadingAttack(name: string, port: number, atOnce: number, seconds: number): Promise<string> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { readingAttack: name, port, atOnce, seconds } });
  const [message] = (await once(worker, 'message')) as [string];
  await worker.terminate();
  return message;
}

// Other threads of the bench import this file too, with other worker data.
if (typeof workerData?.readingAttack === 'string') {
  // On Linux, this sets the priority of this thread only.
  setPriority(0, 0);
  const { port, atOnce, seconds, readingAttack } = workerData;
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const attack = { port, atOnce, seconds, agent, end: performance.now() + seconds * 1000 };
  parentPort?.postMessage(await attacks[readingAttack]?.(attack));
}

function usagePath(): string {
  const until = Date.now();
  const range = { since: new Date(until - 14 * day).toISOString(), until: new Date(until).toISOString() };
  return `/v1/pools/default/usage?${new URLSearchParams({ ...range, step: String(Math.ceil((14 * day) / 1000 / 2000)) })}`;
}

/** Sends a request. Resolves with the answer, before its body is read. */
async function open({ port, agent }: Attack, path: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const sent = request({ host: '127.0.0.1', port, path, headers, agent }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.on('error', () => undefined);
  return answer;
}

function readAgain(attack: Attack, path: string): Promise<string> {
  return again(attack, async () => {
    const answer = await open(attack, path);
    for await (const _ of answer);
    return answer.statusCode;
  });
}

/** Repeats the work until the attack ends, `atOnce` times in parallel. Returns how often each status came. */
async function again({ atOnce, end }: Attack, work: () => Promise<number | undefined>): Promise<string> {
  const statuses: (number | string | undefined)[] = [];
  const repeat = async () => {
    while (performance.now() < end) statuses.push(await work().catch((error: NodeJS.ErrnoException) => error.code));
  };
  await Promise.all(Array.from({ length: atOnce }, repeat));
  return counted(statuses);
}

function counted(statuses: readonly unknown[]): string {
  return [...Map.groupBy(statuses, String)].map(([status, all]) => `${all.length} × ${status}`).join(', ');
}

function rest({ end }: Attack): Promise<void> {
  return delay(Math.max(0, end - performance.now()));
}

/** Writes large RRsets until the attack ends. */
async function change({ port, seconds, end }: Attack): Promise<string> {
  let octets = 0;
  const write = async (_: unknown, writer: number) => {
    for (let round = 0; performance.now() < end; round += 1) {
      const rrsets = Array.from({ length: rrsetsAtOnce }, (_, i) => ({
        name: `c${writer}-${i}`,
        type: 'TXT',
        ttl: 300,
        records: Array.from({ length: 200 }, (_, k) => `"${k} ${round} ${'x'.repeat(230)}"`),
      }));
      const body = JSON.stringify(rrsets);
      const answer = await fetch(`http://127.0.0.1:${port}/v1/zones/foo.k8s/rrsets`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        body,
      });
      await answer.text();
      if (answer.ok) octets += body.length;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return `${(octets / 1e6 / seconds).toFixed(1)} MB/s of changes`;
}

/** Sends requests with wrong tokens on four connections, as fast as the server takes them. */
async function failTokens({ port, end }: Attack): Promise<string> {
  let answered = 0;
  let limited = 0;
  const one = async () => {
    while (performance.now() < end) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.on('data', (chunk) => {
        answered += chunk.toString('latin1').split('HTTP/1.1 401').length - 1;
        limited += chunk.toString('latin1').split('HTTP/1.1 429').length - 1;
      });
      const closed = once(socket, 'close');
      socket.write(`GET /v1/hosts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer zw_wrong\r\n\r\n`.repeat(100_000));
      await Promise.race([closed, delay(Math.max(0, end - performance.now()))]);
      socket.destroy();
    }
  };
  await Promise.all([1, 2, 3, 4].map(one));
  return `${answered} × 401, ${limited} × 429`;
}
