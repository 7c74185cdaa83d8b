// Zones and RRsets over HTTP.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import { nameKey } from '../../src/store/kinds/name.ts';
import { problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Rrset {
  name: string;
  type: string;
  ttl: number;
  records: string[];
  managedBy?: string;
}
type Page = { items: Rrset[]; nextCursor: string | null };

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s', defaultTtl: 120 });
  return served;
}

test('a zone shows its defaults, and PUT and PATCH change its settings and keep its records', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: ['192.0.2.1'] });
  const zone = await api.ok(200, 'GET', '/v1/zones/Foo.K8S.');
  const soa = { refreshSeconds: 3600, retrySeconds: 600, expireSeconds: 1_209_600, negativeTtlSeconds: 30 };
  assert.deepEqual(zone, {
    name: 'foo.k8s',
    defaultTtl: 120,
    nameservers: [],
    soa,
    skydns: false,
    automatic: false,
    serial: zone.serial,
  });
  const wanted = { nameservers: ['NS1.foo.k8s.', 'ns2.example'], soa: { mname: 'ns1.foo.k8s', retrySeconds: 5 } };
  const patched = await api.ok(200, 'PATCH', '/v1/zones/foo.k8s', wanted);
  assert.deepEqual([patched.defaultTtl, patched.nameservers], [120, ['ns1.foo.k8s', 'ns2.example']]);
  assert.deepEqual(patched.soa, { ...soa, retrySeconds: 5, mname: 'ns1.foo.k8s' });
  const cleared = await api.ok(200, 'PATCH', '/v1/zones/foo.k8s', { soa: { mname: null }, defaultTtl: null });
  assert.deepEqual([cleared.defaultTtl, cleared.soa], [300, { ...soa, retrySeconds: 5 }]);
  const replaced = await api.ok(200, 'PUT', '/v1/zones/foo.k8s', { defaultTtl: 9 });
  assert.deepEqual([replaced.defaultTtl, replaced.nameservers, replaced.soa], [9, [], soa]);
  await api.ok(200, 'GET', '/v1/zones/foo.k8s/rrsets/a/A');
  const put = await api.send('PUT', '/v1/zones/new.zone', {});
  assert.deepEqual([put.status, put.headers.location], [201, '/v1/zones/new.zone']);
});

test('the TTL of the SOA is the defaultTtl of the zone, or the value of `soa.ttl` if that is set', async (t) => {
  const { api } = await prepare(t);
  const soa = async () => {
    const zone = await api.ok<{ soa: { ttl?: number } }>(200, 'GET', '/v1/zones/foo.k8s');
    const { ttl } = await api.ok<{ ttl: number }>(200, 'GET', '/v1/zones/foo.k8s/rrsets/@/SOA');
    return [zone.soa.ttl, ttl];
  };
  assert.deepEqual(await soa(), [undefined, 120]);
  await api.ok(200, 'PATCH', '/v1/zones/foo.k8s', { soa: { ttl: 60 }, defaultTtl: 90 });
  assert.deepEqual(await soa(), [60, 60]);
  await api.ok(200, 'PATCH', '/v1/zones/foo.k8s', { soa: { ttl: null } });
  assert.deepEqual(await soa(), [undefined, 90]);
  for (const ttl of [-1, 2 ** 31, '60'])
    assert.equal((await api.send('PATCH', '/v1/zones/foo.k8s', { soa: { ttl } })).status, 400);
});

test('the serial is the revision of the last change to the records of the zone', async (t) => {
  const { api } = await prepare(t);
  const serial = async () => (await api.ok<{ serial: number }>(200, 'GET', '/v1/zones/foo.k8s')).serial;
  for (const body of [{ records: ['192.0.2.1'] }, { records: ['192.0.2.2'] }]) {
    const answer = await api.send('PUT', '/v1/zones/foo.k8s/rrsets/a/A', body);
    assert.equal(String(await serial()), answer.headers['zonewright-revision']);
  }
  const before = await serial();
  await api.ok(201, 'POST', '/v1/zones', { name: 'other' });
  assert.equal(await serial(), before);
});

test('a zone that was the parent of another, that had hosts, or that was automatic can be deleted', async (t) => {
  const { api, dump } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  const empty = Object.keys(await dump());
  await api.ok(201, 'POST', '/v1/zones', { name: 'k8s' });
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(204, 'DELETE', '/v1/zones/foo.k8s');
  await api.ok(204, 'DELETE', '/v1/zones/k8s');
  await api.ok(201, 'POST', '/v1/zones', { name: 'k8s' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.k8s' });
  await api.refused('zone_in_use', 'DELETE', '/v1/zones/2.0.192.in-addr.arpa');
  await api.ok(204, 'DELETE', '/v1/zones/2.0.192.in-addr.arpa?force=true');
  const { addresses } = await api.ok<{ addresses: { ptr: unknown }[] }>(200, 'GET', '/v1/hosts/a.k8s');
  assert.deepEqual(
    addresses.map(({ ptr }) => ptr),
    [null],
  );
  const aliases = [...Array(30).keys()];
  for (let host = 0; host < 12; host += 1) {
    const names = aliases.map((alias) => `${alias}.${host}.k8s`);
    await api.ok(201, 'POST', '/v1/hosts', { name: `h${host}.k8s`, aliases: names });
  }
  await api.ok(204, 'DELETE', '/v1/zones/k8s?force=true');
  assert.deepEqual(Object.keys(await dump()), empty);
});

test("a user's reverse zone gets the PTR records of hosts, which move into a narrower zone and back", async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  await api.ok(201, 'POST', '/v1/zones', { name: '0.192.in-addr.arpa' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s' });
  await api.ok(200, 'GET', '/v1/zones/0.192.in-addr.arpa/rrsets/0.2/PTR');
  const inZone = async (zone: string) => {
    const { items } = await api.ok<{ items: { name: string; type: string }[] }>(200, 'GET', `/v1/zones/${zone}/rrsets`);
    return items.filter(({ type }) => type === 'PTR').map(({ name }) => name);
  };
  await api.ok(201, 'POST', '/v1/zones', { name: '2.0.192.in-addr.arpa' });
  assert.deepEqual([await inZone('2.0.192.in-addr.arpa'), await inZone('0.192.in-addr.arpa')], [['0'], []]);
  await api.ok(204, 'DELETE', '/v1/zones/2.0.192.in-addr.arpa');
  assert.deepEqual(await inZone('0.192.in-addr.arpa'), ['0.2']);
  await api.ok(201, 'PUT', '/v1/zones/2.0.192.in-addr.arpa', {});
  await api.ok(201, 'PUT', '/v1/zones/0.192.in-addr.arpa/rrsets/2/NS', { records: ['ns.example.'] });
  const refused = await api.refused('zone_in_use', 'DELETE', '/v1/zones/2.0.192.in-addr.arpa');
  assert.match(JSON.stringify(refused), /delete that first, or repeat with \?force=true/);
  await api.ok(204, 'DELETE', '/v1/zones/2.0.192.in-addr.arpa?force=true');
  const { addresses } = await api.ok<{ addresses: { ptr: unknown }[] }>(200, 'GET', '/v1/hosts/a.foo.k8s');
  assert.equal(addresses[0]?.ptr, null);
  await api.ok(204, 'DELETE', '/v1/hosts/a.foo.k8s');
  await api.ok(200, 'GET', '/v1/zones/0.192.in-addr.arpa');
});

test('an automatic zone that a user has changed stays after its last PTR', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.foo.k8s', addresses: ['192.0.2.1'] });
  await api.ok(200, 'PATCH', '/v1/zones/2.0.192.in-addr.arpa', { defaultTtl: 60 });
  await api.ok(204, 'DELETE', '/v1/hosts/a.foo.k8s');
  await api.ok(200, 'GET', '/v1/zones/2.0.192.in-addr.arpa');
});

test('an RRset is written, read and deleted at its name, and is read in canonical form', async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets';
  const cases: [string, string, string[], string[]][] = [
    ['_sip._tcp', 'SRV', ['10 60 5060 SIP.foo.k8s.'], ['10 60 5060 sip.foo.k8s.']],
    ['@', 'MX', ['20 b.', '10 a.', '10 A.'], ['10 a.', '20 b.']],
    ['a%5C.b', 'TXT', ['plain "two words" \\065'], ['"plain" "two words" "A"']],
    ['*', 'AAAA', ['2001:DB8:0:0::1', '::ffff:1.2.3.4'], ['2001:db8::1', '::ffff:1.2.3.4']],
    ['deep.er', 'type65280', ['\\# 4 0A000001'], ['\\# 4 0a000001']],
    ['g', 'A', ['\\# 4 0A000001'], ['10.0.0.1']],
    ['caa', 'CAA', ['0 Issue "ca.example"'], ['0 issue "ca.example"']],
    ['x.foo.k8s.', 'CNAME', ['.'], ['.']],
  ];
  for (const [name, type, records, canonical] of cases) {
    const created = await api.send('PUT', `${path}/${name}/${type}`, { records });
    assert.equal(created.status, 201, created.text);
    const location = `${path}/${name.replace('.foo.k8s.', '')}/${type.toUpperCase()}`;
    assert.equal(created.headers.location, location);
    const read = await api.send('GET', location);
    assert.deepEqual([read.body.records, read.body.ttl], [canonical, 120]);
    assert.equal(read.headers.etag, created.headers.etag);
    const again = await api.send('PUT', `${path}/${name}/${type}`, { records: canonical, ttl: 5 });
    assert.deepEqual([again.status, again.body.ttl], [200, 5]);
    await api.ok(204, 'DELETE', `${path}/${name}/${type}`);
    await api.refused('not_found', 'GET', `${path}/${name}/${type}`);
  }
});

test('PATCH writes and deletes RRsets together, all of them or none', async (t) => {
  const { api, dump } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets';
  const { items } = await api.ok<Page>(200, 'PATCH', path, [
    { name: 'a', type: 'A', records: ['192.0.2.1'] },
    { name: 'a', type: 'TXT', ttl: 5, records: ['x'] },
    { name: '@', type: 'MX', records: ['1 a.foo.k8s.'] },
  ]);
  assert.deepEqual(
    items.map(({ name, type, ttl }) => `${name} ${type} ${ttl}`),
    ['a A 120', 'a TXT 5', '@ MX 120'],
  );
  const before = await dump();
  await api.refused('cname_conflict', 'PATCH', path, [
    { name: 'b', type: 'A', records: ['192.0.2.1'] },
    { name: 'a', type: 'CNAME', records: ['b.foo.k8s.'] },
    { name: 'a', type: 'A', records: [] },
  ]);
  assert.deepEqual(await dump(), before);
  await api.ok(200, 'PATCH', path, [
    { name: 'a', type: 'A', records: [] },
    { name: 'a', type: 'TXT', records: [] },
    { name: 'a', type: 'CNAME', records: ['b.foo.k8s.'] },
    { name: 'never', type: 'A', records: [] },
  ]);
  assert.equal((await api.ok<Page>(200, 'GET', `${path}?name=a`)).items.length, 1);
  const empty = await api.send('PATCH', path, [{ name: 'never', type: 'A', records: [] }]);
  assert.deepEqual([empty.status, empty.body.items], [200, []]);
});

test('a list begins with the implied RRsets, and each page has the requested number of RRsets', async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets';
  await api.ok(200, 'PATCH', path, [
    { name: 'b', type: 'A', records: ['192.0.2.1'] },
    { name: 'b', type: 'TXT', records: ['x'] },
    { name: 'a.b', type: 'A', records: ['192.0.2.1'] },
    { name: 'c', type: 'TXT', records: ['x'] },
  ]);
  const pages = async (limit: number, query = '') => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await api.ok<Page>(200, 'GET', `${path}?limit=${limit}${query}${cursor}`);
      assert.ok(page.items.length <= limit, 'a page is longer than the limit');
      seen.push(...page.items.map(({ name, type }) => `${name} ${type}`));
      if (page.nextCursor === null) return seen;
      assert.equal(page.items.length, limit);
      cursor = `&cursor=${page.nextCursor}`;
    }
  };
  const all = ['@ SOA', '@ NS', 'b A', 'b TXT', 'a.b A', 'c TXT'];
  for (const limit of [1, 2, 3, 6, 1000]) assert.deepEqual(await pages(limit), all);
  assert.deepEqual(await pages(1, '&type=txt'), ['b TXT', 'c TXT']);
  assert.deepEqual(await pages(5, '&type=SOA'), ['@ SOA']);
  const at = async (name: string) =>
    (await api.ok<Page>(200, 'GET', `${path}?name=${name}`)).items.map(({ type }) => type);
  assert.deepEqual(await at('@'), ['SOA', 'NS']);
  assert.deepEqual(await at('b.foo.k8s.'), ['A', 'TXT']);
});

test("a user's NS records at the apex replace the implied ones", async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets/@/NS';
  assert.equal((await api.ok<Rrset>(200, 'GET', path)).managedBy, 'zone');
  await api.ok(200, 'PUT', path, { records: ['ns.example.'] });
  const own = await api.ok<Rrset>(200, 'GET', path);
  assert.deepEqual([own.records, own.managedBy], [['ns.example.'], undefined]);
  await api.ok(204, 'DELETE', path);
  assert.equal((await api.ok<Rrset>(200, 'GET', path)).managedBy, 'zone');
});

test('implied records can be read, used in conditions and replaced, but not deleted', async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets/@/NS';
  const shown = await api.send('GET', path);
  await api.refused('managed_record', 'DELETE', path);
  const body = { records: ['ns.example.'] };
  const create = await api.send('PUT', path, body, { 'if-none-match': '*' });
  assert.equal(create.status, 412);
  const written = await api.send('PUT', path, body, { 'if-match': String(shown.headers.etag) });
  assert.equal(written.status, 200, written.text);
  await api.ok(204, 'DELETE', path);
  assert.deepEqual((await api.send('GET', path)).body, shown.body);
});

test('a name has 255 record types at most, and a change larger than a transaction is refused as a whole', async (t) => {
  const { api, dump } = await prepare(t);
  const types = Array.from({ length: 255 }, (_, i) => ({ name: 'a', type: `TYPE${60000 + i}`, records: ['\\# 1 00'] }));
  for (const part of [types.slice(0, 100), types.slice(100, 200), types.slice(200)]) {
    await api.ok(200, 'PATCH', '/v1/zones/foo.k8s/rrsets', part);
  }
  await api.refused('record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/a/TXT', { records: ['x'] });
  const before = await dump();
  const large = Array.from({ length: 240 }, () => `"${'x'.repeat(250)}"`);
  const many = Array.from({ length: 30 }, (_, i) => ({
    name: `t${i}`,
    type: 'TXT',
    records: large.map((text, j) => `${text} "${j}"`),
  }));
  await api.refused('payload_too_large', 'PATCH', '/v1/zones/foo.k8s/rrsets', many);
  assert.deepEqual(await dump(), before);
  await api.refused('invalid_request', 'POST', '/v1/zones?dryRun=true', { name: 'bar.k8s' });
});

test('a list of RRsets has an entity tag; after any change of the zone, a PATCH with the old tag is refused', async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets';
  const patch = (tag: string, address: string) =>
    api.send('PATCH', path, [{ name: 'a', type: 'A', records: [address] }], { 'if-match': tag });
  const tagOf = async (query = '') => String((await api.send('GET', path + query)).headers.etag);
  const first = await tagOf();
  assert.equal((await api.send('GET', path, undefined, { 'if-none-match': first })).status, 304);
  await api.ok(201, 'PUT', `${path}/b/A`, { records: ['192.0.2.2'] });
  const late = problemIn(await patch(first, '192.0.2.1'));
  assert.equal(late.code, 'precondition_failed');
  assert.equal((await api.send('GET', path, undefined, { 'if-none-match': first })).status, 200);
  assert.equal((await patch(`${first}, ${await tagOf('?type=A')}`, '192.0.2.1')).status, 200);
  assert.equal((await patch('*', '192.0.2.3')).status, 200);
  const create = await api.send('PATCH', path, [{ name: 'a', type: 'A', records: [] }], { 'if-none-match': '*' });
  assert.equal(problemIn(create).code, 'precondition_failed');
});

test('an unreadable name is reported as a fault, and hides no other names', async (t) => {
  const { api, store, views } = await prepare(t);
  const path = '/v1/zones/foo.k8s/rrsets';
  for (const name of ['a', 'b', 'c']) await api.ok(201, 'PUT', `${path}/${name}/A`, { records: ['192.0.2.1'] });
  const key = nameKey(parseName('foo.k8s'), 1, parseName('b.foo.k8s'));
  const { revision } = await store.commit({ compares: [], operations: [{ kind: 'put', key, value: 'no JSON' }] });
  await views.reached(revision);
  const { items } = await api.ok<Page>(200, 'GET', `${path}?type=A`);
  assert.deepEqual(
    items.map(({ name }) => name),
    ['a', 'c'],
  );
  const problem = await api.refused('value_unreadable', 'PUT', `${path}/b/A`, { records: ['192.0.2.2'] });
  assert.match(problem.detail, /names\/foo\.k8s\/1\/k8s\.foo\.b/);
  await api.ok(200, 'PUT', `${path}/c/A`, { records: ['192.0.2.2'] });
});

test('a refusal says in words what is wrong with the path', async (t) => {
  const { api } = await prepare(t);
  const wanted = { records: ['192.0.2.1'] };
  const { detail } = await api.refused('outside_zone', 'PUT', '/v1/zones/foo.k8s/rrsets/a.example./A', wanted, [
    ':name',
  ]);
  assert.equal(detail, 'name in the path: a.example is not in zone foo.k8s');
});
