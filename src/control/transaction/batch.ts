// A batch of decisions that share one transaction. No decision of a batch writes a key that another decision of the
// batch compares or writes (test/control/races.test.ts). Only the serial of a zone may be written by several of them.

import { timestamp } from '../../model/timestamp.ts';
import { newUlid } from '../../model/ulid.ts';
import { outboxKey, outboxText } from '../../store/kinds/outbox.ts';
import { serialKind } from '../../store/kinds/serial.ts';
import { type Compare, maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import { withinLimits } from './audit/limit-events.ts';
import { type Decision, maxDecisionOperations } from './decision.ts';
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
  /** The operations of the transaction, each by the key that it writes. */
  readonly written = new Map<string, Operation>();
  readonly #compares = new Map<string, Compare>();
  /** The prefixes of keys that the batch deletes or requires to be unchanged. */
  readonly #prefixes: string[] = [];
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
    return this.#closed || this.written.size >= maxDecisionOperations || this.#compares.size >= maxOperations;
  }

  /**
   * Adds a decision. Returns false and adds nothing if the transaction has no room for the decision, or if the decision
   * conflicts with another one of the batch.
   */
  add(job: Job, decision: Decision<unknown>): boolean {
    const compares = decision.compares.filter((compare) => !this.#compares.has(comparedKey(compare)));
    const operations = decision.operations.filter(
      (operation) => !isShared(operation) || !this.written.has(writtenKey(operation)),
    );
    if (this.#compares.size + compares.length > maxOperations) return this.#close();
    if (this.written.size + operations.length > maxDecisionOperations) return this.#close();
    const bytes = operations.reduce((sum, operation) => sum + bytesOf(operation), 0);
    const audited = this.#audit && decision.audited && withinLimits(decision.audited);
    if (this.jobs.length === 0 && bytes > maxBytes) return false;
    const withEvents = this.#bytes + bytes + (audited === undefined ? 0 : Buffer.byteLength(audited));
    if (this.jobs.length > 0 && withEvents > maxSharedBytes) return this.#close();
    if (this.jobs.length > 0 && this.#conflicts(decision.compares, operations)) return false;
    for (const compare of compares) {
      this.#compares.set(comparedKey(compare), compare);
      if (compare.kind === 'quiet') this.#prefixes.push(compare.prefix);
    }
    for (const operation of operations) {
      this.written.set(writtenKey(operation), operation);
      if (operation.kind === 'delete-prefix') this.#prefixes.push(operation.prefix);
    }
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
      compares: [...this.#compares.values()],
      operations: [...this.written.values(), ...this.#outbox()],
    };
  }

  #outbox(): Operation[] {
    if (this.#audit === undefined || this.#audited.length === 0) return [];
    const now = Date.now();
    const value = outboxText(timestamp(now), this.#audit.replica, this.#audited);
    return [{ kind: 'put', key: outboxKey(newUlid(now)), value }];
  }

  #conflicts(compares: readonly Compare[], operations: readonly Operation[]): boolean {
    return (
      compares.some((compare) => this.#isWritten(compare)) || operations.some((operation) => this.#isInUse(operation))
    );
  }

  /** Returns whether the batch writes a key that the compare reads. */
  #isWritten(compare: Compare): boolean {
    const compared = comparedKey(compare);
    if (compare.kind === 'quiet') return [...this.written.keys()].some((key) => key.startsWith(compared));
    return this.written.has(compared) || this.#prefixes.some((prefix) => compared.startsWith(prefix));
  }

  /** Returns whether the batch compares or writes a key that the operation writes. */
  #isInUse(operation: Operation): boolean {
    const written = writtenKey(operation);
    if (operation.kind === 'delete-prefix') {
      return [...this.written.keys(), ...this.#compares.keys()].some((key) => key.startsWith(written));
    }
    return (
      this.written.has(written) ||
      this.#compares.has(written) ||
      this.#prefixes.some((prefix) => written.startsWith(prefix))
    );
  }
}

/**
 * Returns whether several decisions of a batch may have this operation. Only the put of a zone's serial may be shared:
 * its value is empty, because the serial is the key's revision.
 */
function isShared(operation: Operation): boolean {
  return operation.kind === 'put' && operation.key.startsWith(serialKind.prefix);
}

function bytesOf(operation: Operation): number {
  return operation.kind === 'put' ? Buffer.byteLength(operation.value) : 0;
}
