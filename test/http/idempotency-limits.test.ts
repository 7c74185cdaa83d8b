// The answers that the store keeps for idempotency keys are limited for each token. A kept answer is neither dropped
// early nor changed. Cited by src/control/transaction/commit-once.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OnceCommitter } from '../../src/control/transaction/commit-once.ts';
import { decideCreateZone } from '../../src/control/zones/put-zone.ts';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { idempotencyKey } from '../../src/store/kinds/idempotency.ts';
import { LeaseGone, type Operation } from '../../src/store/store.ts';
import { problemIn } from '../support/api-client.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore, openReplica, testActor } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';

for (const [what, count, together, value] of [
  ['50,000 answers', 50_000, 100, '{}'],
  ['answers of 32 MiB', 32, 1, 'x'.repeat(1024 * 1024)],
] as const) {
  test(`with ${what} kept for a token, a new key is 429, and earlier answers and other tokens stay`, async (t) => {
    const served = await servedApi(t);
    const { api, store, views } = served;
    const first = await api.send('POST', '/v1/zones', { name: 'a.test' }, { 'idempotency-key': 'first' });
    assert.equal(first.status, 201);
    // Commits all at once, so that they share the waits for the disk. One after another, they would take minutes on a
    // busy machine.
    const commits = Array.from({ length: count / together }, (_, number) => {
      const operations = Array.from({ length: together }, (__, index): Operation => {
        return { kind: 'put', key: idempotencyKey('environment', `k${number * together + index}`), value };
      });
      return store.commit({ compares: [], operations });
    });
    const revisions = (await Promise.all(commits)).map(({ revision }) => revision);
    await views.reached(Math.max(...revisions) as Revision);
    const beyond = await api.send('POST', '/v1/zones', { name: 'b.test' }, { 'idempotency-key': 'beyond' });
    assert.equal(problemIn(beyond).code, 'idempotency_full');
    assert.equal(beyond.status, 429);
    assert.equal(beyond.headers['retry-after'], '3600');
    await api.refused('not_found', 'GET', '/v1/zones/b.test');
    const again = await api.send('POST', '/v1/zones', { name: 'a.test' }, { 'idempotency-key': 'first' });
    assert.deepEqual([again.status, again.body], [201, first.body]);
    await api.ok(201, 'POST', '/v1/zones', { name: 'b.test' });
    const { api: other } = await tokenFor(served, 'other');
    const zone = await other.send('POST', '/v1/zones', { name: 'c.test' }, { 'idempotency-key': 'beyond' });
    assert.equal(zone.status, 201, zone.text);
  });
}

test('of simultaneous requests as many keep their answers as the limit allows, and ended answers make room', async (t) => {
  const store = await embeddedStore(t);
  const leases: string[] = [];
  const noting = changedStore(store, {
    grantLease: async (seconds) => {
      const lease = await store.grantLease(seconds);
      leases.push(lease);
      return lease;
    },
  });
  const { views, committer } = await openReplica(t, noting);
  const once = new OnceCommitter(noting, views, committer, { answers: 5, octets: 1_000_000 });
  const send = (number: number) => {
    const name = parseName(`z${number}.test`);
    const identity = { key: `k${number}`, method: 'POST', path: '/v1/zones', body: { name } };
    return once.commit(testActor, identity, (context) => decideCreateZone(context, { name, ...zoneDefaults }));
  };
  const outcomes = await Promise.allSettled([...Array(12).keys()].map(send));
  const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'written' : one.reason.code));
  assert.deepEqual(codes.sort(), [...Array(7).fill('idempotency_full'), ...Array(5).fill('written')]);
  assert.equal(views.answers.usage('test').answers, 5);
  assert.equal([...views.zones.list()].length, 5);
  await store.revokeLease(leases[0] as Parameters<typeof store.revokeLease>[0]);
  await views.reached((await store.list('')).revision);
  assert.deepEqual(views.answers.usage('test'), { answers: 0, octets: 0 });
  await send(20);
  assert.equal(views.answers.usage('test').answers, 1);
});

test('if the lease of an answer always ends at once, the request is refused as store_unavailable', async (t) => {
  const store = await embeddedStore(t);
  const ending = changedStore(store, { commit: () => Promise.reject(new LeaseGone()) });
  const { once } = await openReplica(t, ending);
  const name = parseName('a.test');
  const identity = { key: 'k', method: 'POST', path: '/v1/zones', body: { name } };
  await assert.rejects(
    once.commit(testActor, identity, (context) => decideCreateZone(context, { name, ...zoneDefaults })),
    { code: 'store_unavailable', message: /nothing was written/ },
  );
});

test('a token does not get the kept answers of an earlier token with the same id', async (t) => {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  const allocate = async () => {
    const { api } = await tokenFor(served, 'team');
    return api.send('POST', '/v1/pools/p/allocations', {}, { 'idempotency-key': '1' });
  };
  const first = await allocate();
  assert.equal(first.status, 201, first.text);
  await served.api.ok(204, 'DELETE', '/v1/tokens/team');
  assert.equal(problemIn(await allocate()).code, 'idempotency_mismatch');
});
