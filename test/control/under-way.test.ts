// Several transactions under way at once: only such that do not touch. Each request fails or succeeds by itself, and
// none waits for ever. The store of these tests holds each transaction until the test lets it go. Cited by
// src/control/transaction/footprint.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { Refusal } from '../../src/errors.ts';
import { parseName } from '../../src/model/name.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { type Store, StoreUnavailable, type Transaction } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { type ControlPlane, embeddedStore, openReplica } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { allocate, allocateNext, createHost, deleteZone, pool, putPool, putRrset, release, zone } from './steps.ts';

/** A transaction that the store has got. */
interface Held {
  readonly transaction: Transaction;
  /** Lets the store carry it out. Resolves when the committer has the result. */
  letGo(): Promise<void>;
  /** Makes the commit reject; the store does not carry it out. */
  fail(error: Error): void;
}

/** The outcome of a request: `none` while it has none, `done`, the code of its refusal, or the message of its error. */
interface Seen {
  outcome: string;
}

interface HoldingReplica extends ControlPlane {
  /** The transactions that wait, in the order in which they were sent. */
  readonly held: Held[];
  /** The store itself: it holds nothing. */
  readonly free: Store;
  /** Begins a commit. Resolves, once it was decided, with a view of its outcome. */
  begin(decide: Decide<unknown>): Promise<Seen>;
  /** Waits until this many transactions are held. */
  holds(count: number): Promise<void>;
}

/** Opens a replica with the zone z and a pool. From then on, its store holds transactions. */
async function holdingReplica(test: Cleanup, given: Decide<unknown>[] = [zone, pool]): Promise<HoldingReplica> {
  const free = await embeddedStore(test);
  const held: Held[] = [];
  let isHolding = false;
  const commit: Store['commit'] = (transaction) => {
    if (!isHolding) return free.commit(transaction);
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<Store['commit']>>>();
    const forget = () => void held.splice(held.indexOf(one), 1);
    const one: Held = {
      transaction,
      letGo: async () => {
        forget();
        resolve(await free.commit(transaction));
      },
      fail: (error) => {
        forget();
        reject(error);
      },
    };
    held.push(one);
    return promise;
  };
  const replica = await openReplica(test, changedStore(free, { commit }));
  for (const step of given) await replica.commit(step);
  isHolding = true;
  const begin = async (decide: Decide<unknown>) => {
    const seen: Seen = { outcome: 'none' };
    const note = (outcome: string) => {
      seen.outcome = outcome;
    };
    replica.commit(decide).then(
      () => note('done'),
      (error: Error) => note(error instanceof Refusal ? error.code : error.message),
    );
    // The committer decides in the next pass of the event loop.
    for (let pass = 0; pass < 3; pass += 1) await nextPass();
    return seen;
  };
  const holds = (count: number) => until(() => held.length === count, `not ${count} transactions, but ${held.length}`);
  return { ...replica, held, free, begin, holds };
}

const keysOf = ({ transaction }: Held) =>
  transaction.operations.flatMap((operation) => (operation.kind === 'put' ? [operation.key] : []));
const writes = (held: Held, host: string) => keysOf(held).includes(hostKey(parseName(host)));
const settled = (seen: Seen) => until(() => seen.outcome !== 'none', 'the request has no answer');
/** Lets all transactions go until the request has an answer. */
const finish = (held: Held[], seen: Seen) =>
  until(async () => {
    while (held.length > 0) await held[0]?.letGo();
    return seen.outcome !== 'none';
  }, 'the request has no answer');

/** Creates a host with the next address of the pool. */
const one = (name: string): Decide<unknown> => {
  const texts = { aliases: [], ttl: null, ptr: false, owner: '', tags: {} };
  return (context) => decideCreateHost(context, { name: parseName(name), pool: 'p', ...texts });
};

test('transactions that do not touch are under way at once, and each is answered when it is served', async (t) => {
  const { begin, held, holds } = await holdingReplica(t);
  const [a, b] = [await begin(one('a.z')), await begin(one('b.z'))];
  await holds(2);
  const [first, second] = held as [Held, Held];
  assert.ok(writes(first, 'a.z') && writes(second, 'b.z'));
  await second.letGo();
  await settled(b);
  assert.deepEqual([a.outcome, b.outcome], ['none', 'done']);
  await first.letGo();
  await settled(a);
  assert.equal(a.outcome, 'done');
});

test('the pool gives no address that a transaction under way writes', async (t) => {
  const { begin, held, holds, views } = await holdingReplica(t);
  const hosts = [await begin(one('a.z')), await begin(one('b.z'))];
  await holds(2);
  const addresses = held.flatMap((one) => keysOf(one).filter((key) => key.startsWith('addresses/')));
  assert.equal(new Set(addresses).size, 2);
  for (const host of hosts) await finish(held, host);
  // No compare has failed: nothing was sent again.
  assert.deepEqual([held.length, [...views.hosts.list()].length], [0, 2]);
});

test('a request that touches a transaction under way waits for it', async (t) => {
  const { begin, held, holds } = await holdingReplica(t);
  const [first, same] = [await begin(one('a.z')), await begin(one('a.z'))];
  await holds(1);
  await held[0]?.letGo();
  await settled(first);
  await settled(same);
  assert.deepEqual([first.outcome, same.outcome, held.length], ['done', 'name_taken', 0]);
});

test('a transaction whose compare fails makes no other one fail', async (t) => {
  const { begin, held, holds, free } = await holdingReplica(t);
  const other = await openReplica(t, free);
  const [a, b] = [await begin(one('a.z')), await begin(one('b.z'))];
  await holds(2);
  const [first, second] = held as [Held, Held];
  await other.commit(createHost('a.z', '10.0.0.5'));
  await first.letGo();
  await second.letGo();
  await settled(a);
  await settled(b);
  assert.deepEqual([a.outcome, b.outcome, held.length], ['name_taken', 'done', 0]);
});

test('a transaction that cannot be written makes no other one fail', async (t) => {
  const { begin, held, holds } = await holdingReplica(t);
  const [a, b] = [await begin(one('a.z')), await begin(one('b.z'))];
  await holds(2);
  const [first, second] = held as [Held, Held];
  first.fail(new StoreUnavailable('away'));
  await settled(a);
  await second.letGo();
  await settled(b);
  assert.deepEqual([a.outcome, b.outcome], ['store_unavailable', 'done']);
});

test('a request is refused because of addresses under way only when they are written', async (t) => {
  const { begin, held, holds } = await holdingReplica(t, [zone, putPool('p', ['10.0.0.1/32'])]);
  const [first, second] = [await begin(one('a.z')), await begin(one('b.z'))];
  await holds(1);
  assert.equal(second.outcome, 'none');
  held[0]?.fail(new Error('broken'));
  await holds(1);
  assert.ok(held[0] !== undefined && writes(held[0], 'b.z'), 'the second request did not get the address');
  const third = await begin(allocateNext({}));
  await held[0].letGo();
  await settled(third);
  await settled(second);
  assert.deepEqual([first.outcome, second.outcome, third.outcome], ['broken', 'done', 'pool_exhausted']);
});

test('a request is not refused because of an address that later requests take in vain', async (t) => {
  const { begin, held, holds } = await holdingReplica(t, [zone, putPool('p', ['10.0.0.1/32'])]);
  const [first, text] = [await begin(one('a.z')), await begin(putRrset('z', 'c.z', 'TXT', '"x"'))];
  await holds(2);
  // They wait for the second transaction. With so many in the queue, further transactions may be under way.
  for (let number = 0; number < 40; number += 1) await begin(putRrset('z', 'c.z', 'TXT', `"${number}"`));
  const waiting = await begin(one('b.z'));
  held[0]?.fail(new Error('broken'));
  await settled(first);
  const later = await begin(allocateNext({}));
  await holds(2);
  await held[0]?.letGo();
  await settled(text);
  await holds(2);
  assert.ok(held[0] !== undefined && keysOf(held[0]).some((key) => key.startsWith('addresses/')));
  held[0].fail(new Error('broken'));
  await settled(later);
  await finish(held, waiting);
  assert.deepEqual([later.outcome, waiting.outcome], ['broken', 'done']);
});

test('a refused request is decided once more after those under way, and does not wait for later ones', async (t) => {
  const { begin, held, holds } = await holdingReplica(t, [zone, pool, createHost('old.z', '10.0.0.6')]);
  await begin(one('a.z'));
  await holds(1);
  const refused = await begin(one('old.z'));
  await begin(one('b.z'));
  await holds(2);
  assert.equal(refused.outcome, 'none');
  await held[0]?.letGo();
  await settled(refused);
  assert.deepEqual([refused.outcome, held.length], ['name_taken', 1]);
});

test('an address that a transaction under way releases may be allocated again', async (t) => {
  const { begin, held, holds } = await holdingReplica(t, [zone, putPool('p', ['10.0.0.1/32']), allocate('10.0.0.1')]);
  const [gone, again] = [await begin(release('10.0.0.1')), await begin(one('a.z'))];
  await holds(1);
  await held[0]?.letGo();
  await settled(gone);
  await holds(1);
  await held[0]?.letGo();
  await settled(again);
  assert.deepEqual([gone.outcome, again.outcome], ['done', 'done']);
});

test('a request is not overtaken for ever by later ones that touch it', async (t) => {
  const { begin, held, holds } = await holdingReplica(t);
  await begin(one('a.z'));
  await holds(1);
  // Deletes the zone: touches every request for a name in it.
  const deletion = await begin(deleteZone);
  const later = [await begin(one('b.z')), await begin(putRrset('z', 'c.z', 'TXT', '"x"'))];
  const elsewhere = await begin(allocateNext({}));
  await holds(2);
  assert.ok(
    held.every((one) => !writes(one, 'b.z')),
    'a later request has overtaken the deletion',
  );
  // The zone then has a host, so it is not deleted. The later requests follow.
  for (const seen of [deletion, ...later, elsewhere]) await finish(held, seen);
  assert.deepEqual([deletion.outcome, ...later.map(({ outcome }) => outcome)], ['zone_in_use', 'done', 'done']);
});

test('requests gather for the next transaction while several are under way', async (t) => {
  const { begin, held, holds } = await holdingReplica(t, [zone, putPool('p', ['10.0.0.0/24'])]);
  const hosts: Seen[] = [];
  for (let number = 0; number < 20; number += 1) hosts.push(await begin(one(`h${number}.z`)));
  const limit = held.length;
  assert.equal(limit, 2, `${limit} transactions`);
  await held[0]?.letGo();
  await holds(limit);
  assert.equal(held.map((one) => hosts.filter((_, number) => writes(one, `h${number}.z`)).length).at(-1), 20 - limit);
  for (const host of hosts) await finish(held, host);
});
