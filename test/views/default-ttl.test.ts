// A host without a TTL of its own follows the default TTL of each zone in which it has records. Cited by
// src/views/host-ttls.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseAddress } from '../../src/model/address.ts';
import type { Host } from '../../src/model/host.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { Rrset } from '../../src/model/rrset.ts';
import { type Zone, zoneDefaults } from '../../src/model/zone.ts';
import { hostKey, hostValue } from '../../src/store/kinds/host.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { Entry, StoreEvent } from '../../src/store/store.ts';
import { follow } from '../../src/views/follow.ts';
import type { Views } from '../../src/views/views.ts';
import { embeddedStore, emptyViews } from '../support/control-plane.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

const reverse = '/v1/zones/10.in-addr.arpa';

/** The paths of the records of host `h`, of a host with its own TTL, and of a user. */
const places = {
  a: '/v1/zones/a.test/rrsets/h/A',
  aaaa: '/v1/zones/a.test/rrsets/h/AAAA',
  alias: '/v1/zones/a.test/rrsets/www/CNAME',
  far: '/v1/zones/b.test/rrsets/x/CNAME',
  ptr: `${reverse}/rrsets/1.0.0/PTR`,
  own: '/v1/zones/a.test/rrsets/own/A',
  ownPtr: `${reverse}/rrsets/2.0.0/PTR`,
  users: '/v1/zones/a.test/rrsets/h/TXT',
};

async function ttls({ api }: ServedApi): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [what, path] of Object.entries(places))
    found[what] = (await api.ok<{ ttl: number }>(200, 'GET', path)).ttl;
  return found;
}

/** Returns the TTLs of the records of zone `a.test`: in the list of the API, and in a zone file. */
async function written({ api }: ServedApi): Promise<[Record<string, number>, Record<string, number>]> {
  type Items = { items: { name: string; type: string; ttl: number }[] };
  const { items } = await api.ok<Items>(200, 'GET', '/v1/zones/a.test/rrsets');
  const listed = items.filter(({ name }) => name !== '@').map(({ name, type, ttl }) => [`${name} ${type}`, ttl]);
  const file = await api.send('GET', '/v1/zones/a.test/zonefile');
  const lines = (file.text ?? String(file.body)).trim().split('\n');
  const exported = lines.map((line) => line.split('\t')).filter(([owner]) => owner !== 'a.test.');
  return [
    Object.fromEntries(listed),
    Object.fromEntries(
      exported.map(([owner, ttl, , type]) => [`${owner?.replace('.a.test.', '')} ${type}`, Number(ttl)]),
    ),
  ];
}

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  for (const name of ['a.test', 'b.test', '10.in-addr.arpa', '8.b.d.0.1.0.0.2.ip6.arpa'])
    await api.ok(201, 'POST', '/v1/zones', { name });
  const addresses = ['10.0.0.1', '2001:db8::1'];
  await api.ok(201, 'POST', '/v1/hosts', { name: 'h.a.test', addresses, aliases: ['www.a.test', 'x.b.test'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'own.a.test', addresses: ['10.0.0.2'], ttl: 300 });
  await api.ok(201, 'PUT', places.users, { records: ['"text"'] });
  return served;
}

const before = { a: 300, aaaa: 300, alias: 300, far: 300, ptr: 300, own: 300, ownPtr: 300, users: 300 };

test('records of a host without a TTL follow the defaultTtl of their zones, on every replica, also after a restart', async (t) => {
  const served = await prepare(t);
  const other = await servedApi(t, { store: served.store });
  assert.deepEqual(await ttls(served), before);
  const steps: [path: string, defaultTtl: number, changed: Partial<typeof before>][] = [
    ['/v1/zones/a.test', 60, { a: 60, aaaa: 60, alias: 60 }],
    [reverse, 9, { ptr: 9 }],
    ['/v1/zones/b.test', 0, { far: 0 }],
    ['/v1/zones/a.test', 2 ** 31 - 1, { a: 2 ** 31 - 1, aaaa: 2 ** 31 - 1, alias: 2 ** 31 - 1 }],
  ];
  let expected = before;
  for (const [path, defaultTtl, changed] of steps) {
    const answer = await served.api.send('PATCH', path, { defaultTtl });
    assert.equal(answer.status, 200);
    expected = { ...expected, ...changed };
    assert.deepEqual(await ttls(served), expected);
    await other.views.reached(Number(answer.headers['zonewright-revision']) as Revision);
    assert.deepEqual(await ttls(other), expected);
  }
  assert.deepEqual(await ttls(await servedApi(t, { store: served.store })), expected);
  const ttl = 2 ** 31 - 1;
  const shown = { 'h A': ttl, 'h AAAA': ttl, 'h TXT': 300, 'own A': 300, 'www CNAME': ttl };
  assert.deepEqual(await written(served), [shown, shown]);
});

test('an export with the new TTLs imports without a difference', async (t) => {
  const { api } = await prepare(t);
  await api.ok(200, 'PATCH', '/v1/zones/a.test', { defaultTtl: 60 });
  const { text, body } = await api.send('GET', '/v1/zones/a.test/zonefile');
  const path = '/v1/zones/a.test/zonefile';
  const answer = await api.send('PUT', path, text ?? String(body), { 'content-type': 'text/dns' });
  assert.deepEqual([answer.status, answer.body.written, answer.body.counts.managed], [200, false, 4]);
});

test('hosts follow a defaultTtl that an import takes from $TTL', async (t) => {
  const served = await prepare(t);
  const file = '$TTL 900\n@ SOA a b 1 2 3 4 5\nnew A 192.0.2.1\nh A 10.0.0.1\n';
  const path = '/v1/zones/a.test/zonefile';
  const answer = await served.api.send('PUT', path, file, { 'content-type': 'text/dns' });
  assert.equal(answer.status, 200, answer.text);
  const { users: _, ...hosts } = places;
  const found = await Promise.all(
    Object.entries(hosts).map(async ([what, place]) => [
      what,
      (await served.api.ok<{ ttl: number }>(200, 'GET', place)).ttl,
    ]),
  );
  const { users: __, ...rest } = before;
  assert.deepEqual(Object.fromEntries(found), { ...rest, a: 900, aaaa: 900, alias: 900 });
});

test('a host that gets a TTL equal to the default no longer follows, and one that loses its TTL follows', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  await api.ok(200, 'PATCH', '/v1/hosts/h.a.test', { ttl: 300 });
  await api.ok(200, 'PATCH', '/v1/hosts/own.a.test', { ttl: null });
  for (const path of ['/v1/zones/a.test', '/v1/zones/b.test', reverse])
    await api.ok(200, 'PATCH', path, { defaultTtl: 7 });
  assert.deepEqual(await ttls(served), { ...before, own: 7, ownPtr: 7 });
  assert.deepEqual(await ttls(await servedApi(t, { store: served.store })), { ...before, own: 7, ownPtr: 7 });
});

const zone: Zone = { name: parseName('z'), ...zoneDefaults, nameservers: [parseName('ns.example')] };
const nameOf = (i: number) => parseName(`h${i}.z`);

function entry(key: string, value: string, modified: number): Entry {
  return { key, value, created: modified as Revision, modified: modified as Revision };
}

const zoneEntry = (modified: number, settings: Partial<Zone>) =>
  entry(zoneKey(zone.name), zoneValue.encode({ ...zone, ...settings }), modified);

function hostEntry(name: Fqdn, ttl: number | null, modified: number): Entry {
  const host: Host = {
    ...{ name, zone: zone.name, addresses: [{ address: parseAddress('10.0.0.1'), givenBy: null, space: 'default' }] },
    ...{ aliases: [], ttl, ptr: false, owner: '', tags: {}, createdAt: '2026-01-01T00:00:00Z' },
  };
  return entry(hostKey(name), hostValue.encode(host), modified);
}

function nameEntry(name: Fqdn, ttl: number, modified: number, generation = 1): Entry {
  const rrset: Rrset = { type: parseRecordType('A'), ttl, records: ['10.0.0.1'], manager: 'host' };
  return entry(nameKey(zone.name, generation, name), nameValue.encode({ name, rrsets: [rrset] }), modified);
}

function loaded(entries: readonly Entry[]): Views {
  const views = emptyViews();
  views.beginLoad();
  for (const one of entries) views.load(one);
  views.endLoad(1 as Revision);
  return views;
}

const put = (one: Entry): StoreEvent => ({ kind: 'put', entry: one });
const ttlOf = (views: Views, name: Fqdn) => views.zones.name(zone.name, name).rrsets[0]?.ttl;

test('a large zone gets its new defaultTtl in slices, and its revision is served only when all records have it', async () => {
  const count = 20_000;
  const numbers = Array.from({ length: count }, (_, i) => i);
  const entries = [
    ...numbers.map((i) => hostEntry(nameOf(i), null, 1)),
    ...numbers.map((i) => nameEntry(nameOf(i), 300, 1)),
    zoneEntry(1, {}),
  ];
  const views = loaded(entries);
  let served = false;
  const applied = views.apply({ revision: 2 as Revision, events: [put(zoneEntry(2, { defaultTtl: 60 }))] });
  const reached = views.reached(2 as Revision).then(() => {
    served = true;
  });
  let turns = 0;
  for (; views.applying; turns += 1) {
    assert.deepEqual([served, views.revision, views.zones.get(zone.name)?.value.defaultTtl], [false, 1, 300]);
    await nextTurn();
  }
  await Promise.all([applied, reached]);
  assert.ok(turns >= count / 2000, `the work has only ${turns} slices`);
  for (const i of numbers) assert.equal(ttlOf(views, nameOf(i)), 60);
});

test('the stored TTL of a record of such a host does not count, in any order of hosts, names and zones', async (t) => {
  const [own, follows] = [nameOf(1), nameOf(2)];
  const entries = [
    hostEntry(own, 5, 1),
    hostEntry(follows, null, 1),
    nameEntry(own, 300, 1),
    nameEntry(follows, 300, 1),
    zoneEntry(1, { defaultTtl: 60 }),
  ];
  const views = loaded(entries);
  assert.deepEqual([ttlOf(views, own), ttlOf(views, follows)], [5, 60]);
  await t.test('an operator writes the hosts into the store, without their records', async () => {
    await views.apply({
      revision: 2 as Revision,
      events: [put(hostEntry(own, null, 2)), put(hostEntry(follows, 8, 2))],
    });
    assert.deepEqual([ttlOf(views, own), ttlOf(views, follows)], [60, 8]);
    await views.apply({ revision: 3 as Revision, events: [put(zoneEntry(3, { defaultTtl: 61 }))] });
    assert.deepEqual([ttlOf(views, own), ttlOf(views, follows)], [61, 8]);
  });
  await t.test('a record without its host keeps its TTL, and follows again with the host', async () => {
    await views.apply({ revision: 4 as Revision, events: [{ kind: 'delete', key: hostKey(own) }] });
    await views.apply({ revision: 5 as Revision, events: [put(zoneEntry(5, { defaultTtl: 62 }))] });
    assert.equal(ttlOf(views, own), 61);
    await views.apply({ revision: 6 as Revision, events: [put(hostEntry(own, null, 6))] });
    assert.equal(ttlOf(views, own), 62);
  });
  await t.test('names of a pending generation, written before and after the change', async () => {
    const events = [put(nameEntry(own, 300, 7, 2)), put(zoneEntry(7, { defaultTtl: 63 }))];
    await views.apply({ revision: 7 as Revision, events });
    await views.apply({
      revision: 8 as Revision,
      events: [put(nameEntry(nameOf(3), 1, 8, 2)), put(hostEntry(nameOf(3), null, 8))],
    });
    await views.apply({ revision: 9 as Revision, events: [put(zoneEntry(9, { generation: 2, defaultTtl: 64 }))] });
    assert.deepEqual([ttlOf(views, own), ttlOf(views, nameOf(3))], [64, 64]);
  });
});

test('a replica that is told to stop while it applies a new defaultTtl stops without serving it', async (t) => {
  const store = await embeddedStore(t);
  const count = 5000;
  const operations = Array.from({ length: count }, (_, i) => [
    hostEntry(nameOf(i), null, 1),
    nameEntry(nameOf(i), 300, 1),
  ]).flat();
  const commit = (entries: readonly Entry[]) =>
    store.commit({
      compares: [],
      operations: entries.map(({ key, value }) => ({ kind: 'put', key, value })),
    });
  await commit([zoneEntry(1, {})]);
  for (let from = 0; from < operations.length; from += 100) await commit(operations.slice(from, from + 100));
  const views = emptyViews();
  const stopping = new AbortController();
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const following = follow(store, views, silent, stopping.signal);
  await views.whenLoaded();
  await commit([zoneEntry(1, { defaultTtl: 60 })]);
  while (!views.applying) await nextTurn();
  stopping.abort();
  await following;
  assert.equal(views.zones.get(zone.name)?.value.defaultTtl, 300);
});
