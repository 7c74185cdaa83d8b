// Requests with an Idempotency-Key: repeated at a replica with older views, when the change cannot be served, and while
// the store cannot be reached.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RequestIdentity } from '../../src/control/transaction/commit-once.ts';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import { decideCreateZone } from '../../src/control/zones/put-zone.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { changedStore, laggingStore } from '../support/changed-store.ts';
import { embeddedStore, openReplica, testActor } from '../support/control-plane.ts';

test('a repeated request at another replica gets the first answer only when that replica serves the change', async (t) => {
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

test('a change that is durable but cannot be served is refused, although the store has the answer to its request', async (t) => {
  const { once, views } = await openReplica(t, await embeddedStore(t));
  const key = zoneKey(parseName('foo.k8s'));
  const identity: RequestIdentity = { key: 'k', method: 'POST', path: '/v1/zones', body: {} };
  const decide: Decide<unknown> = (context) =>
    new TransactionBuilder(context).put(key, '{"not":"a zone"}', undefined).build('created');
  await assert.rejects(once.commit(testActor, identity, decide), {
    code: 'value_unreadable',
    message: /the change is durable .* cannot serve it/,
  });
  assert.ok(views.faults.has(key), 'the unreadable value is not a fault of the views');
});

test('if the store cannot be reached before anything is written, the refusal says so', async (t) => {
  const store = await embeddedStore(t);
  const fail = () => Promise.reject(new StoreUnavailable('no answer'));
  const away = changedStore(store, { get: fail, grantLease: fail });
  const { once } = await openReplica(t, away);
  const identity: RequestIdentity = { key: 'k', method: 'POST', path: '/v1/zones', body: {} };
  const decide: Decide<unknown> = (context) => decideCreateZone(context, { name: parseName('a.b'), ...zoneDefaults });
  await assert.rejects(once.commit(testActor, identity, decide), {
    code: 'store_unavailable',
    message: /nothing was written/,
  });
});
