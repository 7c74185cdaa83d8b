// Sends requests to several replicas while some of them are away: each until it is carried out or refused.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';
import type { Answer, Replica } from './replica.ts';

const pauseMilliseconds = 60;
/** How long a replica may lag behind the others: its watch begins anew when etcd has restarted. */
const lagMilliseconds = 5000;
/** So many that each replica is asked. */
const minTimes = 12;
/** A client that gets no answer for so long has found a fault. */
const patienceMilliseconds = 120_000;

interface Request {
  method: string;
  path: string;
  /** The `Idempotency-Key`. */
  key?: string;
  body?: object;
}

interface Outcome<T> {
  answer: Answer<T>;
  /** True if an answer before this one was lost, so that the request may have been carried out before. */
  lost: boolean;
}

export class PatientSender {
  /** How many requests were sent once more, because the outcome was not known or nothing was written. */
  repeated = 0;
  /** How often a replica did not know yet what another one had acknowledged. */
  late = 0;
  readonly #replicas: readonly Replica[];

  constructor(replicas: readonly Replica[]) {
    this.#replicas = replicas;
  }

  /** Sends a request, each time to a random replica, until it is carried out or refused. */
  async send<T>(random: Random, { method, path, key, body }: Request): Promise<Outcome<T>> {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    let lost = false;
    for (const end = performance.now() + patienceMilliseconds; ; lost = true) {
      const answer = await random.pick(this.#replicas).request<T>(method, path, body, headers).catch(String);
      if (typeof answer !== 'string' && answer.status < 500) return { answer, lost };
      const shown = typeof answer === 'string' ? answer : JSON.stringify(answer.body);
      assert.ok(performance.now() < end, `${method} ${path} has no answer for too long: ${shown}`);
      if (typeof answer !== 'string') assert.equal(answer.status, 503, shown);
      this.repeated += 1;
      await delay(pauseMilliseconds);
    }
  }

  /**
   * Sends a request that only a replica that lags refuses with one of these statuses. So it asks again for a while, and
   * some times at least: while etcd is frozen, such a refusal may take seconds.
   */
  async sendUntilKnown<T>(random: Random, request: Request, statuses: readonly number[]): Promise<Outcome<T>> {
    let wasLost = false;
    const end = performance.now() + lagMilliseconds;
    for (let times = 1; ; times += 1, this.late += 1) {
      const { answer, lost } = await this.send<T>(random, request);
      wasLost ||= lost;
      const isOver = times > minTimes && performance.now() > end;
      if (isOver || !statuses.includes(answer.status)) return { answer, lost: wasLost };
      await delay(pauseMilliseconds);
    }
  }
}

export function revisionOf({ headers }: Answer<unknown>): number {
  return Number(headers.get('zonewright-revision'));
}
