// The form of a use case: a pure function from the views and a request to a transaction. How a decision is built:
// transaction-builder.ts. How it is committed: commit.ts.

import { Refusal } from '../../errors.ts';
import type { Address, Family } from '../../model/address.ts';
import type { AuditedDecision } from '../../model/audit-event.ts';
import type { Pool } from '../../model/pool.ts';
import type { Revision } from '../../model/revision.ts';
import { type Compare, type Entry, maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import type { Asking } from '../access/actor.ts';
import { Refusals } from '../input/refusals.ts';
import type { FreeSearch } from './free-addresses.ts';

/** The limit for the operations of a decision. The transaction has one more, for the outbox of the audit events. */
export const maxDecisionOperations = maxOperations - 1;

/**
 * A pure function that makes a decision. May be called several times for one request, for example if the transaction
 * loses a race. Refuses by throwing.
 */
export type Decide<T> = (context: DecisionContext) => Decision<T>;

/** Free addresses that a request lacks: of a family, in the pool of this id or, without an id, in an automatic one. */
export interface Lack {
  family: Family;
  count: number;
  pool?: string | undefined;
}

/** The line of those who wait for addresses, as one decision sees it (addresses/waiting-line.ts). */
export interface Line {
  /** Returns how many addresses of the pool are for those who wait longer. */
  ahead(context: DecisionContext, pool: Pool, family: Family): number;
  /** Notes what the decision lacks. */
  lacks(lack: Lack): void;
  /** Notes which free addresses the decision chooses. */
  chose(choices: readonly { space: string; address: Address }[]): void;
}

/** The inputs of a decision, apart from the request. */
export interface DecisionContext extends Asking {
  /**
   * The keys that other requests are about to write. These keys are in use, although the views do not have them yet.
   */
  readonly claimed: { has(key: string): boolean };
  /** The search for free addresses that this decision shares with others of its batch or trial, if there are any. */
  readonly free?: FreeSearch | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Undefined if nobody can wait here: in trials, and in tests. */
  readonly line?: Line | undefined;
  /**
   * The keys of the SkyDNS layout that commit.ts has read from the store after a failed compare, because others write
   * such keys too, and the views do not have them. `entry`: undefined if there is no such key.
   */
  readonly skydnsKeys?: ReadonlyMap<string, { entry: Entry | undefined }> | undefined;
  /** Collects the faults of the request. Set only by {@link findFaults}: otherwise, each builder has its own. */
  readonly refusals?: Refusals;
}

/**
 * The result for the caller, and the transaction that makes the result true. Without operations, the result is already
 * true if the compares hold. Only transaction-builder.ts and {@link noChange} make decisions
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
 * Thrown by a decision that one transaction cannot hold. The caller does a part of the work first, and decides again.
 */
export class NeedsPreparation extends Error {}

/**
 * Makes a decision without a commit, for a request with some unknown values. Refuses with the faults that it finds, or
 * throws UnknownValue if it finds none.
 */
export function findFaults(asking: Asking, decide: Decide<unknown>): never {
  const refusals = new Refusals();
  try {
    decide({ ...asking, claimed: new Set(), now: Date.now(), refusals });
  } catch (error) {
    const isOfRequest = error instanceof Refusal && error.errors === undefined && error.code !== 'forbidden';
    // `refusals.try` throws `forbidden` at once, without other faults, and collects the faults of fields.
    if (!isOfRequest && !(error instanceof NeedsPreparation))
      refusals.try(() => {
        throw error;
      });
  }
  return refusals.throwAll();
}

export function noChange<T>(result: T): Decision<T> {
  return new Decision(result, { compares: [], operations: [] });
}

/** A part of the result of a write. A resource that already is as the request wants it is not written again. */
export interface Standing {
  /**
   * The revision that last wrote the resource, if this write leaves it unchanged. Its entity tag stays the same too.
   */
  standingSince?: Revision;
}

export interface Committed<T> {
  result: T;
  /** The store's revision at which the result is true. */
  revision: Revision;
  /** True if this is the answer to an earlier request with the same idempotency key. */
  repeated?: true;
}
