// Decisions that share one transaction: as many as fit into it, if none of them writes a key that another one reads or
// writes.

import { serialKind } from '../../store/kinds/serial.ts';
import { type Compare, maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import type { Decision } from './decision.ts';
import { subjectOf, targetOf } from './subjects.ts';

/** Bytes of values in one transaction; etcd takes requests of 1.5 MiB by default. */
const maxBytes = 1024 * 1024;

/** Decisions that share one transaction. */
export class Batch<Job> {
  readonly jobs: { job: Job; decision: Decision<unknown> }[] = [];
  readonly written = new Map<string, Operation>();
  readonly #compares = new Map<string, Compare>();
  /** Prefixes that the batch deletes, or requires to be quiet. */
  readonly #prefixes: string[] = [];
  #bytes = 0;

  get full(): boolean {
    return this.written.size >= maxOperations || this.#compares.size >= maxOperations;
  }

  /**
   * Adds a decision. Returns false if it does not fit, or if it and another decision of the batch are about the same
   * key.
   */
  add(job: Job, decision: Decision<unknown>): boolean {
    const compares = decision.compares.filter((compare) => !this.#compares.has(subjectOf(compare)));
    const operations = decision.operations.filter(
      (operation) => !isShared(operation) || !this.written.has(targetOf(operation)),
    );
    if (this.#compares.size + compares.length > maxOperations) return false;
    if (this.written.size + operations.length > maxOperations) return false;
    const bytes = operations.reduce((sum, operation) => sum + bytesOf(operation), 0);
    if (this.#bytes + bytes > maxBytes) return false;
    if (this.jobs.length > 0 && this.#conflicts(decision.compares, operations)) return false;
    for (const compare of compares) {
      this.#compares.set(subjectOf(compare), compare);
      if (compare.kind === 'quiet') this.#prefixes.push(compare.prefix);
    }
    for (const operation of operations) {
      this.written.set(targetOf(operation), operation);
      if (operation.kind === 'delete-prefix') this.#prefixes.push(operation.prefix);
    }
    this.#bytes += bytes;
    this.jobs.push({ job, decision });
    return true;
  }

  transaction(): Transaction {
    return { compares: [...this.#compares.values()], operations: [...this.written.values()] };
  }

  #conflicts(compares: readonly Compare[], operations: readonly Operation[]): boolean {
    return (
      compares.some((compare) => this.#isWritten(compare)) ||
      operations.some((operation) => this.#isCompared(operation))
    );
  }

  /** Returns whether the batch writes a key that this decision requires to be unchanged. */
  #isWritten(compare: Compare): boolean {
    const subject = subjectOf(compare);
    if (compare.kind === 'quiet') return [...this.written.keys()].some((target) => target.startsWith(subject));
    return this.written.has(subject) || this.#prefixes.some((prefix) => subject.startsWith(prefix));
  }

  /** Returns whether the batch compares or writes a key that this decision writes. */
  #isCompared(operation: Operation): boolean {
    const target = targetOf(operation);
    if (operation.kind === 'delete-prefix') {
      return [...this.written.keys(), ...this.#compares.keys()].some((key) => key.startsWith(target));
    }
    return (
      this.written.has(target) ||
      this.#compares.has(target) ||
      this.#prefixes.some((prefix) => target.startsWith(prefix))
    );
  }
}

/** Returns whether all decisions of the batch can share the operation: a zone's serial has no value and no compare. */
function isShared(operation: Operation): boolean {
  return operation.kind === 'put' && operation.key.startsWith(serialKind.prefix);
}

function bytesOf(operation: Operation): number {
  return operation.kind === 'put' ? Buffer.byteLength(operation.value) : 0;
}
