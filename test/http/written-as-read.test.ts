// A PUT and a PATCH accept what a GET shows: read-only fields are accepted with their current values, and nothing
// changes.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z', nameservers: ['ns.example'], soa: { rname: 'me.z' } });
  await api.ok(201, 'POST', '/v1/zones', { name: 'bücher.example', addressNames: { ranges: ['10.0.0.0/8'] } });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'], tags: { b: '1', a: '2' } });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', aliases: ['b.z', 'ü.z'], pool: 'p', ttl: 60 });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'two.z', addresses: ['10.0.0.5', '192.0.2.1'], ptr: true });
  await api.ok(204, 'DELETE', '/v1/zones/2.0.192.in-addr.arpa?force=true');
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/t/TXT', { records: ['"x"'], ttl: 5 });
  return served;
}

const paths = [
  '/v1/pools/p',
  '/v1/zones/z',
  '/v1/zones/xn--bcher-kva.example',
  '/v1/zones/0.0.10.in-addr.arpa',
  '/v1/hosts/a.z',
  '/v1/hosts/two.z',
  '/v1/zones/z/rrsets/t/TXT',
  '/v1/zones/z/rrsets/a/A',
  '/v1/zones/z/rrsets/b/CNAME',
  '/v1/zones/z/rrsets/@/NS',
  '/v1/zones/z/rrsets/@/SOA',
];

for (const path of paths) {
  test(`${path}: a write accepts the body of a read, and changes nothing`, async (t) => {
    const { api, dump, views } = await prepare(t);
    const read = await api.send('GET', path);
    assert.equal(read.status, 200, read.text);
    const [before, revision] = [await dump(), views.revision];
    for (const method of path.includes('/rrsets/') ? (['PUT'] as const) : (['PUT', 'PATCH'] as const)) {
      const written = await api.send(method, path, read.body);
      assert.deepEqual([written.status, written.body], [200, read.body], `${method}: ${written.text}`);
      assert.equal(written.headers.etag, read.headers.etag, method);
    }
    assert.deepEqual([await dump(), views.revision], [before, revision]);
  });
}

test('a PUT accepts what a GET shows after an import: times of 0, many records, long records', async (t) => {
  const { api, dump } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const addresses = Array.from({ length: 4000 }, (_, i) => `m A 10.0.${i >> 8}.${i & 255}`);
  const strings = Array.from({ length: 253 }, () => `"${'\\001'.repeat(255)}"`).join(' ');
  const file = ['$TTL 60', '@ SOA . . 1 0 0 0 0', '@ NS ns.example.', ...addresses, `t TXT ${strings}`].join('\n');
  await api.send('PUT', '/v1/zones/z/zonefile', file, { 'content-type': 'text/dns' });
  const before = await dump();
  for (const path of ['/v1/zones/z', '/v1/zones/z/rrsets/m/A', '/v1/zones/z/rrsets/t/TXT']) {
    const { body } = await api.send('GET', path);
    assert.deepEqual(await api.ok(200, 'PUT', path, body), body);
  }
  assert.deepEqual(await dump(), before);
});

test('an RRset that lists all types is accepted as it is read, and so is its zone file', async (t) => {
  const { api, dump } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  const allTypes = Array.from(
    { length: 256 },
    (_, window) => `${window.toString(16).padStart(2, '0')}20${'ff'.repeat(32)}`,
  );
  const records = Array.from({ length: 7 }, (_, serial) => `\\# 8710 0000000${serial}0003${allTypes.join('')}`);
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/c/CSYNC', { records });
  const before = await dump();
  const read = await api.send('GET', '/v1/zones/z/rrsets/c/CSYNC');
  assert.equal((await api.ok<{ ttl: number }>(200, 'PUT', '/v1/zones/z/rrsets/c/CSYNC', read.body)).ttl, read.body.ttl);
  const { text } = await api.send('GET', '/v1/zones/z/zonefile');
  const imported = await api.send('PUT', '/v1/zones/z/zonefile', text, { 'content-type': 'text/dns' });
  assert.equal(imported.body.written, false, imported.text);
  assert.deepEqual(await dump(), before);
});

test('a PATCH cannot clear a name', async (t) => {
  const { api, dump } = await prepare(t);
  const before = await dump();
  for (const path of ['/v1/hosts/a.z', '/v1/zones/z', '/v1/pools/p'])
    await api.refused('invalid_request', 'PATCH', path, { name: null }, ['/name']);
  assert.deepEqual(await dump(), before);
});

test('a PATCH accepts a list of RRsets that was read, and changes nothing', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/ö/TXT', { records: ['"x"'] });
  for (const zone of ['z', 'xn--bcher-kva.example', '0.0.10.in-addr.arpa']) {
    const path = `/v1/zones/${zone}/rrsets`;
    const { body, headers } = await api.send('GET', path);
    const before = await dump();
    const written = await api.ok<{ items: unknown }>(200, 'PATCH', path, body.items);
    assert.deepEqual(written.items, body.items, zone);
    assert.deepEqual(await dump(), before, zone);
    assert.equal((await api.send('GET', path)).headers.etag, headers.etag, zone);
  }
});

test('a list of RRsets is refused if read-only fields have other values than a GET shows, with a pointer to each', async (t) => {
  const { api, dump } = await prepare(t);
  const before = await dump();
  const changes = [
    { name: 't', type: 'TXT', records: ['"x"'], managedBy: 'host:a.z' },
    { name: 'a', type: 'A', records: ['192.0.2.9'], managedBy: 'host:b.z' },
  ];
  await api.refused('precondition_failed', 'PATCH', '/v1/zones/z/rrsets', changes, ['/0/managedBy', '/1/managedBy']);
  await api.refused(
    'precondition_failed',
    'PATCH',
    '/v1/zones/z/rrsets',
    [{ name: 'new-ü', type: 'TXT', records: ['"x"'], unicodeName: 'new-ö' }],
    ['/0/unicodeName'],
  );
  await api.refused('managed_record', 'PATCH', '/v1/zones/z/rrsets', [
    { name: 'a', type: 'A', records: [], managedBy: 'host:a.z' },
  ]);
  assert.deepEqual(await dump(), before);
});

for (const [path, fields, pointers] of [
  [
    '/v1/hosts/a.z',
    { zone: 'other', revision: 1, createdAt: '2020-01-01T00:00:00Z' },
    ['/createdAt', '/revision', '/zone'],
  ],
  ['/v1/hosts/a.z', { addresses: [{ address: '10.0.0.0', pool: 'q' }] }, ['/addresses/0/pool']],
  ['/v1/hosts/a.z', { addresses: [{ address: '10.0.0.0', ptr: null }] }, ['/addresses/0/ptr']],
  ['/v1/hosts/new.z', { zone: 'z' }, ['/zone']],
  ['/v1/zones/z', { automatic: true }, ['/automatic']],
  ['/v1/zones/z', { unicodeName: 'ü' }, ['/unicodeName']],
  ['/v1/zones/z/rrsets/t/TXT', { records: ['"x"'], managedBy: 'host:a.z' }, ['/managedBy']],
] as const) {
  test(`${path}: ${JSON.stringify(fields)} is refused, because it is not what a GET shows`, async (t) => {
    const { api, dump } = await prepare(t);
    const before = await dump();
    await api.refused('precondition_failed', 'PUT', path, fields, [...pointers]);
    assert.deepEqual(await dump(), before);
  });
}

test('a body that was read, with one setting changed, changes that setting only', async (t) => {
  const { api } = await prepare(t);
  for (const [path, change] of [
    ['/v1/pools/p', { description: 'x' }],
    ['/v1/hosts/two.z', { owner: 'me' }],
    ['/v1/zones/z', { defaultTtl: 7 }],
  ] as const) {
    const { body } = await api.send('GET', path);
    await api.ok(200, 'PUT', path, { ...body, ...change });
    const now = await api.ok<Record<string, unknown>>(200, 'GET', path);
    for (const field of ['revision', 'serial']) delete now[field];
    const { revision: _, serial: __, ...rest } = body;
    assert.deepEqual(now, { ...rest, ...change }, path);
  }
});

test('a write accepts old values of `usage` and `serial`', async (t) => {
  const { api } = await prepare(t);
  const [pool, zone] = [await api.send('GET', '/v1/pools/p'), await api.send('GET', '/v1/zones/z')];
  await api.ok(201, 'POST', '/v1/hosts', { name: 'later.z', pool: 'p' });
  await api.ok(200, 'PUT', '/v1/pools/p', pool.body);
  await api.ok(200, 'PUT', '/v1/zones/z', zone.body);
});

test('a write of a managed RRset with other contents is refused, with or without `managedBy` in the request', async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/z/rrsets/a/A';
  const { body } = await api.send('GET', path);
  const answer = await api.send('PUT', path, { ...body, records: ['192.0.2.9'] });
  assert.equal(problemIn(answer).code, 'managed_record');
  await api.refused('managed_record', 'PUT', path, { records: body.records });
});

test('an automatic zone stays automatic if a write changes nothing, and otherwise becomes a zone of users', async (t) => {
  const { api } = await prepare(t);
  const path = '/v1/zones/0.0.10.in-addr.arpa';
  await api.ok(200, 'PATCH', path, {});
  const { body } = await api.send('GET', path);
  assert.equal(body.automatic, true);
  await api.ok(200, 'PUT', path, { ...body, defaultTtl: 7 });
  assert.equal((await api.send('GET', path)).body.automatic, false);
});
