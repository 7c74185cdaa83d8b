// A client that splits a pool and merges the part back, again and again, while others take and release its addresses.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { type PatientSender, revisionOf } from './patient-sender.ts';
import type { Random } from './random.ts';

const pauseMilliseconds = 40;
/** The pool is cut at so many places at most: each leaves one more range. */
const places = 16;

interface Plan {
  pool: string;
  /** The name of the part, while there is one. */
  part: string;
  capacity: number;
  addressAt(offset: number): string;
}

export class SplittingClient {
  /** The revisions of the splits and merges, as the client was told. */
  readonly revisions: number[] = [];
  readonly #sender: PatientSender;
  readonly #plan: Plan;

  constructor(sender: PatientSender, plan: Plan) {
    this.#sender = sender;
    this.#plan = plan;
  }

  /** Splits and merges until `isOver`. At the end, the pool is whole. */
  async run(random: Random, isOver: () => boolean): Promise<void> {
    const { pool, part, capacity, addressAt } = this.#plan;
    const offset = (place: number) => Math.floor((capacity * place) / places);
    for (let number = 0; !isOver(); number += 1) {
      // Not the whole pool: that would be refused.
      const first = random.below(places);
      const end = first + 1 + random.below(Math.min(places - first, places - 1));
      const range = `${addressAt(offset(first))}-${addressAt(offset(end) - 1)}`;
      await this.#change(random, `/v1/pools/${pool}/split`, `split-${number}`, { name: part, ranges: [range] }, 201);
      await this.#change(random, `/v1/pools/${pool}/merge`, `merge-${number}`, { from: part }, 200);
    }
  }

  async #change(random: Random, path: string, key: string, body: object, status: number): Promise<void> {
    await delay(random.below(pauseMilliseconds));
    const request = { method: 'POST', path, key, body };
    // A replica that lags has the part still, or not yet.
    const { answer } = await this.#sender.sendUntilKnown(random, request, [409, 422]);
    assert.equal(answer.status, status, `${path} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`);
    this.revisions.push(revisionOf(answer));
  }
}
