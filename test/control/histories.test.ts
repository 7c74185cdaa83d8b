// Random histories of requests on a real store. The store stays whole, a refused request changes nothing, and the views
// agree with the store. ZONEWRIGHT_TEST_HISTORIES sets how many histories each test runs.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideRemoveEmptyZone } from '../../src/control/hosts/automatic-zone.ts';
import { errorCodes, Refusal } from '../../src/errors.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import type { Store } from '../../src/store/store.ts';
import { numberFromEnvironment } from '../differential/seed.ts';
import { type ControlPlane, openReplica } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { storeEntries } from '../support/store-dump.ts';
import { inScope, temporaryFolder } from '../support/temporary.ts';
import { sameViews } from '../views/same-views.ts';
import { beginning, type Command, commands } from './commands.ts';
import { allocationsIn, assertWhole, type Contents, contentsOf, ownRecords } from './whole.ts';

const histories = numberFromEnvironment('ZONEWRIGHT_TEST_HISTORIES');

function assertRefusal(refusal: Refusal, command: Command): void {
  assert.ok(
    Object.hasOwn(errorCodes, refusal.code) && refusal.status < 500,
    `${command}: ${refusal.code} ${refusal.message}`,
  );
}

/** Asserts that only requests that may change allocations, or records without a manager, have changed them. */
function assertUntouched({ what }: Command, before: Contents, after: Contents): void {
  const ofAllocations = ['allocate', 'release', 'put pool', 'delete pool', 'move host', 'move allocations'];
  if (!ofAllocations.includes(what)) assert.deepEqual(allocationsIn(after), allocationsIn(before), what);
  const ofRecords = ['change RRsets', 'delete zone'];
  if (!ofRecords.includes(what)) assert.deepEqual(ownRecords(after), ownRecords(before), what);
  if (!what.endsWith('pool')) assert.deepEqual(after.pools, before.pools, what);
  const ofHosts = [
    ...['create host', 'create hosts', 'change host', 'swap hosts', 'delete host', 'move host'],
    ...['put pool', 'delete pool', 'clear zone'],
  ];
  if (!ofHosts.includes(what)) assert.deepEqual(after.hosts, before.hosts, what);
}

test('each request of a random history leaves the embedded store whole, and a refused one changes nothing', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const codes = new Map<string, number>();
  const property = fc.asyncProperty(fc.array(commands, { minLength: 15, maxLength: 40, size: 'max' }), (history) =>
    inScope(async (cleanup) => {
      const path = join(folder, String(++runs));
      const store = await openEmbeddedStore({ folder: path });
      cleanup.after(() => rm(path, { recursive: true, force: true }));
      cleanup.after(() => store.close());
      const replica = await openReplica(cleanup, store);
      for (const decide of beginning) await replica.commit(decide);
      let before = await storeEntries(store);
      for (const command of history) {
        const outcome = await replica.attempt(command.decide);
        const after = await storeEntries(store);
        const code = outcome instanceof Refusal ? outcome.code : 'done';
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (outcome instanceof Refusal) {
          assertRefusal(outcome, command);
          assert.deepEqual(after, before, `${command} was refused, and changed the store`);
        }
        const contents = contentsOf(after);
        assertWhole(contents);
        assertUntouched(command, contentsOf(before), contents);
        before = after;
      }
      assert.deepEqual([...replica.views.faults], []);
      await sameViews(cleanup, replica);
    }),
  );
  await fc.assert(property, { numRuns: histories ?? 60, endOnFailure: true });
  for (const code of ['done', 'address_taken', 'pool_exhausted', 'name_taken', 'pool_in_use', 'zone_not_found']) {
    assert.ok(codes.has(code), `no request ended with ${code}`);
  }
});

test('simultaneous requests on one replica share transactions, and the store is whole at each revision', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const property = fc.asyncProperty(
    fc.array(fc.array(commands, { minLength: 2, maxLength: 12 }), { minLength: 3, maxLength: 6 }),
    (rounds) =>
      inScope(async (cleanup) => {
        const path = join(folder, String(++runs));
        const store = await openEmbeddedStore({ folder: path });
        cleanup.after(() => rm(path, { recursive: true, force: true }));
        cleanup.after(() => store.close());
        const replica = await openReplica(cleanup, store);
        await concurrently([replica], store, rounds);
      }),
  );
  await fc.assert(property, { numRuns: histories ?? 40, endOnFailure: true });
});

test('simultaneous requests on two replicas leave their etcd whole', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  let runs = 0;
  const property = fc.asyncProperty(
    fc.array(fc.array(commands, { minLength: 2, maxLength: 12 }), { minLength: 3, maxLength: 6 }),
    (rounds) =>
      inScope(async (cleanup) => {
        const prefix = `/run-${++runs}`;
        const stores = [
          await openEtcdStore({ endpoints: [etcd.endpoint], prefix }),
          await openEtcdStore({ endpoints: [etcd.endpoint], prefix }),
        ] as const;
        for (const store of stores) cleanup.after(() => store.close());
        const replicas = [await openReplica(cleanup, stores[0]), await openReplica(cleanup, stores[1])];
        await concurrently(replicas, stores[0], rounds);
      }),
  );
  await fc.assert(property, { numRuns: histories ?? 15, endOnFailure: true });
});

/**
 * Sends the requests of each round together, to the replicas in turn. Asserts after each round that the store is whole.
 */
async function concurrently(replicas: readonly ControlPlane[], store: Store, rounds: Command[][]): Promise<void> {
  const [first] = replicas as [ControlPlane];
  for (const decide of beginning) await first.commit(decide);
  for (const round of rounds) {
    const outcomes = await Promise.all(
      round.map((command, index) => (replicas[index % replicas.length] as ControlPlane).attempt(command.decide)),
    );
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome instanceof Refusal) assertRefusal(outcome, round[index] as Command);
    }
    assertWhole(contentsOf(await storeEntries(store)), { emptyZones: true });
  }
  const { revision } = await store.list('', { limit: 1 });
  for (const { views } of replicas) await views.reached(revision);
  for (const { name } of contentsOf(await storeEntries(store)).zones.values()) {
    if (first.views.zones.get(name)?.value.automatic)
      await first.commit((context) => decideRemoveEmptyZone(context, name));
  }
  assertWhole(contentsOf(await storeEntries(store)));
}
