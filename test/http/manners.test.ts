// Rules for every route: tokens, the form of bodies and problems, and no change after a refusal.

import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import supertest from 'supertest';
import type { ErrorCode } from '../../src/errors.ts';
import { adminToken, type Method, problemIn } from '../support/api-client.ts';
import { type StartedApp, startedApp } from '../support/started-app.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { until } from '../support/until.ts';

let app: StartedApp;
const suite = suiteCleanup();
before(async () => {
  app = await startedApp(suite);
  const { api } = app;
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'default', ranges: ['192.0.2.0/28'], exclude: ['192.0.2.15'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'full', ranges: ['198.51.100.1'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/pools/full/allocations', {});
  await api.ok(201, 'POST', '/v1/hosts', { name: 'web.foo.k8s', aliases: ['www.foo.k8s'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/own/A', { records: ['203.0.113.1'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/text/TXT', { records: ['"x"'] });
});
/** Each row: code, method, path, body, and the pointers of the problem. Without pointers, they are not checked. */
const refusals: [ErrorCode, Method, string, unknown, string[]?][] = [
  // Bodies: unknown fields and wrong types are refused at any depth.
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', nmae: 1 }, ['/nmae']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 5 }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', {}, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', [], ['']],
  ['invalid_request', 'POST', '/v1/hosts', null, ['']],
  ['invalid_request', 'POST', '/v1/hosts', '"text"', ['']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', ttl: '5' }, ['/ttl']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', ttl: 1.5 }, ['/ttl']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', ttl: -1 }, ['/ttl']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', ttl: 2 ** 31 }, ['/ttl']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', ptr: 'true' }, ['/ptr']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', families: ['ipv5'] }, ['/families/0']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', families: [] }, ['/families']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', tags: { a: 1 } }, ['/tags/a']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', tags: { 'a\nb': {} } }, ['/tags/a\nb']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', tags: { ['k'.repeat(64)]: '' } }],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', addresses: ['1.2.3'] }, ['/addresses/0']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', addresses: ['fe80::1%eth0'] }, ['/addresses/0']],
  ['invalid_request', 'POST', '/v1/hosts', '{"__proto__": {"name": "a.foo.k8s"}}', ['/__proto__']],
  ['invalid_request', 'POST', '/v1/zones', { name: '@' }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: '@' }, ['/name']],
  ['invalid_request', 'POST', '/v1/zones', { name: 'x', soa: { refreshSeconds: '5' } }, ['/soa/refreshSeconds']],
  ['invalid_request', 'POST', '/v1/zones', { name: 'x', soa: { refresh: 5 } }, ['/soa/refresh']],
  ['skydns_unavailable', 'POST', '/v1/zones', { name: 'x', skydns: true }, ['/skydns']],
  [
    'invalid_request',
    'POST',
    '/v1/pools/default/allocations',
    { ports: [{ protocol: 'tcp', port: 0 }] },
    ['/ports/0/port'],
  ],
  ['invalid_request', 'POST', '/v1/pools/default/allocations', { count: 0 }, ['/count']],
  ['invalid_request', 'POST', '/v1/pools/default/allocations', { count: 2, addresses: ['192.0.2.9'] }, ['/count']],
  [
    'invalid_request',
    'POST',
    '/v1/pools/default/allocations',
    { addresses: ['192.0.2.9'], family: 'ipv6' },
    ['/family'],
  ],
  // Names.
  ['invalid_request', 'POST', '/v1/hosts', { name: `${'a'.repeat(64)}.foo.k8s` }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: `${'a.'.repeat(125)}foo.k8s` }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a..foo.k8s' }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: '-a.foo.k8s' }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.*.foo.k8s' }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: '.' }, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'bücher-.foo.k8s' }, ['/name']],
  ['invalid_request', 'POST', '/v1/zones', { name: '\u212Aube\u200d' }, ['/name']],
  ['invalid_request', 'POST', '/v1/zones', { name: `${'a.'.repeat(100)}a` }, ['/name']],
  ['invalid_request', 'PUT', `/v1/zones/${'a.'.repeat(100)}a`, {}, ['/name']],
  ['invalid_request', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['b.foo.k8s', 'B.foo.k8s.'] }, ['/aliases/1']],
  ['invalid_request', 'POST', '/v1/zones', { name: 'x', nameservers: ['ns', 'a b'] }, ['/nameservers/1']],
  // Ranges.
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.9-10.0.0.1'] }, ['/ranges/0']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.1-2001:db8::1'] }, ['/ranges/0']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/33'] }, ['/ranges/0']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['::ffff:10.0.0.0/24'] }, ['/ranges/0']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['::/0'] }, ['/ranges/0']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: [] }, ['/ranges']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/8'], exclude: ['x'] }, ['/exclude/0']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'P', ranges: ['10.0.0.0/8'] }, ['/name']],
  ['invalid_request', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/8'], strategy: 'best' }, ['/strategy']],
  ['pool_overlap', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/8', '10.1.0.0/16'] }, ['/ranges/1']],
  ['pool_overlap', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/8', '192.0.2.15-192.0.2.20'] }, ['/ranges/1']],
  ['pool_overlap', 'PUT', '/v1/pools/full', { ranges: ['198.51.100.1', '192.0.2.0/24'] }, ['/ranges/1']],
  ['already_exists', 'POST', '/v1/pools', { name: 'default', ranges: ['10.0.0.0/8'] }],
  ['pool_in_use', 'DELETE', '/v1/pools/default', undefined],
  ['pool_in_use', 'PATCH', '/v1/pools/default', { ranges: ['192.0.2.8/29'] }],
  ['pool_in_use', 'PATCH', '/v1/pools/default', { space: 'other' }],
  ['invalid_request', 'PUT', '/v1/pools/full', { name: 'other', ranges: ['198.51.100.1'] }, ['/name']],
  ['already_exists', 'PATCH', '/v1/pools/full', { name: 'default' }, ['/name']],
  ['invalid_request', 'PATCH', '/v1/pools/full', { ranges: null }, ['/ranges']],
  // Addresses.
  ['pool_exhausted', 'POST', '/v1/pools/full/allocations', {}],
  ['pool_exhausted', 'POST', '/v1/pools/default/allocations', { count: 100 }],
  ['pool_exhausted', 'POST', '/v1/pools/default/allocations', { family: 'ipv6' }],
  ['pool_exhausted', 'POST', '/v1/hosts', { name: 'a.foo.k8s', pool: 'full' }],
  [
    'address_taken',
    'POST',
    '/v1/hosts',
    { name: 'a.foo.k8s', addresses: ['10.9.9.9', '198.51.100.1'] },
    ['/addresses/1'],
  ],
  ['address_taken', 'POST', '/v1/pools/full/allocations', { addresses: ['198.51.100.1'] }, ['/addresses/0']],
  [
    'address_outside_pool',
    'POST',
    '/v1/hosts',
    { name: 'a.foo.k8s', pool: 'default', addresses: ['10.0.0.1'] },
    ['/addresses/0'],
  ],
  [
    'address_outside_pool',
    'POST',
    '/v1/pools/default/allocations',
    { addresses: ['192.0.2.9', '10.0.0.1'] },
    ['/addresses/1'],
  ],
  ['address_excluded', 'POST', '/v1/hosts', { name: 'a.foo.k8s', addresses: ['192.0.2.15'] }, ['/addresses/0']],
  [
    'invalid_request',
    'POST',
    '/v1/hosts',
    { name: 'a.foo.k8s', addresses: ['192.0.2.9', '::ffff:192.0.2.9'] },
    ['/addresses/1'],
  ],
  ['pool_not_found', 'POST', '/v1/hosts', { name: 'a.foo.k8s', pool: 'nowhere' }, ['/pool']],
  ['pool_not_found', 'PATCH', '/v1/hosts/web.foo.k8s', { pool: 'nowhere' }, ['/pool']],
  ['not_found', 'DELETE', '/v1/addresses/192.0.2.9', undefined],
  ['managed_record', 'DELETE', '/v1/addresses/192.0.2.0', undefined],
  // Hosts.
  ['zone_not_found', 'POST', '/v1/hosts', { name: 'a.example' }, ['/name']],
  ['zone_not_found', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['b.foo.k8s', 'a.example'] }, ['/aliases/1']],
  ['name_taken', 'POST', '/v1/hosts', { name: 'WEB.foo.k8s.' }, ['/name']],
  ['name_taken', 'POST', '/v1/hosts', { name: 'www.foo.k8s' }, ['/name']],
  ['name_taken', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['www.foo.k8s'] }, ['/aliases/0']],
  ['name_taken', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['web.foo.k8s'] }, ['/aliases/0']],
  ['name_taken', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['a.foo.k8s'] }, ['/aliases/0']],
  ['cname_conflict', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['text.foo.k8s'] }],
  ['cname_conflict', 'POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['foo.k8s'] }, ['/aliases/0']],
  ['rrset_conflict', 'POST', '/v1/hosts', { name: 'own.foo.k8s' }],
  ['invalid_request', 'PUT', '/v1/hosts/web.foo.k8s', { name: 'other.foo.k8s' }, ['/name']],
  ['invalid_request', 'PATCH', '/v1/hosts/web.foo.k8s', { name: null }, ['/name']],
  ['not_found', 'PATCH', '/v1/hosts/nobody.foo.k8s', {}],
  ['not_found', 'DELETE', '/v1/hosts/nobody.foo.k8s', undefined],
  // Zones.
  ['already_exists', 'POST', '/v1/zones', { name: 'Foo.k8s.' }],
  ['zone_in_use', 'DELETE', '/v1/zones/foo.k8s', undefined],
  ['zone_conflict', 'POST', '/v1/zones', { name: 'web.foo.k8s' }],
  ['zone_conflict', 'POST', '/v1/zones', { name: 'www.foo.k8s' }],
  ['not_found', 'PATCH', '/v1/zones/nowhere', {}],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s', { name: 'bar.k8s' }, ['/name']],
  // RRsets.
  ['not_found', 'PUT', '/v1/zones/nowhere/rrsets/a/A', { records: ['192.0.2.1'] }],
  ['record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: ['192.0.2.1', '192.0.2.256'] }, ['/records/1']],
  ['record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/a/MX', { records: ['10 mail'] }, ['/records/0']],
  ['record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/a/CNAME', { records: ['a.', 'b.'] }, ['/records']],
  ['record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/@/SOA', { records: ['a. b. 1 2 3 4 5'] }],
  ['record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/a/TYPE65280', { records: ['\\# 5 00'] }, ['/records/0']],
  ['record_invalid', 'PUT', '/v1/zones/foo.k8s/rrsets/a/CAA', { records: ['\\# 4 00022020'] }, ['/records/0']],
  [
    'record_invalid',
    'PUT',
    '/v1/zones/foo.k8s/rrsets/a/TYPE99',
    { records: [`\\# 65536 ${'00'.repeat(65_536)}`] },
    ['/records/0'],
  ],
  [
    'record_invalid',
    'PUT',
    '/v1/zones/foo.k8s/rrsets/a/TXT',
    { records: [...Array(300).keys()].map((i) => `${i} ${'x'.repeat(240)}`) },
    ['/records'],
  ],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: [] }, ['/records']],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s/rrsets/a/NOPE', { records: ['x'] }, [':type']],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s/rrsets/a/ANY', { records: ['x'] }],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { name: 'b', records: ['192.0.2.1'] }, ['/name']],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { type: 'TXT', records: ['192.0.2.1'] }, ['/type']],
  ['outside_zone', 'PUT', '/v1/zones/foo.k8s/rrsets/a.example./A', { records: ['192.0.2.1'] }, [':name']],
  [
    'outside_zone',
    'PATCH',
    '/v1/zones/foo.k8s/rrsets',
    [
      { name: 'a', type: 'A', records: ['192.0.2.1'] },
      { name: 'b.', type: 'A', records: ['192.0.2.1'] },
    ],
    ['/1/name'],
  ],
  ['cname_conflict', 'PUT', '/v1/zones/foo.k8s/rrsets/@/CNAME', { records: ['a.'] }],
  ['cname_conflict', 'PUT', '/v1/zones/foo.k8s/rrsets/text/CNAME', { records: ['a.'] }],
  ['cname_conflict', 'PUT', '/v1/zones/foo.k8s/rrsets/www/TXT', { records: ['a'] }],
  ['managed_record', 'PUT', '/v1/zones/foo.k8s/rrsets/web/A', { records: ['192.0.2.1'] }],
  ['managed_record', 'DELETE', '/v1/zones/foo.k8s/rrsets/www/CNAME', undefined],
  ['managed_record', 'DELETE', '/v1/zones/2.0.192.in-addr.arpa/rrsets/0/PTR', undefined],
  [
    'managed_record',
    'PATCH',
    '/v1/zones/foo.k8s/rrsets',
    [
      { name: 'ok', type: 'A', records: ['192.0.2.1'] },
      { name: 'web', type: 'A', records: [] },
    ],
  ],
  [
    'invalid_request',
    'PATCH',
    '/v1/zones/foo.k8s/rrsets',
    [
      { name: 'a', type: 'A', records: [] },
      { name: 'A', type: 'a', records: [] },
    ],
    ['/1'],
  ],
  ['invalid_request', 'PATCH', '/v1/zones/foo.k8s/rrsets', [], ['']],
  [
    'record_invalid',
    'PATCH',
    '/v1/zones/foo.k8s/rrsets',
    [
      { name: 'a', type: 'A', records: ['192.0.2.1'] },
      { name: 'b', type: 'A', records: ['x'] },
    ],
    ['/1/records/0'],
  ],
  ['not_found', 'DELETE', '/v1/zones/foo.k8s/rrsets/nothing/A', undefined],
  ['managed_record', 'DELETE', '/v1/zones/foo.k8s/rrsets/@/NS', undefined],
  // Queries and paths.
  ['invalid_request', 'GET', '/v1/hosts?limit=0', undefined, ['?limit']],
  ['invalid_request', 'GET', '/v1/hosts?limit=1001', undefined, ['?limit']],
  ['invalid_request', 'GET', '/v1/hosts?limit=ten', undefined, ['?limit']],
  ['invalid_request', 'GET', '/v1/hosts?color=red', undefined, ['?color']],
  ['invalid_request', 'GET', '/v1/hosts?address=no', undefined, ['?address']],
  ['invalid_request', 'GET', '/v1/hosts?cursor=!!!', undefined, ['?cursor']],
  ['invalid_request', 'GET', '/v1/hosts?cursor=Li4', undefined, ['?cursor']],
  ['invalid_request', 'GET', '/v1/zones/foo.k8s/rrsets?cursor=eHl6', undefined, ['?cursor']],
  ['invalid_request', 'GET', '/v1/zones/foo.k8s/rrsets?cursor=bnVsbA', undefined, ['?cursor']],
  ['invalid_request', 'GET', '/v1/zones/foo.k8s/rrsets?type=NOPE', undefined, ['?type']],
  ['invalid_request', 'GET', '/v1/pools/default/allocations?cursor=eHl6', undefined, ['?cursor']],
  ['invalid_request', 'GET', '/v1/addresses/1.2.3', undefined, [':ip']],
  ['invalid_request', 'GET', '/v1/hosts/a..b', undefined, [':name']],
  ['invalid_request', 'GET', '/v1/pools/No!', undefined, [':pool']],
  ['invalid_request', 'GET', '/v1/hosts/%zz', undefined],
  ['invalid_request', 'GET', `/v1/hosts/${'a'.repeat(3000)}`, undefined],
  ['invalid_request', 'DELETE', '/v1/pools/default?force=perhaps', undefined, ['?force']],
  ['not_found', 'GET', '/v1/addresses/203.0.113.9', undefined],
  ['not_found', 'GET', '/v1/pools/nowhere/next', undefined],
  ['not_found', 'GET', '/v1/pools/nowhere/allocations', undefined],
  ['not_found', 'GET', '/v1/zones/foo.k8s/rrsets/nothing/A', undefined],
  ['not_found', 'GET', '/nowhere', undefined],
];

test('every refusal has its code, points at the field, and changes nothing in the store', async (t) => {
  const whole = await app.dump();
  for (const [code, method, path, body, pointers] of refusals) {
    const what = `${method} ${path.slice(0, 80)} ${JSON.stringify(body)?.slice(0, 120) ?? ''} → ${code}`;
    await t.test(what, async () => {
      await app.api.refused(code, method, path, body, pointers);
      assert.deepEqual(await app.dump(), whole);
    });
  }
});

test('all faults of a body are reported together', async () => {
  const body = { name: 5, foo: 1, ttl: '5', tags: { a: 1 } };
  await app.api.refused('invalid_request', 'POST', '/v1/hosts', body, ['/name', '/foo', '/ttl', '/tags/a']);
});

test('a refusal names the resource that is in the way, and its owner', async () => {
  const { api } = app;
  const taken = await api.refused('address_taken', 'POST', '/v1/hosts', {
    name: 'a.foo.k8s',
    addresses: ['192.0.2.0'],
  });
  assert.deepEqual(taken.heldBy, ['host:web.foo.k8s']);
  const overlap = await api.refused('pool_overlap', 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  assert.equal(overlap.pool, 'default');
  const inUse = await api.refused('pool_in_use', 'DELETE', '/v1/pools/default');
  assert.deepEqual(inUse.addresses, [{ address: '192.0.2.0', heldBy: ['host:web.foo.k8s'] }]);
  const full = await api.refused('pool_exhausted', 'POST', '/v1/pools/full/allocations', {});
  assert.deepEqual(full.pools, [
    { pool: 'full', capacity: '1', used: '1', recorded: '0', coolingDown: '0', carved: '0', free: '0' },
  ]);
  const managed = await api.refused('managed_record', 'DELETE', '/v1/zones/foo.k8s/rrsets/www/CNAME');
  assert.equal(managed.managedBy, 'host:web.foo.k8s');
});

test('without a valid token the answer is 401 with WWW-Authenticate, and the open routes need none', async () => {
  const agent = supertest(app.url);
  const whole = await app.dump();
  for (const authorization of [
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    `Basic ${adminToken}`,
    'Bearer zw_admin_x',
    adminToken,
  ]) {
    const answer = await agent.post('/v1/zones').set('authorization', authorization).send({ name: 'x' });
    assert.equal(problemIn(answer).code, 'unauthorized', authorization);
    assert.match(problemIn(answer).detail, /admin-token in the data directory .* or admin-token-2 if/);
    assert.equal(answer.headers['www-authenticate'], 'Bearer');
  }
  assert.equal(problemIn(await agent.get('/v1/hosts')).code, 'unauthorized');
  assert.deepEqual(await app.dump(), whole);
  assert.equal((await agent.get('/v1/hosts').set('authorization', `bearer  ${adminToken}`)).status, 200);
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs/']) {
    assert.equal((await agent.get(path).redirects(1)).status, 200, path);
  }
});

test('the open routes report health, readiness, metrics and the OpenAPI description', async () => {
  const agent = supertest(app.url);
  assert.deepEqual((await agent.get('/healthz')).body, { status: 'ok' });
  const ready = (await agent.get('/readyz')).body as { status: string; revision: number };
  assert.equal(ready.status, 'ready');
  assert.ok(ready.revision > 0);
  let metrics = await agent.get('/metrics');
  const counted = /zonewright_http_request_duration_seconds_count\{method="GET",route="\/readyz",status="200"\} \d/;
  await until(async () => {
    metrics = await agent.get('/metrics');
    return counted.test(metrics.text);
  }, 'the request is not counted');
  assert.match(metrics.headers['content-type'] ?? '', /^text\/plain/);
  assert.match(metrics.text, /^zonewright_hosts 1$/m);
  assert.match(metrics.text, /^zonewright_pool_addresses\{pool="full",family="ipv4",state="used"\} 1$/m);
  const openapi = (await agent.get('/openapi.json')).body as { openapi: string; paths: Record<string, unknown> };
  assert.equal(openapi.openapi, '3.1.0');
  for (const path of ['/v1/pools/{pool}/allocations', '/v1/hosts/{name}', '/v1/zones/{zone}/rrsets/{name}/{type}']) {
    assert.ok(path in openapi.paths, path);
  }
});

test('a body that is not JSON, too large or of another media type is refused', async () => {
  const { api } = app;
  const whole = await app.dump();
  for (const body of ['{"name":', '', '{"name":"a.foo.k8s"} x', '\u0000']) {
    await api.refused('invalid_request', 'POST', '/v1/hosts', body);
  }
  const xml = await api.send('POST', '/v1/hosts', '<a/>', { 'content-type': 'application/xml' });
  assert.equal(problemIn(xml).code, 'unsupported_media_type');
  const form = await api.send('POST', '/v1/hosts', 'name=a', { 'content-type': 'application/x-www-form-urlencoded' });
  assert.equal(problemIn(form).code, 'unsupported_media_type');
  assert.match(String(problemIn(form).detail), /Content-Type: application\/json/);
  const large = await api.send('POST', '/v1/hosts', { name: 'x'.repeat(5 * 1024 * 1024) });
  assert.equal(problemIn(large).code, 'payload_too_large');
  const merge = { 'content-type': 'application/merge-patch+json' };
  assert.equal((await api.send('PATCH', '/v1/pools/full', { description: '' }, merge)).status, 200);
  const { 'pools/full': _, ...rest } = await app.dump();
  const { 'pools/full': __, ...before } = whole;
  assert.deepEqual(rest, before);
});

/** Each row: method, path, body, and the message of the refusal, which says what to do. */
const waysOut: [Method, string, unknown, RegExp][] = [
  [
    'PUT',
    '/v1/zones/none.k8s/zonefile',
    undefined,
    /^there is no zone none\.k8s: create it \(POST \/v1\/zones\), or list/,
  ],
  ['PUT', '/v1/zones/none.k8s/rrsets/a/A', { records: ['10.0.0.1'] }, /^there is no zone none\.k8s: create it/],
  ['POST', '/v1/pools/none/allocations', {}, /^there is no pool 'none': create it \(POST \/v1\/pools\), or list/],
  [
    'POST',
    '/v1/hosts',
    { name: 'a.foo.k8s', pool: 'none' },
    /there is no pool 'none': create it \(POST \/v1\/pools\), or list/,
  ],
  [
    'POST',
    '/v1/hosts',
    { name: 'a.foo.k8s', addresses: ['198.51.100.1'] },
    /held by \S+: take another, or ask for none/,
  ],
  ['PUT', '/v1/zones/foo.k8s/zonefile?dryrun=true', undefined, /is not a query parameter here: do you mean dryRun\?/],
  ['PUT', '/v1/zones/foo.k8s/zonefile?dryRun=1', undefined, /must be true or false/],
  ['GET', '/v1/pools?dry=1', undefined, /is not a query parameter here: known are \w+(, \w+)+$/],
];

for (const [method, path, body, detail] of waysOut) {
  test(`${method} ${path} ${JSON.stringify(body) ?? ''} is refused with the way out`, async () => {
    const isFile = path.includes('/zonefile');
    const answer = isFile
      ? await app.api.send(method, path, 'a A 192.0.2.1\n', { 'content-type': 'text/dns' })
      : await app.api.send(method, path, body);
    assert.match(problemIn(answer).detail ?? '', detail);
  });
}

test('a method that a resource does not support gets 405 with the supported ones', async () => {
  for (const [method, path, allow] of [
    ['POST', '/v1/hosts/web.foo.k8s', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['DELETE', '/v1/pools', 'GET, HEAD, POST'],
    ['PUT', '/healthz', 'GET, HEAD'],
  ] as const) {
    const answer = await app.api.send(method, path);
    assert.equal(problemIn(answer).code, 'method_not_allowed', `${method} ${path}`);
    assert.equal(answer.headers.allow, allow);
  }
});

test('the first start makes an admin token that only its owner can read, and that works after a restart', async (t) => {
  const first = await startedApp(t, { makesToken: true });
  const file = join(first.folder, 'admin-token');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await first.api.ok(201, 'POST', '/v1/zones', { name: 'made.once' });
  const token = await readFile(file, 'utf8');
  // A token has an underscore before and after its id. Its secret may contain underscores too.
  const [, , ...secret] = token.trim().split('_');
  assert.ok(!JSON.stringify(await first.dump()).includes(secret.join('_')));
  const second = await first.restart();
  assert.equal(await readFile(file, 'utf8'), token);
  await second.api.ok(200, 'GET', '/v1/zones/made.once');
});
