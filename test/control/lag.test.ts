// A replica whose views lag refuses no request because of what another replica has changed and acknowledged before.
// Cited by src/control/transaction/commit.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Freshness } from '../../src/control/transaction/freshness.ts';
import { Refusal } from '../../src/errors.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { changedStore, laggingStore } from '../support/changed-store.ts';
import { type ControlPlane, embeddedStore, openReplica } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';
import { allocateNext, createHost, deleteHost, deletePool, pool, putPool, release, zone } from './steps.ts';

/** How long the views lag: less than the committer waits for them. */
const lagMilliseconds = 5;

interface LaggingReplica extends ControlPlane {
  /** Another replica on the same store, which does not lag. */
  readonly other: ControlPlane;
  /** Lets the views have the changes. */
  catchUp(): void;
}

/** Opens two replicas with a zone and a pool. The views of one get no changes until they catch up. */
async function laggingReplica(test: Cleanup): Promise<LaggingReplica> {
  const store = await embeddedStore(test);
  const other = await openReplica(test, store);
  for (const step of [zone, pool, putPool('small', ['192.0.2.1'])]) await other.commit(step);
  const { promise, resolve } = Promise.withResolvers<void>();
  test.after(() => resolve());
  const replica = await openReplica(test, laggingStore(store, promise));
  return { ...replica, other, catchUp: resolve };
}

const outcomeOf = async ({ attempt }: ControlPlane, decide: Decide<unknown>) => {
  const outcome = await attempt(decide);
  return outcome instanceof Refusal ? outcome.code : 'done';
};

const cases: { title: string; before: Decide<unknown>[]; request: Decide<unknown> }[] = [
  { title: 'deletes the host', before: [createHost('a.z', '10.0.0.1')], request: deleteHost('a.z') },
  { title: 'uses the pool', before: [putPool('q', ['198.51.100.0/24'])], request: allocateNext({ pool: 'q' }) },
  {
    title: 'creates a host in the pool',
    before: [putPool('q', ['198.51.100.0/24'])],
    request: createHost('a.z', '198.51.100.1', { pool: 'q' }),
  },
  {
    title: 'creates a pool in place of the one',
    before: [deletePool('small')],
    request: (context) => {
      const change = () => ({ ...poolDefaults, id: 'small', name: 'small', ranges: ['192.0.2.2'] });
      return decidePutPool(context, { name: 'small', precondition: { create: true }, change });
    },
  },
  {
    title: 'takes an address that is free again',
    before: [allocateNext({ pool: 'small' }), release('192.0.2.1')],
    request: allocateNext({ pool: 'small' }),
  },
];
for (const { title, before, request } of cases)
  test(`a replica that lags ${title} of another replica`, async (t) => {
    const replica = await laggingReplica(t);
    for (const step of before) await replica.other.commit(step);
    const outcome = outcomeOf(replica, request);
    await delay(lagMilliseconds);
    replica.catchUp();
    assert.equal(await outcome, 'done');
  });

test('a refusal is not final because of a read that began before its request came', async (t) => {
  const plain = await embeddedStore(t);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const list: Store['list'] = (...args) => gate.then(() => plain.list(...args));
  const { views } = await openReplica(t, plain);
  const freshness = new Freshness(changedStore(plain, { list }), views);
  const refusal = new Refusal('not_found', 'there is none');
  const before = performance.now();
  const renewing = freshness.renew();
  await delay(lagMilliseconds);
  const meanwhile = performance.now();
  open();
  await renewing;
  assert.deepEqual([freshness.isFinal(refusal, before), freshness.isFinal(refusal, meanwhile)], [true, false]);
});

test('requests of one turn that are refused share one read of the store', async (t) => {
  let lists = 0;
  const plain = await embeddedStore(t);
  const counted = changedStore(plain, {
    list: (...args) => {
      lists += 1;
      return plain.list(...args);
    },
  });
  const replica = await openReplica(t, counted);
  lists = 0;
  const names = Array.from({ length: 50 }, (_, at) => `h${at}.z`);
  const outcomes = await Promise.all(names.map((name) => outcomeOf(replica, deleteHost(name))));
  assert.deepEqual([new Set(outcomes), lists], [new Set(['not_found']), 1]);
});

test('without the store, a request is refused by what the replica knows', async (t) => {
  let isAway = false;
  const plain = await embeddedStore(t);
  const list: Store['list'] = (...args) =>
    isAway ? Promise.reject(new StoreUnavailable('away')) : plain.list(...args);
  const replica = await openReplica(t, changedStore(plain, { list }));
  isAway = true;
  assert.equal(await outcomeOf(replica, deleteHost('a.z')), 'not_found');
});

test('a revision that the views never get, of another program, does not hold a refusal up for long', async (t) => {
  const replica = await laggingReplica(t);
  await replica.other.commit(createHost('a.z', '10.0.0.1'));
  assert.equal(await outcomeOf(replica, deleteHost('a.z')), 'not_found');
});
