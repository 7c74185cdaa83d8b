// Requests that are repeated at a replica whose view is older than that of the replica that answered first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestIdentity } from '../../src/control/transaction/commit-once.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { decideCreateZone } from '../../src/control/zones/put-zone.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { changedStore, laggingStore } from '../support/changed-store.ts';
import { embeddedStore, openReplica, testActor } from '../support/control-plane.ts';

test('the first answer is given again when this replica serves what it says, not before', async (t) => {
  const store = await embeddedStore(t);
  const first = await openReplica(t, store);
  const gate = Promise.withResolvers<void>();
  const second = await openReplica(t, laggingStore(store, gate.promise));
  const name = parseName('foo.k8s');
  const decide: Decide<unknown> = (context) => decideCreateZone(context, { name, ...zoneDefaults });
  const identity: RequestIdentity = { key: 'k', method: 'POST', path: '/v1/zones', body: { name } };
  const { revision } = await first.once.commit(testActor, identity, decide);
  let answered = false;
  const again = second.once.commit(testActor, identity, decide).then((committed) => {
    answered = true;
    return committed;
  });
  await delay(200);
  assert.equal(answered, false);
  gate.resolve();
  assert.equal((await again).revision, revision);
  assert.ok(second.views.zones.get(name) !== undefined);
});

test('where the store is away before anything is written, the refusal says so', async (t) => {
  const store = await embeddedStore(t);
  const away = changedStore(store, { get: () => Promise.reject(new StoreUnavailable('no answer')) });
  const { once } = await openReplica(t, away);
  const identity: RequestIdentity = { key: 'k', method: 'POST', path: '/v1/zones', body: {} };
  const decide: Decide<unknown> = (context) => decideCreateZone(context, { name: parseName('a.b'), ...zoneDefaults });
  await assert.rejects(once.commit(testActor, identity, decide), {
    code: 'store_unavailable',
    message: /nothing was written/,
  });
});
