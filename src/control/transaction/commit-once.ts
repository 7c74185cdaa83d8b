// Idempotency keys: the first answer is kept in the transaction that it answers for, and given again to the same request
// (test/http/conditions-and-repeats.test.ts).

import { createHash } from 'node:crypto';
import { Refusal, refuse } from '../../errors.ts';
import { idempotencyKey } from '../../store/keys.ts';
import { LeaseGone, type LeaseId, type Store, StoreUnavailable } from '../../store/store.ts';
import { answerValue } from '../../store/values.ts';
import type { Views } from '../../views/views.ts';
import { type Committer, LostRace, maxAttempts, notWritten } from './commit.ts';
import type { Committed, Decide } from './decision.ts';
import { untilServed } from './until-reached.ts';

/** Kept for 24 hours at least: leases are shared, one for each hour. */
const leaseSeconds = 25 * 3600;
const leaseShareMilliseconds = 3600 * 1000;

/** What makes two requests the same one. */
export interface RequestIdentity {
  token: string;
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

  /** As {@link Committer.commit}; the same request gets the first answer again. Refuses with `idempotency_mismatch`. */
  async commit<T>(identity: RequestIdentity, decide: Decide<T>): Promise<Committed<T>> {
    try {
      return await this.#commit(identity, decide);
    } catch (error) {
      // The committer has words of its own: this is from before it, or after it wrote nothing.
      throw error instanceof StoreUnavailable ? notWritten(error) : error;
    }
  }

  async #commit<T>(identity: RequestIdentity, decide: Decide<T>): Promise<Committed<T>> {
    const key = idempotencyKey(identity.token, identity.key);
    const request = createHash('sha256')
      .update(JSON.stringify([identity.method, identity.path, identity.body ?? null], inOrder))
      .digest('hex');
    for (let attempts = 0; ; attempts += 1) {
      const earlier = await this.#earlier<T>(key, request);
      if (earlier !== undefined) return earlier;
      const lease = await this.#currentLease();
      try {
        const decideOnce: Decide<T> = (context) => {
          const decision = decide(context);
          const value = answerValue.encode({ request, result: decision.result ?? null });
          return {
            result: decision.result,
            compares: [...decision.compares, { kind: 'absent', key }],
            operations: [...decision.operations, { kind: 'put', key, value, lease }],
          };
        };
        // The compare that fails may be the one that says that nobody used the key.
        return await this.#committer.commit(decideOnce, { once: true });
      } catch (error) {
        if (error instanceof LeaseGone) this.#lease = undefined;
        if (attempts < maxAttempts && (error instanceof LostRace || error instanceof LeaseGone)) continue;
        // The same request may have been carried out a moment ago: then this refusal only says that it was.
        const answered =
          error instanceof Refusal && error.code !== 'store_unavailable'
            ? await this.#earlier<T>(key, request)
            : undefined;
        if (answered !== undefined) return answered;
        throw error;
      }
    }
  }

  /** The first answer, once this replica serves what it says: another one may have given it (test/control/repeats.test.ts). */
  async #earlier<T>(key: string, request: string): Promise<Committed<T> | undefined> {
    const entry = await this.#store.get(key);
    if (entry === undefined) return undefined;
    const answer = answerValue.decode(entry.value);
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

/** For JSON.stringify: the order of an object's fields says nothing (RFC 8259 §4). */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
