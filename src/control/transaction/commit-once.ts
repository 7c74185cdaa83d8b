// Idempotency keys. The transaction of a request also writes the request's answer, and a repeated request gets that
// answer (test/http/conditions-and-repeats.test.ts).

import { createHash } from 'node:crypto';
import { Refusal, refuse } from '../../errors.ts';
import { idempotencyKey, idempotencyValue } from '../../store/kinds/idempotency.ts';
import { LeaseGone, type LeaseId, type Store, StoreUnavailable } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { untilServed } from '../reading/until-reached.ts';
import { type Committer, LostRace, maxAttempts, NotServed, notWritten } from './commit.ts';
import type { Committed, Decide, TokenActor } from './decision.ts';

/** The store keeps an answer for at least 24 hours. The answers of one hour share a lease. */
const leaseSeconds = 25 * 3600;
const leaseShareMilliseconds = 3600 * 1000;

/** A request with an idempotency key. Two requests with one token are the same if all fields are equal. */
export interface RequestIdentity {
  key: string;
  method: string;
  path: string;
  body: unknown;
}

export class OnceCommitter {
  readonly #store: Store;
  readonly #views: Views;
  readonly #committer: Committer;
  #lease: { id: Promise<LeaseId>; since: number } | undefined;

  constructor(store: Store, views: Views, committer: Committer) {
    this.#store = store;
    this.#views = views;
    this.#committer = committer;
  }

  /**
   * Commits as {@link Committer.commit} does. Resolves with the first answer if the request is a repeated one. Refuses
   * with `idempotency_mismatch` another request with the same key.
   */
  async commit<T>(actor: TokenActor, identity: RequestIdentity, decide: Decide<T>): Promise<Committed<T>> {
    try {
      return await this.#commit(actor, identity, decide);
    } catch (error) {
      // The committer turns StoreUnavailable into a Refusal. So this call to the store was another one, and this
      // request has written nothing.
      throw error instanceof StoreUnavailable ? notWritten(error) : error;
    }
  }

  async #commit<T>(actor: TokenActor, identity: RequestIdentity, decide: Decide<T>): Promise<Committed<T>> {
    const key = idempotencyKey(actor.id, identity.key);
    const request = createHash('sha256')
      .update(JSON.stringify([identity.method, identity.path, identity.body ?? null], sortFields))
      .digest('hex');
    for (let attempts = 0; ; attempts += 1) {
      const earlier = await this.#earlier<T>(key, request);
      if (earlier !== undefined) return earlier;
      const lease = await this.#currentLease();
      try {
        const decideOnce: Decide<T> = (context) => {
          const decision = decide(context);
          const value = idempotencyValue.encode({ request, result: decision.result ?? null });
          return decision.extendedWith({
            compares: [{ kind: 'absent', key }],
            operations: [{ kind: 'put', key, value, lease }],
          });
        };
        // If the compare of the key fails, another copy of the request was first. The next attempt reads its answer.
        return await this.#committer.commit(actor, decideOnce, { once: true });
      } catch (error) {
        if (error instanceof LeaseGone) this.#lease = undefined;
        if (attempts < maxAttempts && (error instanceof LostRace || error instanceof LeaseGone)) continue;
        if (!(error instanceof Refusal) || error instanceof NotServed || error.code === 'store_unavailable')
          throw error;
        // The reason for the refusal may be a change that another copy of this request has just made. Then the store
        // has the answer.
        const earlier = await this.#earlier<T>(key, request);
        if (earlier === undefined) throw error;
        return earlier;
      }
    }
  }

  /**
   * Resolves with the answer that the store has for the key, or with undefined if it has none. Another replica may have
   * written the answer, so this waits until this replica serves its revision (test/control/repeats.test.ts). Refuses
   * with `idempotency_mismatch` if the answer is that of another request.
   */
  async #earlier<T>(key: string, request: string): Promise<Committed<T> | undefined> {
    const entry = await this.#store.get(key);
    if (entry === undefined) return undefined;
    const answer = idempotencyValue.decode(entry.value);
    if (answer.request !== request) {
      refuse(
        'idempotency_mismatch',
        'this Idempotency-Key was used for another request: use a new key for a new request',
      );
    }
    await untilServed(this.#views, entry.modified);
    return { result: answer.result as T, revision: entry.modified };
  }

  #currentLease(): Promise<LeaseId> {
    const now = Date.now();
    if (this.#lease === undefined || now - this.#lease.since > leaseShareMilliseconds) {
      const id = this.#store.grantLease(leaseSeconds);
      this.#lease = { id, since: now };
      id.catch(() => {
        this.#lease = undefined;
      });
    }
    return this.#lease.id;
  }
}

/** Sorts an object's fields, for JSON.stringify: their order has no meaning (RFC 8259 §4). */
function sortFields(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
