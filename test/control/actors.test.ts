// Each decision sees the actor of its own request, however the requests are committed. Only code of the builder can
// make a decision.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor, TokenActor } from '../../src/control/access/actor.ts';
import { startHousekeeping } from '../../src/control/housekeeping.ts';
import { type Decide, noChange } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import { decidePutZone } from '../../src/control/zones/put-zone.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { allRights } from '../../src/model/rights.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import type { Store } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { contextOf, embeddedStore, emptyViews, openReplica, putZone } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

const bearer = (id: string): TokenActor => ({ kind: 'token', id, name: `${id}'s token`, rights: allRights });
const bearers = ['ann', 'bob', 'cas'].map(bearer);
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * Returns a function that does the same as `decide`, but first adds the actor of its context to `seen`. It fails if a
 * builder made with that context has another actor.
 */
function noting<T>(decide: Decide<T>, seen: Actor[]): Decide<T> {
  return (context) => {
    seen.push(context.actor);
    assert.equal(new TransactionBuilder(context).actor, context.actor);
    return decide(context);
  };
}

/** Returns a decision that creates a zone for the bearer. */
const zoneOf = ({ id }: TokenActor) => putZone(parseName(`${id}.example`));

test('requests that share a transaction keep their own actors', async (t) => {
  const { committer } = await openReplica(t, await embeddedStore(t));
  const seen = bearers.map((): Actor[] => []);
  const committed = await Promise.all(
    bearers.map((actor, index) => committer.commit(actor, noting(zoneOf(actor), seen[index] as Actor[]))),
  );
  assert.equal(
    new Set(committed.map(({ revision }) => revision)).size,
    1,
    'the requests did not share one transaction',
  );
  assert.deepEqual(
    seen,
    bearers.map((actor) => [actor]),
  );
});

/** Returns a store that calls `write` right before its first transaction. */
function contested(store: Store, write: () => Promise<unknown>): Store {
  let first = true;
  return changedStore(store, {
    async commit(transaction) {
      if (first) {
        first = false;
        await write();
      }
      return store.commit(transaction);
    },
  });
}

test('a decision that lost a race is made again for the same actor', async (t) => {
  const store = await embeddedStore(t);
  const other = await openReplica(t, store);
  const name = parseName('ann.example');
  await other.commit(putZone(name));
  const replica = await openReplica(
    t,
    contested(store, () => other.commit(putZone(name, { defaultTtl: 1 }))),
  );
  const seen = bearers.map((): Actor[] => []);
  await Promise.all(
    bearers.map((actor, index) => replica.committer.commit(actor, noting(zoneOf(actor), seen[index] as Actor[]))),
  );
  assert.deepEqual(
    seen,
    bearers.map((actor) => [actor, actor]),
  );
});

test('requests of two tokens with the same Idempotency-Key keep their own actors, and are both carried out', async (t) => {
  const { once, views } = await openReplica(t, await embeddedStore(t));
  const identity = { key: 'k', method: 'POST', path: '/v1/zones', body: {} };
  const seen = bearers.map((): Actor[] => []);
  const send = (actor: TokenActor, index: number) =>
    once.commit(actor, identity, noting(zoneOf(actor), seen[index] as Actor[]));
  await Promise.all(bearers.map(send));
  const [ann] = bearers as [TokenActor];
  const again = await send(ann, 0);
  assert.ok(again.revision <= views.revision);
  assert.deepEqual(
    seen,
    bearers.map((actor) => [actor]),
    'a repeated request is decided again',
  );
  for (const { id } of bearers) assert.ok(views.zones.get(parseName(`${id}.example`)), id);
});

test('housekeeping acts as the system', async (t) => {
  const { committer, views, commit } = await openReplica(t, await embeddedStore(t));
  const [zone, empty] = ['example', '10.in-addr.arpa'].map(parseName) as [Fqdn, Fqdn];
  await commit(putZone(zone));
  await commit((context) =>
    decidePutZone(context, {
      name: empty,
      precondition: {},
      change: () => ({ name: empty, ...zoneDefaults, automatic: true }),
    }),
  );
  const seen: Actor[] = [];
  const commitAs = committer.commit.bind(committer);
  committer.commit = (actor, decide, options) => commitAs(actor, noting(decide, seen), options);
  t.after(startHousekeeping(views, committer, logger));
  await until(() => views.zones.get(empty) === undefined, 'the empty zone is still there');
  assert.deepEqual(seen, [{ kind: 'system', part: 'housekeeping' }]);
});

test('a decision that the builder has not made does not compile', () => {
  const context = contextOf(emptyViews());
  // @ts-expect-error an object literal is not a Decision
  const byHand: Decide<number> = () => ({ result: 1, compares: [], operations: [] });
  // @ts-expect-error a copy of a Decision's visible fields is not a Decision
  const copied: Decide<number> = (given) => {
    const decision = new TransactionBuilder(given).build(1);
    const { result, compares, operations } = decision;
    return { result, compares, operations, extendedWith: decision.extendedWith };
  };
  const built: Decide<number> = (given) => new TransactionBuilder(given).deleteUnchecked('k').build(1);
  assert.ok(byHand(context) !== undefined && copied(context) !== undefined);
  assert.deepEqual(built(context).operations, [{ kind: 'delete', key: 'k' }]);
  assert.deepEqual(noChange(2).operations, []);
});
