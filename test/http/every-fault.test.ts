// A refusal tells all faults of a request at once, with pointers. It never advises something that would be refused too.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ErrorCode } from '../../src/errors.ts';
import { type Method, problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/28'], exclude: ['192.0.2.9'] });
  await api.ok(201, 'POST', '/v1/hosts', {
    name: 'web.foo.k8s',
    addresses: ['192.0.2.1', '192.0.2.2'],
    aliases: ['www.foo.k8s'],
  });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/own/A', { records: ['192.0.2.77'] });
  return served;
}

test('a refusal of a host tells all faults at once', async (t) => {
  const { api, dump } = await prepare(t);
  const before = await dump();
  const taken = {
    name: 'a.nowhere',
    pool: 'p',
    addresses: ['192.0.2.1', '192.0.2.3', '192.0.2.9', '198.51.100.1', '192.0.2.2'],
    aliases: ['www.foo.k8s', 'b.foo.k8s', 'c.nowhere', 'own.foo.k8s', 'a.nowhere'],
  };
  const problem = await api.refused('zone_not_found', 'POST', '/v1/hosts', taken, [
    '/name',
    '/aliases/4',
    '/addresses/0',
    '/addresses/2',
    '/addresses/3',
    '/addresses/4',
    '/aliases/0',
    '/aliases/2',
    '/aliases/3',
  ]);
  assert.match(problem.detail, /192\.0\.2\.2 is held by host:web\.foo\.k8s/);
  await api.refused('name_taken', 'POST', '/v1/hosts', { name: 'web.foo.k8s', pool: 'none' }, ['/name', '/pool']);
  await api.refused('name_taken', 'PATCH', '/v1/hosts/web.foo.k8s', { aliases: ['own.foo.k8s', 'web.foo.k8s'] }, [
    '/aliases/0',
    '/aliases/1',
  ]);
  await api.refused('pool_exhausted', 'POST', '/v1/hosts', { name: 'own.foo.k8s', pool: 'p', families: ['ipv6'] }, [
    '/pool',
  ]);
  assert.deepEqual(await dump(), before);
});

test('refusals of allocations, ranges of pools and lists of RRsets tell all faults at once', async (t) => {
  const { api, dump } = await prepare(t);
  const before = await dump();
  const addresses = ['192.0.2.1', '192.0.2.3', '192.0.2.9', '10.0.0.1'];
  await api.refused('address_taken', 'POST', '/v1/pools/p/allocations', { addresses }, [
    '/addresses/0',
    '/addresses/2',
    '/addresses/3',
  ]);
  const ranges = ['192.0.2.0/30', '10.0.0.0/24', '10.0.0.7', '192.0.2.8'];
  for (const [method, path] of [
    ['POST', '/v1/pools'],
    ['PUT', '/v1/pools/q'],
  ] as const) {
    await api.refused('pool_overlap', method, path, { name: 'q', ranges }, ['/ranges/0', '/ranges/2', '/ranges/3']);
  }
  const changes = [
    { name: 'web', type: 'A', records: ['192.0.2.5'] },
    { name: '@', type: 'SOA', records: [] },
    { name: 'fine', type: 'A', records: ['192.0.2.5'] },
    { name: '@', type: 'NS', records: [] },
    { name: '@', type: 'CNAME', records: ['other.'] },
    { name: 'own', type: 'CNAME', records: ['other.'] },
  ];
  await api.refused('managed_record', 'PATCH', '/v1/zones/foo.k8s/rrsets', changes, [
    '/0/name',
    '/1/name',
    '/3/name',
    '/4/name',
    '/5/name',
  ]);
  assert.deepEqual(await dump(), before);
});

const stale = { 'if-match': '"0"' };
const createOnly = { 'if-none-match': '*' };

/** Requests with several faults: the code, the request, and the pointers in their order. */
const refusals: [ErrorCode, Method, string, unknown, string[], Record<string, string>?][] = [
  // Conflicts with existing resources.
  ['already_exists', 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24', '10.9.0.1'] }, ['/name', '/ranges/1']],
  [
    'precondition_failed',
    'PUT',
    '/v1/pools/p',
    { ranges: ['10.9.0.0/24', '192.0.2.8/29'] },
    ['header if-match', '/ranges/0', '/ranges'],
    stale,
  ],
  ['pool_overlap', 'PATCH', '/v1/pools/p', { space: 'lab', ranges: ['10.8.0.0/30'] }, ['/ranges/0', '/space']],
  ['precondition_failed', 'DELETE', '/v1/pools/p', undefined, ['header if-match', ':pool'], stale],
  ['precondition_failed', 'DELETE', '/v1/zones/foo.k8s', undefined, ['header if-match', ':zone'], stale],
  ['precondition_failed', 'PUT', '/v1/zones/web.foo.k8s', {}, ['header if-match', ':zone'], stale],
  ['precondition_failed', 'DELETE', '/v1/addresses/192.0.2.1', undefined, ['header if-match', ':ip'], stale],
  [
    'precondition_failed',
    'PUT',
    '/v1/hosts/web.foo.k8s',
    { zone: 'other', aliases: ['own.foo.k8s'] },
    ['header if-none-match', '/zone', '/aliases/0'],
    createOnly,
  ],
  [
    'precondition_failed',
    'PATCH',
    '/v1/hosts/web.foo.k8s',
    { name: 'a.nowhere', aliases: ['own.foo.k8s'], pool: 'none' },
    ['header if-match', '/name', '/pool', '/aliases/0'],
    stale,
  ],
  [
    'precondition_failed',
    'PUT',
    '/v1/zones/foo.k8s/rrsets/web/A',
    { records: ['192.0.2.5'] },
    ['header if-none-match', ':name'],
    createOnly,
  ],
  ['precondition_failed', 'DELETE', '/v1/zones/foo.k8s/rrsets/x/A', undefined, ['header if-match', ':name'], stale],
  [
    'precondition_failed',
    'PATCH',
    '/v1/zones/foo.k8s/rrsets',
    [{ name: 'web', type: 'A', records: ['192.0.2.5'] }],
    ['header if-match', '/0/name'],
    stale,
  ],
  [
    'precondition_failed',
    'PUT',
    '/v1/zones/foo.k8s/zonefile',
    'a A 192.0.2\n',
    ['header if-match', 'line:1'],
    { ...stale, 'content-type': 'text/dns' },
  ],
  // One fault, with a pointer.
  ['already_exists', 'POST', '/v1/zones', { name: 'foo.k8s' }, ['/name']],
  ['zone_conflict', 'POST', '/v1/zones', { name: 'web.foo.k8s' }, ['/name']],
  ['not_found', 'GET', '/v1/hosts/nobody.foo.k8s', undefined, [':name']],
  ['not_found', 'GET', '/v1/pools/none', undefined, [':pool']],
  ['not_found', 'GET', '/v1/zones/none', undefined, [':zone']],
  ['not_found', 'GET', '/v1/addresses/10.99.0.1', undefined, [':ip']],
  ['not_found', 'DELETE', '/v1/addresses/10.99.0.1', undefined, [':ip']],
  ['not_found', 'GET', '/v1/zones/foo.k8s/rrsets/x/A', undefined, [':name']],
  ['pool_exhausted', 'POST', '/v1/pools/p/allocations', { count: 100 }, [':pool']],
  ['name_hidden', 'POST', '/v1/hosts', { name: 'a.foo.k8s', addresses: ['203.0.113.1'] }, ['/ptr']],
];

test('every refusal has the pointers of all faults, and changes nothing', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.9.0.0/24'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab', ranges: ['10.8.0.0/24'], space: 'lab', autoAssign: false });
  await api.ok(201, 'POST', '/v1/zones', { name: '203.in-addr.arpa' });
  await api.ok(201, 'PUT', '/v1/zones/203.in-addr.arpa/rrsets/0/NS', { records: ['ns.other.'] });
  const before = await dump();
  for (const [code, method, path, body, pointers, headers = {}] of refusals) {
    await t.test(`${method} ${path} ${JSON.stringify({ ...headers, body })}`, async () => {
      const problem = problemIn(await api.send(method, path, body, headers));
      assert.deepEqual([problem.code, ...(problem.errors ?? []).map(({ pointer }) => pointer)], [code, ...pointers]);
      assert.deepEqual(await dump(), before);
    });
  }
});

test('a refusal because of the PTR of another host names that host, and its advice works', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'far.foo.k8s', addresses: ['203.0.113.1'] });
  const lab = { name: 'lab', space: 'lab', reverse: true, ranges: ['203.0.113.0/28'], autoAssign: false };
  await api.ok(201, 'POST', '/v1/pools', lab);
  const twin = { name: 'twin.foo.k8s', pool: 'lab', addresses: ['203.0.113.1', '203.0.113.2'] };
  const problem = await api.refused('rrset_conflict', 'POST', '/v1/hosts', twin, ['/ptr']);
  assert.equal(problem.managedBy, 'host:far.foo.k8s');
  assert.match(problem.detail, /belongs to host far\.foo\.k8s: change that host/);
  assert.doesNotMatch(problem.detail, /delete it/);
  await api.ok(201, 'POST', '/v1/hosts', { ...twin, ptr: false });
  await api.ok(200, 'PATCH', '/v1/hosts/far.foo.k8s', { ptr: false });
  await api.ok(200, 'PATCH', '/v1/hosts/twin.foo.k8s', { ptr: true });
});

test('a refusal because of a PTR that no host manages advises to delete it, and this works', async (t) => {
  const { api } = await prepare(t);
  const ptr = '/v1/zones/2.0.192.in-addr.arpa/rrsets/5/PTR';
  await api.ok(201, 'PUT', ptr, { records: ['old.example.'] });
  const host = { name: 'five.foo.k8s', addresses: ['192.0.2.5'] };
  const problem = await api.refused('rrset_conflict', 'POST', '/v1/hosts', host, ['/ptr']);
  assert.match(problem.detail, /delete it/);
  assert.equal(problem.managedBy, undefined);
  await api.ok(204, 'DELETE', ptr);
  await api.ok(201, 'POST', '/v1/hosts', host);
});

/** Requests whose faults are found in several stages. */
const mixed: [Method, string, unknown, string[]][] = [
  ['POST', '/v1/hosts', { name: 'a.z', aliases: ['a..b'], ttl: -1 }, ['/ttl', '/aliases/0', '/name']],
  [
    'POST',
    '/v1/hosts',
    { name: 'web.foo.k8s', addresses: ['192.0.2.300', '192.0.2.1', '192.0.2.9'], ptr: 'no', stray: 1, pool: 'p' },
    ['/ptr', '/stray', '/addresses/0', '/name', '/addresses/1', '/addresses/2'],
  ],
  // A fault that only follows from another faulty field is not told.
  ['POST', '/v1/hosts', { name: 7, adopt: 1, families: ['ipv6'] }, ['/adopt', '/name']],
  ['POST', '/v1/hosts', { name: 'new.foo.k8s', addresses: 'x', families: ['ipv6'] }, ['/addresses']],
  ['POST', '/v1/hosts', { name: 'new.foo.k8s', addresses: ['x'], families: ['ipv6'] }, ['/addresses/0']],
  ['POST', '/v1/hosts', { name: 'new.foo.k8s', ip: '192.0.2.5', families: ['ipv6'] }, ['/ip']],
  ['POST', '/v1/hosts', { name: 'own.foo.k8s', adopt: 'yes' }, ['/adopt']],
  // The intended name is unknown, and may be that of a wildcard, which has no PTR. So the PTR is not checked.
  ['POST', '/v1/hosts', { name: 'a..b', addresses: ['192.0.2.6'] }, ['/name']],
  ['POST', '/v1/hosts', { name: 'new.foo.k8s', addresses: ['192.0.2.6'], ttl: -1 }, ['/ttl', '/ptr']],
  ['PUT', '/v1/zones/dname.k8s', { defaultTtl: -1 }, ['/defaultTtl', '/nameservers']],
  ['PUT', '/v1/zones/dname.k8s', { nameservers: ['a..b'], skydns: 1 }, ['/nameservers/0', '/skydns']],
  ['PUT', '/v1/pools/p', { ranges: ['192.0.2.0/33'] }, ['/ranges/0']],
  ['PUT', '/v1/pools/p?force=si', { ranges: ['10.0.0.0/24'] }, ['?force']],
  [
    'POST',
    '/v1/pools/p/allocations',
    { addresses: ['192.0.2.5', '192.0.2.1'], sharingKey: '', ports: [{ protocol: 'udp', port: 53 }] },
    ['/sharingKey', '/addresses/1'],
  ],
  ['POST', '/v1/pools/p/allocations', { count: 0, ports: 7 }, ['/count', '/ports']],
];

test('faults of the form, of values and of conflicts are told together, without those that only follow from others', async (t) => {
  const { api, dump } = await prepare(t);
  await api.ok(201, 'PUT', '/v1/zones/2.0.192.in-addr.arpa/rrsets/6/PTR', { records: ['old.example.'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'dname.k8s', nameservers: ['ns.other.test'] });
  await api.ok(201, 'PUT', '/v1/zones/dname.k8s/rrsets/@/DNAME', { records: ['other.test.'] });
  const shared = { addresses: ['192.0.2.5'], sharingKey: 'dns', ports: [{ protocol: 'tcp', port: 53 }] };
  await api.ok(201, 'POST', '/v1/pools/p/allocations', shared);
  const before = await dump();
  for (const [method, path, body, pointers] of mixed) {
    await t.test(`${method} ${path} ${JSON.stringify(body)}`, async () => {
      const problem = await api.refused('invalid_request', method, path, body);
      assert.deepEqual(problem.errors?.map(({ pointer }) => pointer).sort(), pointers.sort(), problem.detail);
    });
  }
  assert.deepEqual(await dump(), before);
});

test('a body that is full of faults is not examined for conflicts', async (t) => {
  const { api } = await prepare(t);
  const ranges = Array.from({ length: 15_000 }, () => 0);
  const { errors = [] } = await api.refused('invalid_request', 'POST', '/v1/pools', { name: 'p', ranges });
  assert.equal(errors.length, 100);
  assert.ok(errors.every(({ pointer }) => pointer.startsWith('/ranges')));
});

test('a fault of the form tells a token nothing about resources beyond its scope', async (t) => {
  const served = await prepare(t);
  const { api: admin } = served;
  await admin.ok(201, 'POST', '/v1/zones', { name: 'secret.test' });
  await admin.ok(201, 'POST', '/v1/pools', { name: 'secret', ranges: ['10.1.0.0/24'], autoAssign: false });
  await admin.ok(201, 'POST', '/v1/hosts', { name: 'a.secret.test', pool: 'secret', addresses: ['10.1.0.1'] });
  const { api } = await tokenFor(served, 'team', { role: 'operator', zones: ['foo.k8s'], pools: ['p'] });
  const { api: viewer } = await tokenFor(served, 'viewer', { role: 'viewer' });
  const requests: [Method, string, object, string][] = [
    ['POST', '/v1/hosts', { name: 'a.secret.test', ttl: -1 }, '/ttl'],
    ['POST', '/v1/hosts', { name: 'b.foo.k8s', addresses: ['10.1.0.1'], ttl: -1 }, '/ttl'],
    ['POST', '/v1/hosts', { name: 'b.foo.k8s', aliases: ['a.secret.test'], ttl: -1 }, '/ttl'],
    ['POST', '/v1/hosts', { name: 'b.foo.k8s', aliases: ['a..b', 'a.secret.test'] }, '/aliases/0'],
    ['POST', '/v1/hosts', { name: 'b.foo.k8s', pool: 'secret', ttl: -1 }, '/ttl'],
    ['PUT', '/v1/pools/p', { ranges: ['192.0.2.0/28', '10.1.0.0/30'], priority: 'x' }, '/priority'],
    ['PUT', '/v1/pools/p', { ranges: ['192.0.2.0/33', '10.1.0.0/30'] }, '/ranges/0'],
    ['POST', '/v1/pools', { name: 'secret', ranges: ['192.0.2.0/33'] }, '/ranges/0'],
    ['PUT', '/v1/zones/secret.test', { defaultTtl: -1 }, '/defaultTtl'],
    ['PUT', '/v1/zones/secret.test/rrsets/a/A', { records: ['192.0.2.1'], ttl: -1 }, '/ttl'],
    ['POST', '/v1/pools/secret/allocations', { addresses: ['10.1.0.1'], owner: 7 }, '/owner'],
  ];
  for (const [method, path, body, pointer] of requests) {
    const problem = await api.refused('invalid_request', method, path, body, [pointer]);
    assert.doesNotMatch(problem.detail, /held|host:/);
  }
  await api.refused('forbidden', 'POST', '/v1/hosts', { name: 'a.secret.test' });
  await viewer.refused('forbidden', 'POST', '/v1/hosts', { name: 'web.foo.k8s', ttl: -1 });
});
