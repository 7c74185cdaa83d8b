// Runs one race: two writers decide on the same view, or another writer overtakes work that commits several
// transactions. Asserts that the compares of the later transaction stop it. race-table.ts and others have the races.

import assert from 'node:assert/strict';
import { Batch } from '../../src/control/transaction/batch.ts';
import { type Decide, Decision } from '../../src/control/transaction/decision.ts';
import { comparedKey } from '../../src/control/transaction/transaction-keys.ts';
import type { Operation, Store, Transaction } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { type ControlPlane, contextOf, embeddedStore, openReplica } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import type { Cleanup } from '../support/temporary.ts';
import { assertWhole, contentsOf } from './whole.ts';

/** A decision, or operations that an operator, or another program, writes to the store directly. */
export type Step = Decide<unknown> | Operation[];

export interface Race {
  /** The places in src/control that make the compares, as `file kind`: `zones/put-zone.ts requireQuiet`. */
  guards: string[];
  what: string;
  given: Step[];
  first: Step;
  second: Decide<unknown>;
  /** Keys and prefixes of compares of the second decision. Each of these compares alone must stop the decision. */
  stoppedBy: string[];
}

/** Work that commits several transactions, and is overtaken just before one of them. */
export interface Overtaken {
  guards: string[];
  what: string;
  given: Step[];
  run: (replica: ControlPlane) => Promise<unknown>;
  /** Returns whether this is the transaction before which `first` is committed. */
  isSecond: (transaction: Transaction) => boolean;
  first: Step[];
  stoppedBy: string[];
}

function decisionOf(step: Step, { views }: ControlPlane): Decision<unknown> {
  if (!Array.isArray(step)) return step(contextOf(views));
  return new Decision(undefined, { compares: [], operations: step });
}

async function take(replica: ControlPlane, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const { committed, revision } = await replica.store.commit(decisionOf(step, replica));
    assert.ok(committed, 'a step before the race is not committed');
    await replica.views.reached(revision);
  }
}

async function replicaAfter(test: Cleanup, given: readonly Step[]): Promise<ControlPlane> {
  const replica = await openReplica(test, await embeddedStore(test), undefined, undefined, '/skydns');
  await take(replica, given);
  return replica;
}

/**
 * Asserts that the second decision is committed if the first is not, and is stopped if the first is committed. The two
 * must not share a transaction. If the second is committed before the first, the store must be whole, too.
 */
export async function assertRace(test: Cleanup, { given, first, second, stoppedBy }: Race): Promise<void> {
  const alone = await replicaAfter(test, given);
  assert.ok((await alone.store.commit(decisionOf(second, alone))).committed, 'the second is not committed alone');

  const replica = await replicaAfter(test, given);
  const [one, two] = [decisionOf(first, replica), decisionOf(second, replica)];
  for (const [earlier, later] of [
    [one, two],
    [two, one],
  ] as const) {
    const batch = new Batch<string>();
    assert.ok(batch.add('earlier', earlier));
    assert.equal(batch.add('later', later), false, 'the two share a transaction');
  }
  assert.ok((await replica.store.commit(one)).committed, 'the first is not committed');
  await assertStopped(replica.store, two, stoppedBy);

  // In the opposite order, both may be committed. After operations that are written to the store directly, the store
  // need not be whole.
  if ([...given, first].some((step) => Array.isArray(step))) return;
  const opposite = await replicaAfter(test, given);
  const [late, early] = [decisionOf(first, opposite), decisionOf(second, opposite)];
  assert.ok((await opposite.store.commit(early)).committed, 'the second is not committed first');
  await opposite.store.commit(late);
  assertWhole(contentsOf(await storeEntries(opposite.store)), { emptyZones: true });
}

/**
 * Asserts that one transaction of {@link Overtaken} work is committed if nothing comes before it, and stopped if
 * `first` is committed before it.
 */
export async function assertOvertaken(test: Cleanup, overtaken: Overtaken): Promise<void> {
  const { given, run, isSecond, first, stoppedBy } = overtaken;
  for (const comesFirst of [[], first]) {
    const replica = await replicaAfter(test, given);
    let met = 0;
    const commit: Store['commit'] = async (transaction) => {
      if (!isSecond(transaction) || ++met > 1) return replica.store.commit(transaction);
      await take(replica, comesFirst);
      if (comesFirst.length > 0) await assertStopped(replica.store, transaction, stoppedBy);
      const outcome = await replica.store.commit(transaction);
      assert.equal(outcome.committed, comesFirst.length === 0);
      return outcome;
    };
    const working = run({ ...replica, store: changedStore(replica.store, { commit }) });
    // The work may start again or give up. Other tests check which.
    await working.catch((error: unknown) => {
      if (error instanceof assert.AssertionError || comesFirst.length === 0) throw error;
    });
    assert.ok(met > 0, 'the work never sent that transaction');
  }
}

async function assertStopped(store: Store, transaction: Transaction, stoppedBy: readonly string[]): Promise<void> {
  for (const subject of stoppedBy) {
    const guard = transaction.compares.find((compare) => comparedKey(compare) === subject);
    assert.ok(guard !== undefined, `the transaction does not compare ${subject}`);
    const { committed } = await store.commit({ compares: [guard], operations: [] });
    assert.equal(committed, false, `the compare of ${subject} still holds`);
  }
  assert.equal((await store.commit(transaction)).committed, false, 'the second is not stopped');
}
