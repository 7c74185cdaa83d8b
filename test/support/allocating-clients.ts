// Clients that take and release the addresses of one pool: hosts, allocations, and allocations that share addresses.
// Some name a part of the pool, which may be gone. Some hosts share addresses outside the pool. A seed decides what
// each client wants. A client repeats each request until its outcome is known, and remembers it.

import assert from 'node:assert/strict';
import { type PatientSender, revisionOf } from './patient-sender.ts';
import { Random } from './random.ts';
import type { Answer } from './replica.ts';

/** A request to take addresses, by a host or an owner that no other request names. */
export interface Taking {
  /** The name of the host, or the owner of the allocations. */
  taker: string;
  kind: 'host' | 'allocation';
  /** What the client was told: the addresses, and the revision that took them. Undefined: it was refused. */
  taken?: { addresses: string[]; revision: number };
  /** The revision that released them, as the client was told. 0: an answer was lost, and they were gone afterwards. */
  released?: number;
}

export interface FirePlan {
  seed: number;
  clients: number;
  requests: number;
  pool: string;
  /** The name of a part of the pool, which is split off and merged back meanwhile. */
  part: string;
  zone: string;
}

const sharedKeys = 12;
/** Addresses outside the pool, each with many hosts. */
const virtualAddresses = '10.21.0.';
const virtualAddressCount = 6;
/** How likely a request names the part. */
const ofPart = 0.15;

export class AllocatingClients {
  readonly takings: Taking[] = [];
  /** How many requests have their final answer. */
  done = 0;
  /** How many requests named the part when there was none. */
  withoutPart = 0;
  readonly #plan: FirePlan;
  readonly #sender: PatientSender;

  constructor(sender: PatientSender, plan: FirePlan) {
    this.#sender = sender;
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
    const { zone } = this.#plan;
    const pool = this.#poolFor(random);
    const taking: Taking = { taker: `${id}.${zone}`, kind: 'host' };
    this.takings.push(taking);
    const at = { address: `${virtualAddresses}${random.below(virtualAddressCount)}`, shared: true };
    const where = work === 'virtual' ? { addresses: [at] } : { pool };
    const body = { name: taking.taker, ...where, aliases: random.chance(0.1) ? [`www-${id}.${zone}`] : [] };
    const request = { method: 'POST', path: '/v1/hosts', key: id, body };
    const { answer } = await this.#sender.send<{ addresses: { address: string }[] }>(random, request);
    if (answer.status === 201)
      taking.taken = { addresses: answer.body.addresses.map(({ address }) => address), revision: revisionOf(answer) };
    else this.#assertRefused(answer, pool, [422, 'pool_not_found']);
    return taking;
  }

  async #allocate(random: Random, id: string, work: string): Promise<Taking> {
    const taking: Taking = { taker: id, kind: 'allocation' };
    this.takings.push(taking);
    const pool = this.#poolFor(random);
    const [client, number] = id.slice(1).split('-').map(Number) as [number, number];
    const ports = [{ protocol: 'tcp', port: 1 + client * 1000 + (number % 1000) }];
    const shared = { sharingKey: `key-${random.below(sharedKeys)}`, ports };
    const body = { owner: id, ...(work === 'shared' ? shared : { count: 1 + random.below(3) }) };
    const request = { method: 'POST', path: `/v1/pools/${pool}/allocations`, key: id, body };
    const { answer } = await this.#sender.send<{ items: { address: string }[] }>(random, request);
    if (answer.status === 201)
      taking.taken = { addresses: answer.body.items.map(({ address }) => address), revision: revisionOf(answer) };
    else this.#assertRefused(answer, pool, [404, 'not_found']);
    return taking;
  }

  #poolFor(random: Random): string {
    return random.chance(ofPart) ? this.#plan.part : this.#plan.pool;
  }

  /** Asserts that the pool was exhausted. If it is the part, it may also be gone: then the refusal is `gone`. */
  #assertRefused({ status, body }: Answer<unknown>, pool: string, gone: [number, string]): void {
    const found = [status, (body as { code?: string }).code];
    const isGone = pool === this.#plan.part && String(found) === String(gone);
    if (isGone) this.withoutPart += 1;
    else assert.deepEqual(found, [409, 'pool_exhausted'], JSON.stringify(body));
  }

  async #release(random: Random, taking: Taking): Promise<void> {
    const paths =
      taking.kind === 'host'
        ? [`/v1/hosts/${taking.taker}`]
        : (taking.taken?.addresses ?? []).map((address) => `/v1/addresses/${address}?owner=${taking.taker}`);
    for (const path of paths) {
      const { answer, lost } = await this.#sender.sendUntilKnown(random, { method: 'DELETE', path }, [404]);
      if (answer.status === 204) taking.released = revisionOf(answer);
      else {
        assert.equal(answer.status, 404, `DELETE ${path}: ${JSON.stringify(answer.body)}`);
        assert.ok(lost, `DELETE ${path}: nobody has it, although it was acknowledged`);
        taking.released = 0;
      }
    }
  }
}
