// The shape of a use case: a pure function from the views and a request to the transaction that carries the request
// out. How a decision is built: transaction-builder.ts. How it is committed: commit.ts.

import { Refusal } from '../../errors.ts';
import type { AuditedDecision } from '../../model/audit-event.ts';
import type { Revision } from '../../model/revision.ts';
import { UnknownValue } from '../../model/unknown.ts';
import { type Compare, type Entry, maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import type { Asking } from '../access/actor.ts';
import { Refusals } from '../input/refusals.ts';

/** The limit of a decision's operations. One more in the transaction is for the outbox of the audit events. */
export const maxDecisionOperations = maxOperations - 1;

/**
 * A pure function that makes a decision. It may be called several times for one request, for example after the
 * transaction has lost a race. Refuses by throwing.
 */
export type Decide<T> = (context: DecisionContext) => Decision<T>;

/** The inputs of a decision beside the request. */
export interface DecisionContext extends Asking {
  /**
   * Several requests to this replica may share one transaction. These are the keys that the others already write in it.
   * They are in use, although the views do not have them yet.
   */
  readonly claimed: { has(key: string): boolean };
  /** Milliseconds since the epoch. */
  readonly now: number;
  /**
   * Keys of the SkyDNS layout as they were in the store after an attempt whose compares had failed: others write them
   * too, and the views do not have them.
   */
  readonly layout?: ReadonlyMap<string, { entry: Entry | undefined }> | undefined;
  /** Gets the faults of the request that the decision finds. Only {@link findFaults} gives it. */
  readonly refusals?: Refusals;
}

/**
 * The result for the caller, and the transaction that makes it true. If there are no operations, the result is true
 * already if the compares hold. Only transaction-builder.ts and {@link noChange} make decisions
 * (test/repo/store-commits.test.ts). An object of the same shape is not a decision (test/control/actors.test.ts).
 */
export class Decision<T> implements Transaction {
  readonly result: T;
  readonly #transaction: Transaction;
  /** The audit events. Undefined if there are none: the decision changes nothing that users see. */
  readonly audited: AuditedDecision | undefined;

  constructor(result: T, transaction: Transaction, audited?: AuditedDecision) {
    this.result = result;
    this.#transaction = transaction;
    this.audited = audited;
  }

  get compares(): Compare[] {
    return this.#transaction.compares;
  }

  get operations(): Operation[] {
    return this.#transaction.operations;
  }

  /**
   * Returns the decision with more compares and operations. Only for keys that users do not see, such as the answer
   * that the store keeps for an Idempotency-Key (commit-once.ts).
   */
  extendedWith({ compares, operations }: Transaction): Decision<T> {
    const transaction = {
      compares: [...this.compares, ...compares],
      operations: [...this.operations, ...operations],
    };
    return new Decision(this.result, transaction, this.audited);
  }
}

/**
 * Makes a decision that is not committed, for a request some of whose values are unknown. Refuses with the faults that
 * it finds, or throws UnknownValue if it finds none.
 */
export function findFaults(asking: Asking, decide: Decide<unknown>): never {
  const refusals = new Refusals();
  try {
    decide({ ...asking, claimed: new Set(), now: Date.now(), refusals });
  } catch (error) {
    const isOfRequest = error instanceof Refusal && error.errors === undefined && error.code !== 'forbidden';
    // Throws what is beyond the scope of the token, alone.
    if (!isOfRequest)
      refusals.try(() => {
        throw error;
      });
  }
  refusals.throwIfAny();
  throw new UnknownValue();
}

/** Returns a decision that writes nothing. */
export function noChange<T>(result: T): Decision<T> {
  return new Decision(result, { compares: [], operations: [] });
}

/** The result of a write. A resource that already is as the request wants it is not written again. */
export interface Standing {
  /** The revision that last wrote the resource, if this write leaves it as it is. Then its entity tag stays too. */
  standingSince?: Revision;
}

/** The result of a committed decision. */
export interface Committed<T> {
  result: T;
  /** The store's revision at which the result is true. */
  revision: Revision;
  /** True if it is the answer to an earlier request with the same idempotency key. */
  repeated?: true;
}
