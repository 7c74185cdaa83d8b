// A request that changes something is answered only when this replica serves the change, not already when the change is
// durable. The views of this test lag behind the store. Cited by src/control/transaction/commit.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Decide } from '../../src/control/transaction/decision.ts';
import { decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import { laggingStore } from '../support/changed-store.ts';
import { embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

const zone = parseName('foo.k8s');

const creation = putZone(zone);
const deletion: Decide<unknown> = (context) => decideDeleteZone(context, { name: zone, precondition: {} });
const cases: Record<string, { given: Decide<unknown>[]; decide: Decide<unknown> }> = {
  'a creation': { given: [], decide: creation },
  'a change': { given: [creation], decide: putZone(zone, { defaultTtl: 60 }) },
  'a deletion': { given: [creation], decide: deletion },
};

for (const [what, { given, decide }] of Object.entries(cases)) {
  test(`${what} is answered only when it is served`, async (t) => {
    const store = await embeddedStore(t);
    const near = await openReplica(t, store);
    for (const earlier of given) await near.commit(earlier);
    const gate = Promise.withResolvers<void>();
    t.after(() => gate.resolve());
    const behind = await openReplica(t, laggingStore(store, gate.promise));
    const before = (await store.get(zoneKey(zone)))?.modified;
    let answered = false;
    const change = behind.commit(decide).then(() => {
      answered = true;
    });
    await until(async () => (await store.get(zoneKey(zone)))?.modified !== before, 'the change is not durable');
    await delay(50);
    assert.equal(answered, false);
    gate.resolve();
    await change;
    assert.deepEqual(behind.views.zones.get(zone)?.modified, (await store.get(zoneKey(zone)))?.modified);
  });
}
