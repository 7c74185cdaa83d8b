// The loop that commits all decisions. It puts decisions that do not touch into one transaction, and has several
// transactions under way at once that do not touch. If a compare fails, it decides again on newer views. It answers a
// caller when this replica serves the result. What a decision is: decision.ts. What touches: footprint.ts.

import { setImmediate as nextPass } from 'node:timers/promises';
import { Refusal, refuse } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { Revision } from '../../model/revision.ts';
import { within } from '../../model/within.ts';
import {
  type CommitResult,
  LeaseGone,
  maxOperations,
  type Operation,
  OutcomeUnknown,
  type Store,
  StoreUnavailable,
  TransactionTooLarge,
} from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { needValidToken } from '../access/valid-token.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import { untilServed } from '../reading/until-reached.ts';
import { type Audit, Batch } from './batch.ts';
import { logChange } from './change-log.ts';
import { LostRace, NotServed, notConfirmed, notWritten } from './commit-failures.ts';
import type { Committed, Decide, Decision, DecisionContext, Line } from './decision.ts';
import { Footprint } from './footprint.ts';
import { FreeAddresses } from './free-addresses.ts';
import { Freshness, maxLagMilliseconds } from './freshness.ts';
import type { Job } from './job.ts';
import { readSkydnsKeys } from './read-skydns-keys.ts';
import { comparedKey, writtenKey } from './transaction-keys.ts';

/** The limit for attempts to commit a decision. After the last one, the caller gets a refusal. */
export const maxAttempts = 200;
/**
 * While the store has not answered this many transactions, further requests gather for the next one: one transaction of
 * many requests costs less than several of few.
 */
const maxUnanswered = 2;
/** The same limit if so many requests wait that they fill a transaction. Matters if the store is far away. */
const maxUnansweredFull = 8;
/** How many requests fill a transaction: about as many as there is room for hosts. */
const fullLength = 32;

export class Committer {
  readonly #store: Store;
  readonly #views: Views;
  /** Logs a line for each change (test/control/change-log.test.ts). */
  readonly #logger: Logger | undefined;
  readonly #audit: Audit | undefined;
  /** Those who wait for addresses: decisions leave these to them. */
  readonly #line: Line | undefined;
  #queue: Job[] = [];
  /** The batches that were sent, until the views have their changes or they have failed. */
  readonly #underWay = new Set<Batch<Job>>();
  /** How many of these batches the store has not answered yet. */
  #unanswered = 0;
  #isScheduled = false;
  readonly #freshness: Freshness;
  /** Jobs whose refusal may only be that of old views. */
  readonly #doubtful: Job[] = [];
  #isRenewing = false;

  /** Without `audit`, writes no audit events (test/control/audit-outbox.test.ts). */
  constructor(store: Store, views: Views, logger?: Logger, audit?: Audit, line?: Line) {
    this.#store = store;
    this.#views = views;
    this.#logger = logger;
    this.#audit = audit;
    this.#line = line;
    this.#freshness = new Freshness(store, views);
  }

  /**
   * Commits a decision of the actor. Resolves when the change is durable and this replica serves it
   * (test/control/served-when-resolved.test.ts). After a Refusal nothing was written, with two exceptions. After
   * {@link NotServed} the change is durable. After `store_unavailable` the message says whether nothing was written,
   * the change may have been written, or it is durable and not served here yet. `once`: rejects with {@link LostRace}
   * if the first attempt fails, for callers that must read the store again before they decide again.
   */
  commit<T>(actor: Actor, decide: Decide<T>, { once = false }: { once?: boolean } = {}): Promise<Committed<T>> {
    const { obstacle } = this.#views;
    if (obstacle !== undefined) refuse('store_unavailable', obstacle);
    return new Promise((resolve, reject) => {
      const job = { actor, decide, attempts: 0, maxAttempts: once ? 1 : maxAttempts, since: performance.now(), reject };
      this.#queue.push({
        ...job,
        resolve: resolve as Job['resolve'],
        waitsFor: [],
        wasRefused: false,
        wanted: undefined,
      });
      this.#schedule();
    });
  }

  /**
   * Makes the next batch at the end of this turn of the event loop, so that requests that arrive in this turn share it.
   * Does not wait for more, unless {@link maxUnanswered} transactions are on their way.
   */
  #schedule(): void {
    const max = this.#queue.length < fullLength ? maxUnanswered : maxUnansweredFull;
    if (this.#isScheduled || this.#queue.length === 0 || this.#unanswered >= max) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const batch = this.#takeBatch();
      if (batch.jobs.length === 0) return;
      void this.#commitBatch(batch);
      this.#schedule();
    });
  }

  /**
   * Decides the jobs of the queue in order, until one has no room in the transaction. To decide more jobs would be in
   * vain: a job that waits is decided again for the next transaction (test/control/long-queue.test.ts). Resolves a job
   * whose decision has no operations, compares or audit events. A job stays in the queue if it has no room, if it
   * touches with a batch under way, or if it touches with a job before it that waits: so no job waits for ever, however
   * many come after it. A job that is refused while others are under way is decided once more after them
   * (test/control/under-way.test.ts).
   */
  #takeBatch(): Batch<Job> {
    const batch = new Batch<Job>(this.#audit);
    const batches = [...this.#underWay, batch];
    /** The keys of the jobs that wait. */
    const reserved = new Footprint();
    // The search for free addresses asks for each address that a batch under way takes.
    const underWay = new Set([...this.#underWay].flatMap(({ keys }) => [...keys.written.keys()]));
    const claimed = {
      has: (key: string) => underWay.has(key) || batch.keys.written.has(key) || reserved.written.has(key),
    };
    const context = { views: this.#views, claimed, now: Date.now() };
    const seen = { ...context, free: new FreeAddresses(context) };
    const waiting: Job[] = [];
    let blockers: readonly Batch<Job>[] = [];
    const wait = (job: Job, wanted: Decision<unknown> | undefined, others: readonly Batch<Job>[]) => {
      waiting.push(job);
      job.wanted = wanted;
      job.waitsFor = blockers = others;
      if (wanted !== undefined) reserved.add(wanted);
    };
    let taken = 0;
    let retries = 0;
    for (const job of this.#queue) {
      // Each failed attempt of a job halves the batch. Then a failed compare, for example because another replica
      // writes too, makes fewer jobs fail, and a transaction that was too large becomes smaller.
      retries = Math.max(retries, job.attempts);
      if (batch.full || batch.jobs.length >= Math.max(1, maxOperations >> Math.min(retries, 7))) break;
      taken += 1;
      if (job.waitsFor.some((other) => this.#underWay.has(other))) {
        wait(job, job.wanted, job.waitsFor);
        continue;
      }
      try {
        const decision = this.#decide(job, seen);
        if (decision === undefined) continue;
        const other = batches.find(({ keys }) => keys.touches(decision));
        if (other !== undefined) wait(job, decision, [other]);
        else if (reserved.touches(decision)) wait(job, decision, blockers);
        else if (!batch.add(job, decision)) {
          if (batch.jobs.length === 0)
            refuse('payload_too_large', 'the request changes more than one transaction can hold: split it');
          wait(job, decision, [batch]);
        }
      } catch (error) {
        if (!(error instanceof Refusal) || batches.every(({ jobs }) => jobs.length === 0)) this.#reject(job, error);
        else if (!job.wasRefused) {
          // A batch may be about to write the key that causes the refusal, for example release an address.
          job.wasRefused = true;
          wait(job, undefined, batches);
        } else this.#refuse(job, () => wait(job, undefined, batches));
      }
    }
    this.#queue = waiting.concat(this.#queue.slice(taken));
    return batch;
  }

  /** Returns the decision of the job. Resolves the job and returns undefined if there is nothing to commit. */
  #decide(job: Job, seen: Pick<DecisionContext, 'views' | 'claimed' | 'now' | 'free'>): Decision<unknown> | undefined {
    const { actor, skydnsKeys } = job;
    needValidToken({ actor, views: this.#views }, seen.now);
    const decision = job.decide({ ...seen, actor, skydnsKeys, line: this.#line });
    const tells = this.#audit !== undefined && decision.audited !== undefined;
    if (decision.operations.length > 0 || decision.compares.length > 0 || tells) return decision;
    job.resolve({ result: decision.result, revision: this.#views.revision });
    return undefined;
  }

  /**
   * Rejects a job that was refused, if it would be refused without the keys that others are about to write, too.
   * Otherwise calls `wait`, because these keys may never be written.
   */
  #refuse(job: Job, wait: () => void): void {
    try {
      const seen = { views: this.#views, claimed: new Set<string>(), now: Date.now() };
      if (this.#decide(job, seen) !== undefined) wait();
    } catch (error) {
      this.#reject(job, error);
    }
  }

  /** Rejects a job, or decides it again on newer views if they may not have its refusal (test/control/lag.test.ts). */
  #reject(job: Job, error: unknown): void {
    if (!(error instanceof Refusal) || this.#freshness.isFinal(error, job.since)) {
      job.reject(error);
      return;
    }
    this.#doubtful.push(job);
    void this.#renew();
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    // The requests of one turn of the event loop share a read.
    while (this.#doubtful.length > 0) {
      await nextPass();
      const doubtful = this.#doubtful.splice(0);
      await this.#freshness.renew();
      this.#queue.unshift(...doubtful);
      this.#schedule();
    }
    this.#isRenewing = false;
  }

  async #commitBatch(batch: Batch<Job>): Promise<void> {
    this.#underWay.add(batch);
    try {
      const { committed, revision } = await this.#send(batch);
      if (committed) {
        // A transaction without operations has made no revision. It proves that the views are right.
        const proven = batch.keys.written.size === 0;
        if (!proven) await untilServed(this.#views, revision);
        for (const { job, decision } of batch.jobs)
          this.#answer(job, decision, proven ? this.#views.revision : revision);
      } else {
        const mistaken = await readSkydnsKeys(this.#store, batch);
        await within(this.#views.reached(revision), maxLagMilliseconds);
        this.#requeue(batch, mistaken);
      }
    } catch (error) {
      this.#fail(batch, error);
    } finally {
      this.#underWay.delete(batch);
      this.#schedule();
    }
  }

  async #send(batch: Batch<Job>): Promise<CommitResult> {
    this.#unanswered += 1;
    try {
      return await this.#store.commit(batch.transaction());
    } finally {
      this.#unanswered -= 1;
      this.#schedule();
    }
  }

  /** Resolves the job of a committed decision. Rejects it if this replica cannot serve the change. */
  #answer(job: Job, decision: Decision<unknown>, revision: Revision): void {
    const { result, operations, audited } = decision;
    if (this.#logger !== undefined && audited !== undefined) logChange(this.#logger, audited, revision, job.since);
    const faulty = operations.find((operation) => operation.kind === 'put' && this.#views.faults.has(operation.key));
    if (faulty === undefined) {
      job.resolve({ result, revision });
      return;
    }
    job.reject(new NotServed(revision, this.#views.faults.get(writtenKey(faulty))));
  }

  /**
   * Handles a failed commit. Rejects the batch's jobs, or puts back jobs that can be committed without the others. If
   * the store cannot be reached, also rejects the jobs of the queue, because they would wait for the same timeout.
   */
  #fail(batch: Batch<Job>, error: unknown): void {
    if (error instanceof LeaseGone) {
      this.#failLeased(batch, error);
      return;
    }
    if (error instanceof TransactionTooLarge) {
      this.#failLarge(batch, error);
      return;
    }
    if (!(error instanceof StoreUnavailable)) {
      for (const { job } of batch.jobs) job.reject(error);
      return;
    }
    const untouched = notWritten(error);
    const outcome = error instanceof OutcomeUnknown ? notConfirmed(error) : untouched;
    for (const { job } of batch.jobs) job.reject(outcome);
    for (const job of this.#queue.splice(0)) job.reject(untouched);
  }

  /** Rejects the jobs that write on a lease, because a lease has ended. Puts the other jobs back into the queue. */
  #failLeased(batch: Batch<Job>, error: LeaseGone): void {
    const isLeased = (operation: Operation) => operation.kind === 'put' && operation.lease !== undefined;
    const others: Job[] = [];
    for (const { job, decision } of batch.jobs) {
      if (decision.operations.some(isLeased)) job.reject(error);
      else others.push(job);
    }
    this.#queue.unshift(...others);
  }

  /** Puts the jobs back into the queue, for smaller transactions. Rejects a job that was alone in its transaction. */
  #failLarge({ jobs }: Batch<Job>, { message }: TransactionTooLarge): void {
    const again = jobs.length > 1 ? jobs.map(({ job }) => job) : [];
    for (const job of again) job.attempts += 1;
    this.#queue.unshift(...again);
    if (again.length === 0) for (const { job } of jobs) job.reject(new Refusal('payload_too_large', message));
  }

  /**
   * Puts the jobs back into the queue, to decide them again. Rejects jobs that lost too often, and jobs whose decision
   * compares a key with an unreadable value: the views never get such a value. `mistaken`: jobs that failed because of
   * a key of the SkyDNS layout, which was read after the failure. They are decided again, even with `once`.
   */
  #requeue(batch: Batch<Job>, mistaken: ReadonlySet<Job>): void {
    const again: Job[] = [];
    for (const { job, decision } of batch.jobs) {
      job.attempts += 1;
      const key = decision.compares.map(comparedKey).find((compared) => this.#views.faults.has(compared)) ?? '';
      const fault = this.#views.faults.get(key);
      if (fault !== undefined) job.reject(faultRefusal({ key, fault }));
      else if (job.attempts < (mistaken.has(job) ? maxAttempts : job.maxAttempts)) again.push(job);
      else job.reject(new LostRace());
    }
    this.#queue.unshift(...again);
  }
}
