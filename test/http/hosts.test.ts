// Hosts over HTTP: the answers to requests, and the records and addresses of hosts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Api } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Host {
  name: string;
  zone: string;
  addresses: { address: string; pool: string | null; ptr: string | null }[];
  aliases: string[];
  ttl: number | null;
  ptr: boolean;
  owner: string;
  tags: Record<string, string>;
  createdAt: string;
  revision: number;
}
interface Rrset {
  name: string;
  type: string;
  ttl: number;
  records: string[];
  managedBy?: string;
}

const ipv4 = { name: 'default', ranges: ['192.0.2.0/29'] };
const ipv6 = { name: 'six', ranges: ['2001:db8::/64'], priority: 5 };

async function prepare(t: TestContext): Promise<ServedApi> {
  const app = await servedApi(t);
  await app.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s', defaultTtl: 120 });
  await app.api.ok(201, 'POST', '/v1/pools', ipv4);
  await app.api.ok(201, 'POST', '/v1/pools', ipv6);
  return app;
}

const addressesOf = (host: Host) => host.addresses.map(({ address }) => address);

/** Returns all RRsets of a zone, except those that its settings imply. */
async function records(api: Api, zone: string): Promise<Record<string, string[]>> {
  const { items } = await api.ok<{ items: Rrset[] }>(200, 'GET', `/v1/zones/${zone}/rrsets?limit=1000`);
  const own = items.filter(({ managedBy }) => managedBy !== 'zone');
  return Object.fromEntries(own.map((rrset) => [`${rrset.name} ${rrset.ttl} ${rrset.type}`, rrset.records]));
}

test('a new host gets an address, A, CNAME, PTR and a reverse zone, and its deletion deletes all of them', async (t) => {
  const { api, dump } = await prepare(t);
  const before = Object.keys(await dump());
  const answer = await api.send('POST', '/v1/hosts', { name: 'Nginx.foo.k8s.', aliases: ['www.foo.k8s'], owner: 'a' });
  assert.equal(answer.status, 201);
  const host = answer.body as Host;
  assert.equal(answer.headers.location, '/v1/hosts/nginx.foo.k8s');
  assert.match(String(answer.headers.etag), new RegExp(`^"${host.revision}\\.[\\w-]{8}"$`));
  assert.equal(answer.headers['zonewright-revision'], String(host.revision));
  assert.ok(Math.abs(Date.parse(host.createdAt) - Date.now()) < 60_000);
  assert.deepEqual(host, {
    name: 'nginx.foo.k8s',
    zone: 'foo.k8s',
    addresses: [{ address: '192.0.2.0', pool: 'default', ptr: '0.2.0.192.in-addr.arpa' }],
    aliases: ['www.foo.k8s'],
    ttl: null,
    ptr: true,
    owner: 'a',
    tags: {},
    createdAt: host.createdAt,
    revision: host.revision,
  });
  assert.deepEqual(await api.ok(200, 'GET', '/v1/hosts/nginx.foo.k8s'), host);
  assert.deepEqual(await records(api, 'foo.k8s'), {
    'nginx 120 A': ['192.0.2.0'],
    'www 120 CNAME': ['nginx.foo.k8s.'],
  });
  assert.deepEqual(await records(api, '2.0.192.in-addr.arpa'), { '0 300 PTR': ['nginx.foo.k8s.'] });
  const reverse = await api.ok(200, 'GET', '/v1/zones/2.0.192.in-addr.arpa');
  assert.equal(reverse.automatic, true);
  const deleted = await api.send('DELETE', '/v1/hosts/nginx.foo.k8s');
  assert.equal(deleted.status, 204);
  assert.equal(deleted.text, '');
  assert.deepEqual(Object.keys(await dump()), before);
  await api.refused('not_found', 'GET', '/v1/zones/2.0.192.in-addr.arpa');
});

test('IPv6 and dual-stack hosts have AAAA, and PTR under ip6.arpa', async (t) => {
  const { api } = await prepare(t);
  const dual = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'd.foo.k8s', families: ['ipv6', 'ipv4'] });
  assert.deepEqual(addressesOf(dual), ['2001:db8::', '192.0.2.0']);
  const one = { name: 'e.foo.k8s', addresses: ['2001:0DB8::00:5'], ttl: 7 };
  const six = await api.ok<Host>(201, 'POST', '/v1/hosts', one);
  const reverse = `5.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`;
  assert.deepEqual(six.addresses, [{ address: '2001:db8::5', pool: 'six', ptr: reverse }]);
  assert.deepEqual(await records(api, `${'0.'.repeat(8)}8.b.d.0.1.0.0.2.ip6.arpa`), {
    [`${'0.'.repeat(15)}0 300 PTR`]: ['d.foo.k8s.'],
    [`5.${'0.'.repeat(14)}0 7 PTR`]: ['e.foo.k8s.'],
  });
  assert.deepEqual(await records(api, 'foo.k8s'), {
    'd 120 A': ['192.0.2.0'],
    'd 120 AAAA': ['2001:db8::'],
    'e 7 AAAA': ['2001:db8::5'],
  });
  const onlySix = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'f.foo.k8s', pool: 'six' });
  assert.deepEqual(addressesOf(onlySix), ['2001:db8::1']);
});

test('PATCH keeps fields that it does not contain, resets null fields, and changes name and addresses in one transaction', async (t) => {
  const { api, store } = await prepare(t);
  const wanted = { name: 'a.foo.k8s', aliases: ['b.foo.k8s'], ttl: 60, owner: 'me', tags: { app: 'x', tier: 'y' } };
  const first = await api.ok<Host>(201, 'POST', '/v1/hosts', wanted);
  const patch = async (name: string, body: unknown) => {
    const { revision: before } = await store.list('', { limit: 1 });
    const host = await api.ok<Host>(200, 'PATCH', `/v1/hosts/${name}`, body);
    assert.equal(host.revision, before + 1, 'the request took more than one transaction');
    return host;
  };
  const retagged = await patch('a.foo.k8s', { tags: { app: null, zone: 'z' }, ttl: null });
  assert.deepEqual(retagged, { ...first, tags: { tier: 'y', zone: 'z' }, ttl: null, revision: retagged.revision });
  const swapped = await patch('a.foo.k8s', { name: 'b.foo.k8s', aliases: ['a.foo.k8s'] });
  assert.equal(swapped.createdAt, first.createdAt);
  assert.deepEqual(await records(api, 'foo.k8s'), { 'a 120 CNAME': ['b.foo.k8s.'], 'b 120 A': ['192.0.2.0'] });
  assert.deepEqual(await records(api, '2.0.192.in-addr.arpa'), { '0 300 PTR': ['b.foo.k8s.'] });
  const { holders } = await api.ok<{ holders: unknown[] }>(200, 'GET', '/v1/addresses/192.0.2.0');
  assert.deepEqual(holders, [{ kind: 'host', host: 'b.foo.k8s', owner: 'me' }]);
  assert.deepEqual(addressesOf(await patch('b.foo.k8s', { addresses: ['192.0.2.5', '203.0.113.7'] })), [
    '192.0.2.5',
    '203.0.113.7',
  ]);
  assert.deepEqual(await records(api, '2.0.192.in-addr.arpa'), { '5 300 PTR': ['b.foo.k8s.'] });
  assert.deepEqual(await records(api, '113.0.203.in-addr.arpa'), { '7 300 PTR': ['b.foo.k8s.'] });
  assert.deepEqual(addressesOf(await patch('b.foo.k8s', { families: ['ipv6'] })), ['2001:db8::']);
  await api.refused('not_found', 'GET', '/v1/zones/113.0.203.in-addr.arpa');
  const moved = await patch('b.foo.k8s', { pool: 'default', families: ['ipv4'] });
  assert.deepEqual(
    moved.addresses.map(({ pool }) => pool),
    ['default'],
  );
  const unlisted = await patch('b.foo.k8s', { ptr: false, owner: null, aliases: null });
  assert.deepEqual([unlisted.owner, unlisted.aliases, unlisted.addresses[0]?.ptr], ['', [], null]);
  await api.refused('not_found', 'GET', '/v1/zones/2.0.192.in-addr.arpa');
  await api.refused('not_found', 'GET', '/v1/hosts/a.foo.k8s');
});

test('a refused change of the name or the addresses leaves the host as it was', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.foo.k8s', aliases: ['c.foo.k8s'] });
  const before = await dump();
  await api.refused('name_taken', 'PATCH', '/v1/hosts/a.foo.k8s', { name: 'b.foo.k8s' }, ['/name']);
  await api.refused('name_taken', 'PATCH', '/v1/hosts/a.foo.k8s', { name: 'c.foo.k8s' });
  await api.refused('address_taken', 'PATCH', '/v1/hosts/a.foo.k8s', { addresses: ['192.0.2.3', '192.0.2.1'] });
  await api.refused('zone_not_found', 'PATCH', '/v1/hosts/a.foo.k8s', { name: 'a.example' });
  assert.deepEqual(await dump(), before);
});

test('PUT creates, then replaces: the address stays, and fields that are left out return to their defaults', async (t) => {
  const { api } = await prepare(t);
  const created = await api.send('PUT', '/v1/hosts/p.foo.k8s', {
    owner: 'x',
    aliases: ['q.foo.k8s'],
    addresses: ['192.0.2.4'],
  });
  assert.equal(created.status, 201);
  assert.equal(created.headers.location, '/v1/hosts/p.foo.k8s');
  const replaced = await api.ok<Host>(200, 'PUT', '/v1/hosts/p.foo.k8s', { name: 'P.foo.k8s' });
  assert.deepEqual([replaced.owner, replaced.aliases, addressesOf(replaced)], ['', [], ['192.0.2.4']]);
});

test('a request that names a pool and an address of another pool is refused, for an existing host and for a new one', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.9.0.0/24'], autoAssign: false });
  const { addresses } = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'h.foo.k8s' });
  const other = { pool: 'q', addresses: [addresses[0]?.address] };
  await api.refused('address_outside_pool', 'PATCH', '/v1/hosts/h.foo.k8s', other);
  const fresh = { name: 'n.foo.k8s', pool: 'q', addresses: ['192.0.2.5'] };
  await api.refused('address_outside_pool', 'POST', '/v1/hosts', fresh, ['/addresses/0']);
});

test('a host may have addresses in sixteen networks', async (t) => {
  const { api } = await prepare(t);
  const many = Array.from({ length: 16 }, (_, i) => `2001:db8:${i}::1`);
  const wide = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'wide.foo.k8s', addresses: many });
  assert.equal(wide.addresses.length, 16);
  await api.ok(204, 'DELETE', '/v1/hosts/wide.foo.k8s');
});

test('a wildcard host, and a host with an underscore in its name, have their records at their names', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: '*.apps.foo.k8s' });
  await api.refused('invalid_request', 'POST', '/v1/hosts', { name: '*.x.foo.k8s', ptr: true });
  assert.deepEqual((await api.ok<Host>(200, 'GET', '/v1/hosts/*.apps.foo.k8s')).addresses[0]?.ptr, null);
  await api.ok(201, 'POST', '/v1/hosts', { name: '_x.foo.k8s' });
  assert.deepEqual(await records(api, 'foo.k8s'), { '*.apps 120 A': ['192.0.2.0'], '_x 120 A': ['192.0.2.1'] });
  for (const path of ['/v1/hosts/*.apps.foo.k8s', '/v1/hosts/%2A.apps.foo.k8s', '/v1/hosts/%2a%2EAPPS.foo.k8s.']) {
    assert.equal((await api.ok<Host>(200, 'GET', path)).name, '*.apps.foo.k8s');
  }
  await api.ok(204, 'DELETE', '/v1/hosts/%2A.apps.foo.k8s');
});

test('a host may be at the apex, and a host is in the closest enclosing zone of its name', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'sub.foo.k8s' });
  assert.equal((await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'foo.k8s' })).zone, 'foo.k8s');
  assert.equal(
    (await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'a.sub.foo.k8s', aliases: ['b.foo.k8s'] })).zone,
    'sub.foo.k8s',
  );
  assert.deepEqual(await records(api, 'foo.k8s'), { '@ 120 A': ['192.0.2.0'], 'b 120 CNAME': ['a.sub.foo.k8s.'] });
  await api.refused('zone_in_use', 'DELETE', '/v1/zones/foo.k8s');
  await api.refused('zone_in_use', 'DELETE', '/v1/zones/sub.foo.k8s');
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s?force=true');
  assert.deepEqual((await api.ok<Host>(200, 'GET', '/v1/hosts/a.sub.foo.k8s')).aliases, []);
  await api.refused('not_found', 'GET', '/v1/hosts/foo.k8s');
});

test('the list of hosts filters by name, part of a name, alias, zone, address, prefix, pool, owner and tag', async (t) => {
  const { api } = await prepare(t);
  const hosts = [
    { name: 'a.foo.k8s', owner: 'x', tags: { app: 'web', empty: '' }, aliases: ['w.foo.k8s'] },
    { name: 'b.foo.k8s', owner: 'y', tags: { app: 'db=1' }, pool: 'six' },
    { name: 'c.foo.k8s', owner: 'x', families: ['ipv4', 'ipv6'] },
  ];
  for (const host of hosts) await api.ok(201, 'POST', '/v1/hosts', host);
  const found = async (query: string) => {
    const { items, nextCursor } = await api.ok<{ items: Host[]; nextCursor: null }>(200, 'GET', `/v1/hosts?${query}`);
    assert.equal(nextCursor, null);
    return items.map(({ name }) => name[0]).join('');
  };
  assert.equal(await found(''), 'abc');
  assert.equal(await found('name=B.foo.k8s.'), 'b');
  assert.equal(await found('name=w.foo.k8s'), 'a');
  assert.equal(await found('address=192.0.2.1'), 'c');
  assert.equal(await found('address=2001:DB8:0::0'), 'b');
  assert.equal(await found('pool=six'), 'bc');
  assert.equal(await found('owner=x'), 'ac');
  assert.equal(await found('owner='), '');
  assert.equal(await found('tag=app'), 'ab');
  assert.equal(await found('tag=app%3Ddb%3D1'), 'b');
  assert.equal(await found('tag=empty='), 'a');
  assert.equal(await found('tag=toString'), '');
  assert.equal(await found('owner=x&pool=six'), 'c');
  assert.equal(await found('search=.FOO'), 'abc');
  assert.equal(await found('search=w.f'), 'a');
  assert.equal(await found('zone=Foo.k8s.'), 'abc');
  assert.equal(await found('zone=k8s'), '');
  assert.equal(await found('within=192.0.2.0/24'), 'ac');
  assert.equal(await found('within=192.0.2.1-192.0.2.9'), 'c');
  assert.equal(await found('within=2001:db8::/64&zone=foo.k8s'), 'bc');
  assert.equal(await found('within=::/0'), 'bc');
  assert.equal(await found('within=::-2001:db8::ffff'), 'bc');
  assert.equal(await found('within=0.0.0.0/0'), 'ac');
  for (const query of ['within=10.0.0.0/33', 'within=x', 'zone=a..b', 'search=', 'total=1x'])
    await api.refused('invalid_request', 'GET', `/v1/hosts?${query}`, undefined, [`?${query.split('=')[0]}`]);
});

test('a host that moves to another pool gets one address of each family that it has, or the request is refused', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', {
    name: 'both',
    ranges: ['10.0.0.0/29', '2001:db8:1::/64'],
    autoAssign: false,
  });
  await api.ok(201, 'POST', '/v1/pools', { name: 'four', ranges: ['10.1.0.0/29'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'd.foo.k8s', families: ['ipv4', 'ipv6'] });
  const moved = await api.ok<Host>(200, 'PATCH', '/v1/hosts/d.foo.k8s', { pool: 'both' });
  assert.deepEqual(addressesOf(moved), ['10.0.0.0', '2001:db8:1::']);
  const before = await dump();
  const problem = await api.refused('pool_exhausted', 'PATCH', '/v1/hosts/d.foo.k8s', { pool: 'four' });
  assert.equal(problem.family, 'ipv6');
  assert.deepEqual(await dump(), before);
  const only = await api.ok<Host>(200, 'PATCH', '/v1/hosts/d.foo.k8s', { pool: 'four', families: ['ipv4'] });
  assert.deepEqual(addressesOf(only), ['10.1.0.0']);
  const again = await api.ok<Host>(200, 'PUT', '/v1/hosts/d.foo.k8s', { pool: 'both' });
  assert.deepEqual(addressesOf(again), ['10.0.0.0']);
});

test('deleting a reverse zone by force deletes only its PTR records, and "ptr": true creates them again', async (t) => {
  const { api } = await prepare(t);
  const six = `${'0.'.repeat(8)}8.b.d.0.1.0.0.2.ip6.arpa`;
  const ptrOf = (host: Host) => host.addresses.map(({ ptr }) => ptr);
  const host = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'd.foo.k8s', families: ['ipv4', 'ipv6'] });
  const [ptr4, ptr6] = ptrOf(host);
  await api.ok(204, 'DELETE', '/v1/zones/2.0.192.in-addr.arpa?force=true');
  const after = await api.ok<Host>(200, 'GET', '/v1/hosts/d.foo.k8s');
  assert.deepEqual([after.ptr, ptrOf(after)], [true, [null, ptr6]]);
  assert.deepEqual(Object.values(await records(api, six)), [['d.foo.k8s.']]);
  for (const change of [{ ttl: 9 }, { name: 'e.foo.k8s' }, { name: 'd.foo.k8s' }]) {
    const name = 'name' in change && change.name === 'd.foo.k8s' ? 'e' : 'd';
    assert.deepEqual(ptrOf(await api.ok<Host>(200, 'PATCH', `/v1/hosts/${name}.foo.k8s`, change)), [null, ptr6]);
    await api.refused('not_found', 'GET', '/v1/zones/2.0.192.in-addr.arpa');
  }
  const added = { addresses: [...addressesOf(host), '192.0.2.7'] };
  const more = await api.ok<Host>(200, 'PATCH', '/v1/hosts/d.foo.k8s', added);
  assert.deepEqual(ptrOf(more), [null, ptr6, '7.2.0.192.in-addr.arpa']);
  const all = await api.ok<Host>(200, 'PATCH', '/v1/hosts/d.foo.k8s', { ptr: true });
  assert.deepEqual(ptrOf(all), [ptr4, ptr6, '7.2.0.192.in-addr.arpa']);
  await api.ok(204, 'DELETE', '/v1/zones/2.0.192.in-addr.arpa?force=true');
  await api.ok(204, 'DELETE', '/v1/hosts/d.foo.k8s');
  await api.refused('not_found', 'GET', `/v1/zones/${six}`);
});

test("users' own records at the name of a host stay when the host is created, changed and deleted", async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a/TXT', { records: ['x'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a/MX', { records: ['1 b.'] });
  for (const [status, method, path, body] of [
    [201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' }],
    [200, 'PATCH', '/v1/hosts/a.foo.k8s', { ttl: 5, aliases: ['b.foo.k8s'] }],
    [204, 'DELETE', '/v1/hosts/a.foo.k8s', undefined],
  ] as const) {
    await api.ok(status, method, path, body);
    for (const type of ['TXT', 'MX']) await api.ok(200, 'GET', `/v1/zones/foo.k8s/rrsets/a/${type}`);
  }
});
