// Many requests wait: more than one transaction, or the arguments of one call, can hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '../../src/control/access/actor.ts';
import { startHousekeeping } from '../../src/control/housekeeping.ts';
import type { Committer } from '../../src/control/transaction/commit.ts';
import { type Decide, maxDecisionOperations, noChange } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import { automaticReverseZone, parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import { embeddedStore, openReplica } from '../support/control-plane.ts';
import { until } from '../support/until.ts';

const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

test('200,000 waiting requests are all answered, and so is a request after them', async (t) => {
  const { commit } = await openReplica(t, await embeddedStore(t));
  const full: Decide<number> = (context) => {
    const builder = new TransactionBuilder(context);
    for (let index = 0; index < maxDecisionOperations; index += 1)
      builder.deleteUnchecked(hostKey(parseName(`h${index}`)));
    return builder.build(0);
  };
  const waiting = Array.from({ length: 200_000 }, () => commit(() => noChange(1)));
  const results = await Promise.all([commit(full), commit(full), ...waiting]);
  assert.equal(
    results.reduce((sum, one) => sum + one, 0),
    200_000,
  );
  assert.equal(await commit(() => noChange(2)), 2);
});

test('a request that has no room in a transaction keeps those after it from being decided in vain', async (t) => {
  const { commit } = await openReplica(t, await embeddedStore(t));
  let decided = 0;
  const large = (index: number): Decide<number> => {
    const operations = [{ kind: 'put' as const, key: `idempotency/t/${index}`, value: 'x'.repeat(200_000) }];
    return () => {
      decided += 1;
      return noChange(index).extendedWith({ compares: [], operations });
    };
  };
  const results = await Promise.all(Array.from({ length: 10 }, (_, index) => commit(large(index))));
  assert.deepEqual(results, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  // For each transaction, the one that is in it and the next one.
  assert.ok(decided < 20, `${decided} decisions`);
});

test('housekeeping has a limited number of commits under way', async (t) => {
  const store = await embeddedStore(t);
  const count = 1100;
  const zones = Array.from({ length: count }, (_, n) =>
    automaticReverseZone(parseAddress(`10.${n >> 8}.${n & 255}.1`)),
  );
  for (let at = 0; at < count; at += 50) {
    const operations = zones.slice(at, at + 50).flatMap((name) => [
      { kind: 'put' as const, key: zoneKey(name), value: zoneValue.encode({ name, ...zoneDefaults, automatic: true }) },
      { kind: 'put' as const, key: serialKey(name), value: '' },
    ]);
    await store.commit({ compares: [], operations });
  }
  const { views, committer } = await openReplica(t, store);
  let underWay = 0;
  let maxUnderWay = 0;
  const counting = {
    commit: (actor: Actor, decide: Decide<unknown>) => {
      maxUnderWay = Math.max(maxUnderWay, ++underWay);
      return committer.commit(actor, decide).finally(() => {
        underWay -= 1;
      });
    },
  };
  t.after(startHousekeeping(views, counting as Committer, logger));
  await until(() => views.zones.list().next().done === true, 'some empty zones are still there');
  assert.equal(maxUnderWay, 1000);
});
