// Idempotency keys. The transaction of a request also writes the request's answer, and a repeated request gets that
// answer (test/http/conditions-and-repeats.test.ts).

import { createHash } from 'node:crypto';
import { Refusal, refuse } from '../../errors.ts';
import { answerOctets, idempotencyKey, idempotencyValue } from '../../store/kinds/idempotency.ts';
import { LeaseGone, type LeaseId, type Store, StoreUnavailable } from '../../store/store.ts';
import type { AnswerUsage } from '../../views/answer-view.ts';
import type { Views } from '../../views/views.ts';
import type { TokenActor } from '../access/actor.ts';
import { untilServed } from '../reading/until-reached.ts';
import { type Committer, maxAttempts } from './commit.ts';
import { LostRace, NotServed, notWritten } from './commit-failures.ts';
import type { Committed, Decide } from './decision.ts';

/** The store keeps an answer for at least 24 hours. The answers of one hour share a lease. */
const leaseSeconds = 25 * 3600;
const leaseShareMilliseconds = 3600 * 1000;

/**
 * The limit for the answers that the store keeps for one token. Several replicas together may exceed this limit by the
 * answers of their running requests.
 */
const maxKept: AnswerUsage = { answers: 50_000, octets: 32 * 1024 * 1024 };

/** The answer of a running request. `octets`: 0 until the request is decided. */
interface PendingAnswer {
  key: string;
  octets: number;
}

/** A request with an idempotency key. Two requests with the same token are the same if all fields are equal. */
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
  readonly #max: AnswerUsage;
  /** The answers of running requests, by token. */
  readonly #pending = new Map<string, Set<PendingAnswer>>();
  #lease: { id: Promise<LeaseId>; since: number; clock: number } | undefined;

  constructor(store: Store, views: Views, committer: Committer, max = maxKept) {
    this.#store = store;
    this.#views = views;
    this.#committer = committer;
    this.#max = max;
  }

  /**
   * Commits as {@link Committer.commit} does. If the request is a repeated one, resolves with the first answer. Refuses
   * with `idempotency_mismatch` another request with the same key. Refuses with `idempotency_full` a new key if the
   * answers that the store keeps for the token have reached their limit (test/http/idempotency-limits.test.ts).
   */
  async commit<T>(actor: TokenActor, identity: RequestIdentity, decide: Decide<T>): Promise<Committed<T>> {
    const pending: PendingAnswer = { key: identity.key, octets: 0 };
    try {
      return await this.#commit(actor, identity, decide, pending);
    } catch (error) {
      if (error instanceof LeaseGone) {
        refuse(
          'store_unavailable',
          'the store ended the lease of the answer in every attempt: nothing was written, try again',
        );
      }
      // The committer turns its own StoreUnavailable into a Refusal. This one comes from reading the earlier answer, or
      // from granting the lease: this request has written nothing.
      throw error instanceof StoreUnavailable ? notWritten(error) : error;
    } finally {
      this.#forget(actor.id, pending);
    }
  }

  async #commit<T>(
    actor: TokenActor,
    identity: RequestIdentity,
    decide: Decide<T>,
    pending: PendingAnswer,
  ): Promise<Committed<T>> {
    const key = idempotencyKey(actor.id, identity.key);
    // A new token may have the id of a deleted one. It must not get the answers of the deleted token.
    const parts = [identity.method, identity.path, identity.body ?? null, actor.stored?.createdAt];
    const request = createHash('sha256').update(JSON.stringify(parts, sortFields)).digest('hex');
    for (let attempts = 0; ; attempts += 1) {
      // Without an answer in the views, there may still be one of another replica: then the first attempt fails.
      const mayBeKept = attempts > 0 || this.#views.answers.has({ token: actor.id, key: identity.key });
      const earlier = mayBeKept ? await this.#earlier<T>(key, request) : undefined;
      if (earlier !== undefined) return earlier;
      const lease = await this.#currentLease();
      try {
        const decideOnce: Decide<T> = (context) => {
          const decision = decide(context);
          const value = idempotencyValue.encode({ request, result: decision.result ?? null });
          pending.octets = answerOctets(key, value);
          this.#refuseFull(actor.id, pending);
          return decision.extendedWith({
            compares: [{ kind: 'absent', key }],
            operations: [{ kind: 'put', key, value, lease }],
          });
        };
        // If the compare of the key fails, another copy of the request was first. The next attempt reads that answer.
        return await this.#committer.commit(actor, decideOnce, { once: true });
      } catch (error) {
        if (error instanceof LeaseGone) this.#lease = undefined;
        if (attempts < maxAttempts && (error instanceof LostRace || error instanceof LeaseGone)) continue;
        if (!(error instanceof Refusal) || error instanceof NotServed || error.code === 'store_unavailable')
          throw error;
        // The refusal may be caused by a change that another copy of this request has just made. Then the store has the
        // answer.
        const earlier = await this.#earlier<T>(key, request);
        if (earlier === undefined) throw error;
        return earlier;
      }
    }
  }

  /**
   * Resolves with the answer that the store has for the key; undefined if there is none. Another replica may have
   * written the answer: waits until this replica serves the answer's revision (test/control/repeats.test.ts). Refuses
   * with `idempotency_mismatch` if the answer is that to another request.
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
    return { result: answer.result as T, revision: entry.modified, repeated: true };
  }

  /**
   * Counts the answer of a running request. Refuses with `idempotency_full` if the answers of the token exceed a limit.
   * An answer that is pending and already in the views counts once.
   */
  #refuseFull(token: string, pending: PendingAnswer): void {
    const { answers: maxAnswers, octets: maxOctets } = this.#max;
    let { answers, octets } = this.#views.answers.usage(token);
    const underWay = this.#pending.get(token) ?? new Set();
    this.#pending.set(token, underWay.add(pending));
    for (const { key, octets: more } of underWay) {
      if (this.#views.answers.has({ token, key })) continue;
      answers += 1;
      octets += more;
    }
    if (answers <= maxAnswers && octets <= maxOctets) return;
    this.#forget(token, pending);
    refuse(
      'idempotency_full',
      `the answers that are kept for the idempotency keys of this token have reached their limit (${maxAnswers} answers, ${maxOctets} octets): leave out the header Idempotency-Key, or try again when the oldest have ended after 24 hours`,
    );
  }

  #forget(token: string, pending: PendingAnswer): void {
    const underWay = this.#pending.get(token);
    underWay?.delete(pending);
    if (underWay?.size === 0) this.#pending.delete(token);
  }

  #currentLease(): Promise<LeaseId> {
    const now = performance.now();
    const clock = Date.now();
    // A clock that was set back, or stood still while the machine was suspended, must not extend the time of the lease.
    const age = this.#lease && Math.max(now - this.#lease.since, clock - this.#lease.clock);
    if (this.#lease === undefined || age === undefined || age > leaseShareMilliseconds) {
      const id = this.#store.grantLease(leaseSeconds);
      this.#lease = { id, since: now, clock };
      id.catch(() => {
        this.#lease = undefined;
      });
    }
    return this.#lease.id;
  }
}

/** Sorts an object's fields for JSON.stringify, because their order has no meaning (RFC 8259 §4). */
export function sortFields(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
