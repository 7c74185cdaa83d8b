// The loop that commits all decisions. It puts decisions that do not conflict into one transaction. If a compare fails,
// it decides again on newer views. It answers a caller when this replica serves the result. What a decision is:
// decision.ts.

import { setTimeout as delay, setImmediate as nextPass } from 'node:timers/promises';
import { Refusal, refuse } from '../../errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { Revision } from '../../model/revision.ts';
import { within } from '../../model/within.ts';
import {
  LeaseGone,
  maxOperations,
  type Operation,
  OutcomeUnknown,
  type Store,
  StoreUnavailable,
  TransactionTooLarge,
} from '../../store/store.ts';
import type { Fault } from '../../views/stored-faults.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import { faultRefusal } from '../reading/fault-refusal.ts';
import { untilServed } from '../reading/until-reached.ts';
import { type Audit, Batch } from './batch.ts';
import { logChange } from './change-log.ts';
import type { Committed, Decide, Decision, DecisionContext } from './decision.ts';
import { readSkydnsKeys } from './read-skydns-keys.ts';
import { comparedKey, writtenKey } from './transaction-keys.ts';

/** A call of {@link Committer.commit} that waits for its transaction. */
interface Job {
  actor: Actor;
  decide: Decide<unknown>;
  attempts: number;
  maxAttempts: number;
  /** The time of the call, by performance.now(). */
  since: number;
  /** The keys of the SkyDNS layout that were read after the last failed attempt. */
  skydnsKeys?: DecisionContext['skydnsKeys'];
  resolve: (committed: Committed<unknown>) => void;
  reject: (reason: unknown) => void;
}

/** The limit for attempts to commit a decision. After the last one, the caller gets a refusal. */
export const maxAttempts = 200;
/** The limit for the wait until the views have the change that made a compare fail. */
const maxFreshViewMilliseconds = 25;

/** The refusal after the last attempt: another writer was first in every attempt. */
export class LostRace extends Refusal {
  constructor(consequence = 'nothing was written') {
    super('contended', `too many concurrent changes: other writers were first each time, ${consequence}; try again`);
  }
}

/** The refusal of a change that is durable but that this replica cannot serve. */
export class NotServed extends Refusal {
  constructor(revision: Revision, fault: Fault | undefined) {
    super(
      fault?.code ?? 'internal_error',
      `the change is durable (revision ${revision}), but this replica cannot serve it: ${fault?.message}`,
    );
  }
}

export class Committer {
  readonly #store: Store;
  readonly #views: Views;
  /** Logs a line for each change (test/control/change-log.test.ts). */
  readonly #logger: Logger | undefined;
  readonly #audit: Audit | undefined;
  #queue: Job[] = [];
  #running = false;

  /** Without `audit`, writes no audit events (test/control/audit-outbox.test.ts). */
  constructor(store: Store, views: Views, logger?: Logger, audit?: Audit) {
    this.#store = store;
    this.#views = views;
    this.#logger = logger;
    this.#audit = audit;
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
      this.#queue.push({ ...job, resolve: resolve as Job['resolve'] });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Waits one turn of the event loop, so that requests that arrive in this turn share the first transaction.
    await delay(0);
    while (this.#queue.length > 0) {
      await this.#commitBatch(this.#takeBatch());
      // In this pass of the event loop, the views have read the values of the transaction. Other work comes first now.
      await nextPass();
    }
    this.#running = false;
  }

  /**
   * Decides the jobs of the queue in order, until one has no room in the transaction. To decide more jobs would be in
   * vain: a job that waits is decided again for the next transaction (test/control/long-queue.test.ts). Resolves a job
   * whose decision has no operations, compares or audit events. A job stays in the queue if it has no room or conflicts
   * with the transaction, or if it is refused while the batch has other jobs.
   */
  #takeBatch(): Batch<Job> {
    const batch = new Batch<Job>(this.#audit);
    const waiting: Job[] = [];
    let seen = 0;
    let retries = 0;
    for (const job of this.#queue) {
      // Each failed attempt of a job halves the batch. Then a failed compare, for example because another replica
      // writes too, makes fewer jobs fail, and a transaction that was too large becomes smaller.
      retries = Math.max(retries, job.attempts);
      if (batch.full || batch.jobs.length >= Math.max(1, maxOperations >> Math.min(retries, 7))) break;
      seen += 1;
      try {
        const decision = job.decide({
          actor: job.actor,
          views: this.#views,
          claimed: batch.written,
          now: Date.now(),
          skydnsKeys: job.skydnsKeys,
        });
        const tells = this.#audit !== undefined && decision.audited !== undefined;
        if (decision.operations.length === 0 && decision.compares.length === 0 && !tells) {
          job.resolve({ result: decision.result, revision: this.#views.revision });
        } else if (!batch.add(job, decision)) {
          if (batch.jobs.length === 0) {
            refuse('payload_too_large', 'the request changes more than one transaction can hold: split it');
          }
          waiting.push(job);
        }
      } catch (error) {
        // Another request of the batch may be about to write the key that causes the refusal. Decide again after the
        // commit of the batch.
        if (error instanceof Refusal && batch.jobs.length > 0) waiting.push(job);
        else job.reject(error);
      }
    }
    this.#queue = waiting.concat(this.#queue.slice(seen));
    return batch;
  }

  async #commitBatch(batch: Batch<Job>): Promise<void> {
    if (batch.jobs.length === 0) return;
    try {
      const { committed, revision } = await this.#store.commit(batch.transaction());
      if (committed) {
        // A transaction without operations has made no revision. It proves that the views are right.
        const proven = batch.written.size === 0;
        if (!proven) await untilServed(this.#views, revision);
        for (const { job, decision } of batch.jobs)
          this.#answer(job, decision, proven ? this.#views.revision : revision);
      } else {
        this.#requeue(batch, await readSkydnsKeys(this.#store, batch));
        await within(this.#views.reached(revision), maxFreshViewMilliseconds);
      }
    } catch (error) {
      this.#fail(batch, error);
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

/** Returns the refusal of a write that was not done because the store could not be reached. */
export function notWritten({ message }: StoreUnavailable): Refusal {
  return new Refusal(
    'store_unavailable',
    `the store cannot be written to (${message}): nothing was written, try again later; DNS is still answered`,
  );
}

/** Returns the refusal of a write that the store may have done. */
function notConfirmed({ message }: OutcomeUnknown): Refusal {
  return new Refusal(
    'store_unavailable',
    `the store did not confirm the write (${message}). It may have been carried out: read the resource to see, or repeat a POST with the same Idempotency-Key. DNS is still answered`,
  );
}
