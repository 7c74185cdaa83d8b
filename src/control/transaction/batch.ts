// A batch of decisions that share one transaction. No two of them touch (footprint.ts).

import { timestamp } from '../../model/timestamp.ts';
import { newUlid } from '../../model/ulid.ts';
import { outboxKey, outboxText } from '../../store/kinds/outbox.ts';
import { maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import { withinLimits } from './audit/limit-events.ts';
import { type Decision, maxDecisionOperations } from './decision.ts';
import { Footprint, isShared } from './footprint.ts';
import { comparedKey, writtenKey } from './transaction-keys.ts';

/**
 * The limit for the values that one decision writes, without its audit events (audit/limit-events.ts). By default, etcd
 * accepts requests of up to 1.5 MiB. But a replica reads all values of a transaction in one turn of the event loop, and
 * 1 MiB would take more than 100 ms.
 */
const maxBytes = 768 * 1024;
/**
 * The limit for the values and audit events of requests that share a transaction. Replicas read all values of a
 * transaction at once, before they do other work.
 */
const maxSharedBytes = 256 * 1024;

/** The replica whose name the outbox keeps with the audit events of a transaction. */
export interface Audit {
  replica: string;
}

export class Batch<Job> {
  readonly jobs: { job: Job; decision: Decision<unknown> }[] = [];
  readonly keys = new Footprint();
  readonly #audit: Audit | undefined;
  /** The audit events of the decisions, as JSON. */
  readonly #audited: string[] = [];
  #bytes = 0;
  /** True after a decision had no room. */
  #closed = false;

  /** Without `audit`, the transaction keeps no audit events. */
  constructor(audit?: Audit) {
    this.#audit = audit;
  }

  /** True if the transaction has no room for another operation or compare, or had no room for an earlier decision. */
  get full(): boolean {
    const { written, compared } = this.keys;
    return this.#closed || written.size >= maxDecisionOperations || compared.size >= maxOperations;
  }

  /**
   * Adds a decision. Returns false and adds nothing if the transaction has no room for the decision, or if the decision
   * conflicts with another one of the batch.
   */
  add(job: Job, decision: Decision<unknown>): boolean {
    const { written, compared } = this.keys;
    const compares = decision.compares.filter((compare) => !compared.has(comparedKey(compare)));
    const operations = decision.operations.filter(
      (operation) => !isShared(operation) || !written.has(writtenKey(operation)),
    );
    if (compared.size + compares.length > maxOperations) return this.#close();
    if (written.size + operations.length > maxDecisionOperations) return this.#close();
    const bytes = operations.reduce((sum, operation) => sum + bytesOf(operation), 0);
    const audited = this.#audit && decision.audited && withinLimits(decision.audited);
    if (this.jobs.length === 0 && bytes > maxBytes) return false;
    const withEvents = this.#bytes + bytes + (audited === undefined ? 0 : Buffer.byteLength(audited));
    if (this.jobs.length > 0 && withEvents > maxSharedBytes) return this.#close();
    if (this.jobs.length > 0 && this.keys.touches(decision)) return false;
    this.keys.add({ compares, operations });
    this.#bytes = withEvents;
    if (audited !== undefined) this.#audited.push(audited);
    this.jobs.push({ job, decision });
    return true;
  }

  /** Makes the batch {@link full}. Returns false. */
  #close(): false {
    this.#closed = true;
    return false;
  }

  /** Returns the transaction. If the decisions have audit events, the transaction puts them into the outbox. */
  transaction(): Transaction {
    return {
      compares: [...this.keys.compared.values()],
      operations: [...this.keys.written.values(), ...this.#outbox()],
    };
  }

  #outbox(): Operation[] {
    if (this.#audit === undefined || this.#audited.length === 0) return [];
    const now = Date.now();
    const value = outboxText(timestamp(now), this.#audit.replica, this.#audited);
    return [{ kind: 'put', key: outboxKey(newUlid(now)), value }];
  }
}

function bytesOf(operation: Operation): number {
  return operation.kind === 'put' ? Buffer.byteLength(operation.value) : 0;
}
