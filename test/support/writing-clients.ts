// Clients that create, change and delete hosts, RRsets, allocations and zones at random replicas. They want the same
// things again and again, so many requests are refused. Each client remembers the outcomes of its requests.

import { setTimeout as delay } from 'node:timers/promises';
import type { Replica } from './replica.ts';

/**
 * The outcome of a request as its client knows it: carried out, refused, or unknown because there was no clear answer.
 */
export type Outcome = 'done' | 'refused' | 'unknown';

/** A request. A POST, which has an idempotency key, is sent until its outcome is known; any other request once. */
export interface Sent {
  what: string;
  /** True if carrying out the request may change nothing. */
  mayBeIdle: boolean;
  /** The attempts, each with its request id, outcome and answer. */
  attempts: { id: string; outcome: Outcome; answer: string }[];
}

/** The zone of the hosts and RRsets that the clients write. The test creates it. */
export const clientsZone = 'faults.test';
/** The pools of hosts and allocations. The second and the third are often full. */
export const clientsPools = [
  { name: 'wide', ranges: ['10.8.0.0/16'], autoAssign: true },
  { name: 'narrow', ranges: ['10.9.1.0/27'], autoAssign: false },
  { name: 'cooling', ranges: ['10.9.2.0/27'], autoAssign: false, coolDownSeconds: 1 },
];

const sharedThings = 6;
const maxAttempts = 20;
/** After this time, a client gives up a request: a frozen replica does not answer. */
const answerMilliseconds = 3000;
const maxPauseMilliseconds = 250;

export class WritingClients {
  readonly sent: Sent[] = [];
  readonly #replicas: readonly Replica[];
  readonly #running: Promise<void>[] = [];
  readonly #underWay = new Set<Promise<Answered>>();
  #stopped = false;
  #ids = 0;

  constructor(replicas: readonly Replica[]) {
    this.#replicas = replicas;
  }

  start(count: number): void {
    for (let client = 0; client < count; client += 1) this.#running.push(this.#run(`c${client}`));
  }

  /** Stops the clients. Resolves when each request has ended, also those that a client has given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    await Promise.all(this.#underWay);
  }

  count(outcome: Outcome): number {
    return this.sent.filter(({ attempts }) => attempts.at(-1)?.outcome === outcome).length;
  }

  async #run(client: string): Promise<void> {
    const state: Own = { client, hosts: new Set(), allocations: new Set(), count: 0 };
    while (!this.#stopped) {
      state.count += 1;
      await oneOf(works)(this, state);
      await delay(Math.random() * maxPauseMilliseconds);
    }
  }

  /** Sends a request. Repeats a POST until its outcome is known, at most `maxAttempts` times in all. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const sent: Sent = { what: `${method} ${path} ${JSON.stringify(body)}`, mayBeIdle: isMove(body), attempts: [] };
    this.sent.push(sent);
    const key = `key-${++this.#ids}`;
    const isRepeatable = method === 'POST';
    for (;;) {
      const id = `request-${++this.#ids}`;
      const given = { ...headers, 'x-request-id': id, ...(isRepeatable && { 'idempotency-key': key }) };
      const answered = await Promise.race([
        this.#attempt(method, path, body, given),
        delay(answerMilliseconds, unanswered('no answer in time')),
      ]);
      sent.attempts.push({ id, outcome: answered.outcome, answer: answered.answer });
      const isKnown = answered.outcome !== 'unknown';
      if (!isKnown || answered.answer.startsWith('503')) await delay(100);
      if (isKnown || !isRepeatable || sent.attempts.length >= maxAttempts) return answered;
    }
  }

  #attempt(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answered> {
    const attempt = oneOf(this.#replicas)
      .request(method, path, body, headers)
      .then(
        ({ status, body }) => ({ outcome: outcomeOf(status, body), body, answer: `${status} ${JSON.stringify(body)}` }),
        (error: unknown) => unanswered(String(error)),
      )
      .finally(() => this.#underWay.delete(attempt));
    this.#underWay.add(attempt);
    return attempt;
  }
}

function unanswered(answer: string): Answered {
  return { outcome: 'unknown', body: {}, answer };
}

/** Returns whether a request moves a host to a pool. The host may already be in that pool. */
function isMove(body: unknown): boolean {
  return JSON.stringify(body)?.startsWith('{"pool":') === true;
}

interface Answered {
  outcome: Outcome;
  body: Record<string, unknown>;
  answer: string;
}

function outcomeOf(status: number, body: Record<string, unknown>): Outcome {
  if (status >= 200 && status < 300) return 'done';
  if (status >= 400 && status < 500) return 'refused';
  return String(body.detail).includes('nothing was written') ? 'refused' : 'unknown';
}

/** The resources that one client has made, or perhaps made. */
interface Own {
  client: string;
  hosts: Set<string>;
  allocations: Set<string>;
  count: number;
}

type Work = (clients: WritingClients, own: Own) => Promise<unknown>;

const createHost: Work = async (clients, own) => {
  const name = `${own.client}-${own.count}.${clientsZone}`;
  const aliases = own.count % 3 === 0 ? [`alias-${name}`] : [];
  const pool = oneOf(['wide', 'wide', 'narrow', 'cooling']);
  const { outcome } = await clients.send('POST', '/v1/hosts', { name, aliases, pool, owner: own.client });
  if (outcome !== 'refused') own.hosts.add(name);
};

const createSharedHost: Work = (clients, own) => {
  const number = Math.floor(Math.random() * sharedThings);
  const body = { name: `shared-${number}.${clientsZone}`, addresses: [`10.9.3.${number >> 1}`], owner: own.client };
  return clients.send('POST', '/v1/hosts', body);
};

const changeHost: Work = async (clients, own) => {
  const [name] = own.hosts;
  const body = oneOf([{ tags: { count: String(own.count) } }, { owner: `${own.client}-${own.count}` }]);
  if (name !== undefined) await clients.send('PATCH', `/v1/hosts/${name}`, body);
};

const moveHost: Work = async (clients, own) => {
  const [name] = own.hosts;
  if (name !== undefined)
    await clients.send('PATCH', `/v1/hosts/${name}`, { pool: oneOf(['wide', 'narrow', 'cooling']) });
};

const deleteHost: Work = async (clients, own) => {
  const [name] = own.hosts;
  if (name === undefined) return;
  const { outcome } = await clients.send('DELETE', `/v1/hosts/${name}`);
  if (outcome !== 'unknown') own.hosts.delete(name);
};

const deleteSharedHost: Work = (clients) =>
  clients.send('DELETE', `/v1/hosts/shared-${Math.floor(Math.random() * sharedThings)}.${clientsZone}`);

const putRrset: Work = (clients, own) => {
  const [name, headers] = oneOf<[string, Record<string, string>]>([
    [own.client, {}],
    [`text-${Math.floor(Math.random() * sharedThings)}`, { 'if-none-match': '*' }],
  ]);
  const body = { records: [{ text: `${own.client} ${own.count}` }], ttl: 60 };
  return clients.send('PUT', `/v1/zones/${clientsZone}/rrsets/${name}/TXT`, body, headers);
};

const deleteRrset: Work = (clients, own) => {
  const name = oneOf([own.client, `text-${Math.floor(Math.random() * sharedThings)}`]);
  return clients.send('DELETE', `/v1/zones/${clientsZone}/rrsets/${name}/TXT`);
};

const allocate: Work = async (clients, own) => {
  const body = { count: 1 + (own.count % 2), owner: own.client };
  const { outcome, body: answer } = await clients.send(
    'POST',
    `/v1/pools/${oneOf(['wide', 'narrow'])}/allocations`,
    body,
  );
  if (outcome !== 'done') return;
  for (const { address } of answer.items as { address: string }[]) own.allocations.add(address);
};

const release: Work = async (clients, own) => {
  const [address] = own.allocations;
  if (address === undefined) return;
  const { outcome } = await clients.send('DELETE', `/v1/addresses/${address}?owner=${own.client}`);
  if (outcome !== 'unknown') own.allocations.delete(address);
};

const createZone: Work = (clients) =>
  clients.send('POST', '/v1/zones', { name: `zone-${Math.floor(Math.random() * sharedThings)}.test` });

const fillZone: Work = (clients, own) => {
  const zone = `zone-${Math.floor(Math.random() * sharedThings)}.test`;
  return clients.send('PUT', `/v1/zones/${zone}/rrsets/www/TXT`, { records: [{ text: `${own.client} ${own.count}` }] });
};

const deleteZone: Work = (clients) =>
  clients.send('DELETE', `/v1/zones/zone-${Math.floor(Math.random() * sharedThings)}.test`);

const askNonsense: Work = (clients) =>
  clients.send('POST', '/v1/hosts', oneOf([{ name: 'no name' }, { name: `x.${clientsZone}`, unknown: 1 }, {}]));

/** The actions of clients. An action that is listed twice is chosen twice as often. */
const works: readonly Work[] = [
  ...[
    createHost,
    createHost,
    createHost,
    createSharedHost,
    changeHost,
    moveHost,
    deleteHost,
    deleteHost,
    deleteSharedHost,
  ],
  ...[putRrset, putRrset, deleteRrset, allocate, allocate, release, release],
  ...[createZone, fillZone, deleteZone, askNonsense],
];

function oneOf<T>(choices: readonly T[]): T {
  return choices[Math.floor(Math.random() * choices.length)] as T;
}
