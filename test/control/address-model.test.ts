// Random histories of requests for addresses, compared request by request with a simple model (address-model.ts): which
// addresses are given, which requests are refused, what the store has, what the pools count and offer next. Each
// history has its own addresses, names and clock, and many run at once on the same replicas. ZONEWRIGHT_TEST_HISTORIES
// sets how many histories run on each store.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from '../../src/model/name.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { numberFromEnvironment } from '../differential/seed.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { sameViews } from '../views/same-views.ts';
import { history } from './address-commands.ts';
import { History } from './address-history.ts';

const histories = numberFromEnvironment('ZONEWRIGHT_TEST_HISTORIES');
const historiesAtOnce = 24;

async function runHistories(replicas: readonly ControlPlane[], count: number): Promise<Map<string, number>> {
  await replicas[0]?.commit(putZone(parseName('z')));
  const codes = new Map<string, number>();
  const length = Math.min(count, historiesAtOnce);
  const many = fc.array(history, { minLength: length, maxLength: length });
  const property = fc.asyncProperty(many, async (all) => {
    await Promise.all(all.map((commands) => new History(replicas, codes).run(commands)));
  });
  await fc.assert(property, { numRuns: Math.ceil(count / length), endOnFailure: true });
  return codes;
}

/** Asserts that requests ended in many ways. A few histories may lack the rarer ones. */
function assertVaried(codes: ReadonlyMap<string, number>, count: number): void {
  const common = ['address_taken', 'address_outside_pool', 'pool_exhausted', 'name_taken', 'not_found'];
  const more = ['address_excluded', 'pool_in_use', 'pool_overlap', 'managed_record'];
  const rare = ['already_exists', 'invalid_request', 'rrset_conflict', 'renumbering_running'];
  for (const code of [...common, ...(count >= 100 ? more : []), ...(count >= 2000 ? rare : [])])
    assert.ok(codes.has(code), `no request ended with ${code}`);
}

test('each request of a random history has the outcome that a simple model predicts: embedded store', async (t) => {
  const replica = await openReplica(t, await embeddedStore(t));
  const count = histories ?? 120;
  const codes = await runHistories([replica], count);
  assertVaried(codes, count);
  await sameViews(t, replica);
  t.diagnostic(JSON.stringify(Object.fromEntries(codes)));
});

test('each request of a random history has the outcome that a simple model predicts: two replicas on etcd', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const open = async () => {
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    t.after(() => store.close());
    return openReplica(t, store);
  };
  const replicas = [await open(), await open()] as const;
  const count = histories ?? 60;
  const codes = await runHistories(replicas, count);
  assertVaried(codes, count);
  await sameViews(t, replicas[0]);
  t.diagnostic(JSON.stringify(Object.fromEntries(codes)));
});
