// Clients that take and release the addresses of one pool: hosts, allocations, and allocations that share addresses.
// Some hosts share addresses outside the pool. A seed decides what each client wants. A client repeats each request
// until its outcome is known, and remembers it.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from './random.ts';
import type { Answer, Replica } from './replica.ts';

/** A request to take addresses, by a host or an owner that no other request names. */
export interface Taking {
  /** The name of the host, or the owner of the allocations. */
  taker: string;
  kind: 'host' | 'allocation';
  /** What the client was told: the addresses, and the revision that took them. Undefined: the pool was exhausted. */
  taken?: { addresses: string[]; revision: number };
  /** The revision that released them, as the client was told. 0: an answer was lost, and they were gone afterwards. */
  released?: number;
}

export interface FirePlan {
  seed: number;
  clients: number;
  requests: number;
  pool: string;
  zone: string;
}

const sharedKeys = 12;
/** Addresses outside the pool, each with many hosts. */
const virtualAddresses = '10.21.0.';
const virtualAddressCount = 6;
const pauseMilliseconds = 60;
/** How long a replica may lag behind the others: its watch begins anew when etcd has restarted. */
const lagMilliseconds = 5000;
/** A client that gets no answer for so long has found a fault. */
const patienceMilliseconds = 120_000;

export class AllocatingClients {
  readonly takings: Taking[] = [];
  /** How many requests have their final answer. */
  done = 0;
  /** How many requests were sent once more, because the outcome was not known or nothing was written. */
  repeated = 0;
  /** How often a replica did not know yet what another one had acknowledged. */
  late = 0;
  readonly #plan: FirePlan;
  readonly #replicas: readonly Replica[];

  constructor(replicas: readonly Replica[], plan: FirePlan) {
    this.#replicas = replicas;
    this.#plan = plan;
  }

  /** Resolves when all clients have sent all their requests. */
  async run(): Promise<void> {
    const { clients, requests } = this.#plan;
    const counts = Array.from({ length: clients }, (_, client) => Math.floor((requests + client) / clients));
    await Promise.all(counts.map((count, client) => this.#runClient(client, count)));
  }

  async #runClient(client: number, count: number): Promise<void> {
    const random = new Random(this.#plan.seed, client);
    const held: Taking[] = [];
    for (let number = 0; number < count; number += 1) {
      const work = random.weighted({ host: 38, virtual: 4, allocation: 26, shared: 10, release: 18 });
      if (work === 'release' && held.length > 0) {
        await this.#release(random, held.splice(random.below(held.length), 1)[0] as Taking);
      } else {
        const id = `c${client}-${number}`;
        const isHost = work === 'host' || work === 'virtual';
        const taking = await (isHost ? this.#createHost(random, id, work) : this.#allocate(random, id, work));
        if (taking.taken !== undefined) held.push(taking);
      }
      this.done += 1;
    }
  }

  async #createHost(random: Random, id: string, work: string): Promise<Taking> {
    const { zone, pool } = this.#plan;
    const taking: Taking = { taker: `${id}.${zone}`, kind: 'host' };
    this.takings.push(taking);
    const at = { address: `${virtualAddresses}${random.below(virtualAddressCount)}`, shared: true };
    const where = work === 'virtual' ? { addresses: [at] } : { pool };
    const body = { name: taking.taker, ...where, aliases: random.chance(0.1) ? [`www-${id}.${zone}`] : [] };
    const answer = await this.#send<{ addresses: { address: string }[] }>(random, 'POST', '/v1/hosts', id, body);
    if (answer.status === 201)
      taking.taken = { addresses: answer.body.addresses.map(({ address }) => address), revision: revisionOf(answer) };
    else assertExhausted(answer);
    return taking;
  }

  async #allocate(random: Random, id: string, work: string): Promise<Taking> {
    const taking: Taking = { taker: id, kind: 'allocation' };
    this.takings.push(taking);
    const [client, number] = id.slice(1).split('-').map(Number) as [number, number];
    const ports = [{ protocol: 'tcp', port: 1 + client * 1000 + (number % 1000) }];
    const shared = { sharingKey: `key-${random.below(sharedKeys)}`, ports };
    const body = { owner: id, ...(work === 'shared' ? shared : { count: 1 + random.below(3) }) };
    const path = `/v1/pools/${this.#plan.pool}/allocations`;
    const answer = await this.#send<{ items: { address: string }[] }>(random, 'POST', path, id, body);
    if (answer.status === 201)
      taking.taken = { addresses: answer.body.items.map(({ address }) => address), revision: revisionOf(answer) };
    else assertExhausted(answer);
    return taking;
  }

  async #release(random: Random, taking: Taking): Promise<void> {
    const paths =
      taking.kind === 'host'
        ? [`/v1/hosts/${taking.taker}`]
        : (taking.taken?.addresses ?? []).map((address) => `/v1/addresses/${address}?owner=${taking.taker}`);
    for (const path of paths) {
      const { answer, lost } = await this.#delete(random, path);
      if (answer.status === 204) taking.released = revisionOf(answer);
      else {
        assert.equal(answer.status, 404, `DELETE ${path}: ${JSON.stringify(answer.body)}`);
        assert.ok(lost, `DELETE ${path}: nobody has it, although it was acknowledged`);
        taking.released = 0;
      }
    }
  }

  /**
   * Deletes what this client has. A replica that has not seen it yet answers 404, so the client asks again for a while.
   * `lost`: an answer was lost before, so that the deletion may be done.
   */
  async #delete(random: Random, path: string): Promise<{ answer: Answer<unknown>; lost: boolean }> {
    let lost = false;
    for (const end = performance.now() + lagMilliseconds; ; this.late += 1) {
      const repeated = { times: 0 };
      const answer = await this.#send(random, 'DELETE', path, undefined, undefined, repeated);
      lost ||= repeated.times > 0;
      if (answer.status !== 404 || performance.now() > end) return { answer, lost };
      await delay(pauseMilliseconds);
    }
  }

  /** Sends a request, each time to a random replica, until it is carried out or refused. */
  async #send<T>(
    random: Random,
    method: string,
    path: string,
    key?: string,
    body?: object,
    repeated = { times: 0 },
  ): Promise<Answer<T>> {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    for (const end = performance.now() + patienceMilliseconds; ; repeated.times += 1) {
      const answer = await random.pick(this.#replicas).request<T>(method, path, body, headers).catch(String);
      if (typeof answer !== 'string' && answer.status < 500) return answer;
      const shown = typeof answer === 'string' ? answer : JSON.stringify(answer.body);
      assert.ok(performance.now() < end, `${method} ${path} has no answer for too long: ${shown}`);
      if (typeof answer !== 'string') assert.equal(answer.status, 503, shown);
      this.repeated += 1;
      await delay(pauseMilliseconds);
    }
  }
}

function revisionOf({ headers }: Answer<unknown>): number {
  return Number(headers.get('zonewright-revision'));
}

function assertExhausted({ status, body }: Answer<unknown>): void {
  assert.deepEqual([status, (body as { code?: string }).code], [409, 'pool_exhausted'], JSON.stringify(body));
}
