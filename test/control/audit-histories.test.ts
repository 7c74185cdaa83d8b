// Random histories of requests. The store's contents at the end of a history can be rebuilt from its audit events. Each
// event fits those before it. A transaction without a change that users see has no event. Cited by
// src/control/transaction/audit/audited-decision.ts.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { outboxKind } from '../../src/store/kinds/outbox.ts';
import type { Store } from '../../src/store/store.ts';
import { audit, decisionsIn } from '../support/audit-trail.ts';
import { openReplica } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { storeEntries } from '../support/store-dump.ts';
import { type Cleanup, inScope, temporaryFolder } from '../support/temporary.ts';
import { assertTold } from './audit-replay.ts';
import { beginning, type Command, commands } from './commands.ts';
import { contentsOf } from './whole.ts';

const rounds = fc.array(fc.array(commands, { minLength: 1, maxLength: 8 }), { minLength: 4, maxLength: 12 });

async function assertAudited(test: Cleanup, stores: readonly Store[], history: Command[][]): Promise<void> {
  const replicas = await Promise.all(stores.map((store) => openReplica(test, store, undefined, audit)));
  const [store] = stores as [Store];
  const attempt = (decide: Decide<unknown>, index: number) => replicas[index % replicas.length]?.attempt(decide);
  for (const decide of beginning) await attempt(decide, 0);
  for (const round of history) {
    const before = await contents(store);
    const count = (await decisionsIn(store)).length;
    await Promise.all(round.map(({ decide }, index) => attempt(decide, index)));
    const entries = await contents(store);
    const decisions = await decisionsIn(store);
    if (decisions.length === count) assert.deepEqual(contentsOf(entries), contentsOf(before), String(round));
    assertTold(decisions, contentsOf(entries));
  }
}

async function contents(store: Store) {
  return (await storeEntries(store)).filter(({ key }) => outboxKind.parse(key) === undefined);
}

test('what the embedded store contains can be rebuilt from the events of a random history', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const property = fc.asyncProperty(rounds, (history) =>
    inScope(async (cleanup) => {
      const store = await openEmbeddedStore({ folder: join(folder, String(++runs)) });
      cleanup.after(() => store.close());
      await assertAudited(cleanup, [store], history);
    }),
  );
  await fc.assert(property, { numRuns: 40, endOnFailure: true });
});

test('what etcd contains can be rebuilt from the events of a random history of two replicas', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  let runs = 0;
  const property = fc.asyncProperty(rounds, (history) =>
    inScope(async (cleanup) => {
      const prefix = `/run-${++runs}`;
      const open = () => openEtcdStore({ endpoints: [etcd.endpoint], prefix });
      const stores = [await open(), await open()];
      for (const store of stores) cleanup.after(() => store.close());
      await assertAudited(cleanup, stores, history);
    }),
  );
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
});
