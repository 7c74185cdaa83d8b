// A host of the maximum size: 16 addresses in 16 reverse zones, 32 aliases in 32 zones. Each write of it fits into one
// transaction; with SkyDNS keys, it is deleted in several. Cited by src/control/hosts/write-budget.ts and
// src/control/hosts/delete-host.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { openEtcdStore } from '../../src/store/etcd.ts';
import type { Store } from '../../src/store/store.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Grown {
  served: ServedApi;
  before: string[];
  empty: string[];
}

async function grown(t: TestContext, store?: Store, skydns = false): Promise<Grown> {
  const served = await servedApi(t, { store, ...(skydns && { skydnsPrefix: '/skydns' }) });
  const { api, dump } = served;
  const zones = Array.from({ length: 33 }, (_, i) => `z${i}`);
  for (const name of zones) await api.ok(201, 'POST', '/v1/zones', { name, ...(skydns && { skydns }) });
  const empty = Object.keys(await dump());
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/16'] });
  const before = Object.keys(await dump());
  const aliases = zones.slice(1).map((zone) => `h.${zone}`);
  const addresses = Array.from({ length: 16 }, (_, i) => `10.0.${i}.1`);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'h.z0', addresses: addresses.slice(0, 8) });
  await api.ok(200, 'PATCH', '/v1/hosts/h.z0', { addresses });
  await api.ok(200, 'PATCH', '/v1/hosts/h.z0', { aliases: aliases.slice(0, 16) });
  await api.ok(200, 'PATCH', '/v1/hosts/h.z0', { aliases });
  return { served, before, empty };
}

/**
 * Waits until housekeeping has deleted the automatic zones that did not fit into the host's transaction. Returns the
 * keys that are left, without the states of SkyDNS zones: the leader deletes these, and the test has none.
 */
async function settled({ dump }: ServedApi): Promise<string[]> {
  for (;;) {
    const keys = Object.keys(await dump()).filter((key) => !/^skydns\/.*\.arpa$/.test(key));
    if (!keys.some((key) => key.startsWith('zones/') && key.endsWith('.arpa'))) return keys;
    await delay(50);
  }
}

async function changedRenamedDeleted(t: TestContext, store?: Store): Promise<void> {
  const { served, before } = await grown(t, store);
  const { api } = served;
  await api.ok(200, 'PATCH', '/v1/hosts/h.z0', { ttl: 5, owner: 'me' });
  await api.ok(200, 'PATCH', '/v1/hosts/h.z0', { name: 'i.z0' });
  await api.ok(204, 'DELETE', '/v1/hosts/i.z0');
  assert.deepEqual(await settled(served), before);
}

test('a host of the maximum size can be changed, renamed and deleted, and leaves nothing', { timeout: 60_000 }, (t) =>
  changedRenamedDeleted(t),
);

test('a host of the maximum size can be changed, renamed and deleted on an etcd with its default limits', {
  timeout: 60_000,
}, async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => store.close());
  await changedRenamedDeleted(t, store);
});

test('when a pool is deleted by force, its hosts lose their addresses, also one of the maximum size', {
  timeout: 60_000,
}, async (t) => {
  const { served, empty } = await grown(t);
  const { api } = served;
  for (let i = 0; i < 6; i += 1) {
    const aliases = Array.from({ length: 32 }, (_, zone) => `other${i}.z${(zone + i) % 33}`);
    await api.ok(201, 'POST', '/v1/hosts', { name: `i${i}.z${i}`, addresses: [`10.0.${100 + i}.1`], aliases });
  }
  await api.ok(200, 'DELETE', '/v1/pools/p?force=true');
  assert.deepEqual(await settled(served), empty);
});

test('a host of the maximum size in SkyDNS zones is deleted, in more transactions than one', {
  timeout: 60_000,
}, async (t) => {
  const { served, before } = await grown(t, undefined, true);
  const { api } = served;
  const { headers } = await api.send('GET', '/v1/hosts/h.z0');
  const answer = await api.send('DELETE', '/v1/hosts/h.z0', undefined, { 'if-match': headers.etag as string });
  assert.equal(answer.status, 204, answer.text);
  assert.deepEqual(await settled(served), before);
});

test('when a SkyDNS zone is deleted by force, its hosts of the maximum size are deleted', {
  timeout: 60_000,
}, async (t) => {
  const { served } = await grown(t, undefined, true);
  await served.api.ok(204, 'DELETE', '/v1/zones/z0?force=true');
  await served.api.refused('not_found', 'GET', '/v1/hosts/h.z0');
  const left = await settled(served);
  assert.deepEqual(
    left.filter((key) => key.startsWith('addresses/') || key.startsWith('names/')),
    [],
  );
});

test('when a pool is deleted by force, its hosts of the maximum size in SkyDNS zones lose their addresses', {
  timeout: 60_000,
}, async (t) => {
  const { served, empty } = await grown(t, undefined, true);
  await served.api.ok(200, 'DELETE', '/v1/pools/p?force=true');
  assert.deepEqual(await settled(served), empty);
});
