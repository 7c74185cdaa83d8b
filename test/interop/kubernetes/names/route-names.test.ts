// The names of routes of the Gateway API: a table of routes and Gateways.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApiObject } from '../../../../src/interop/kubernetes/client/api-object.ts';
import { readGateway, readRouteNames } from '../../../../src/interop/kubernetes/names/route-names.ts';

const prefix = 'external-dns.alpha.kubernetes.io/';

function gateway(name: string, addresses: object[], annotations: Record<string, string> = {}) {
  const listeners = [
    { name: 'web', hostname: 'web.example' },
    { name: 'wild', hostname: '*.apps.example' },
    { name: 'any' },
  ];
  return readGateway({
    metadata: { namespace: 'infra', name, uid: name, resourceVersion: '1', annotations },
    spec: { listeners },
    status: { addresses },
  });
}

const known = [
  gateway('lan', [{ type: 'IPAddress', value: '10.0.0.1' }, { value: 'fd00::1' }]),
  gateway('cloud', [{ type: 'Hostname', value: 'lb.example.com' }]),
  gateway('other', [{ value: '10.0.0.2' }]),
  gateway('pending', []),
  gateway('by-hand', [{ value: '10.0.0.3' }], { [`${prefix}target`]: '192.0.2.1' }),
];

const accepted = [{ type: 'Accepted', status: 'True' }];
const parent = (name: string, more: object = {}, conditions: object[] = accepted) => ({
  parentRef: { name, namespace: 'infra', ...more },
  conditions,
});

function read(hostnames: string[], parents: object[], annotations: Record<string, string> = {}) {
  const metadata = { namespace: 'shop', name: 'web', uid: 'r1', resourceVersion: '1', annotations };
  return readRouteNames({ metadata, spec: { hostnames }, status: { parents } }, (key) =>
    known.find((one) => one.key === key),
  );
}

/** Returns the names as text. */
function texts({ names }: ReturnType<typeof read>): string[] {
  return names.map(({ name, ttl, to, isTarget }) => {
    assert.ok(to !== 'addresses');
    const records = to.map(({ type, values }) => `${type} ${values.join(' ')}`);
    return [name, ttl ?? [], ...records, isTarget ? 'target' : []].flat().join(' ');
  });
}

const table: [what: string, hostnames: string[], parents: object[], expected: string[]][] = [
  [
    'its hostnames',
    ['a.example', '*.b.example'],
    [parent('lan')],
    ['a.example A 10.0.0.1 AAAA fd00::1', '*.b.example A 10.0.0.1 AAAA fd00::1'],
  ],
  [
    'those of the listeners',
    [],
    [parent('cloud')],
    ['web.example CNAME lb.example.com.', '*.apps.example CNAME lb.example.com.'],
  ],
  ['that of the named listener', [], [parent('cloud', { sectionName: 'web' })], ['web.example CNAME lb.example.com.']],
  ['none of a listener without a hostname', [], [parent('lan', { sectionName: 'any' })], []],
  [
    'the addresses of both Gateways',
    ['a.example'],
    [parent('lan'), parent('other')],
    ['a.example A 10.0.0.1 10.0.0.2 AAAA fd00::1'],
  ],
  ['none while nobody accepted it', ['a.example'], [parent('lan', {}, [{ type: 'Accepted', status: 'False' }])], []],
  ['none of a Gateway that is not there', ['a.example'], [parent('gone')], []],
  ['none of a parent of another kind', ['a.example'], [parent('lan', { kind: 'Service' })], []],
  ['none while the Gateway has no address', ['a.example'], [parent('pending')], []],
  ['a target of the Gateway', ['a.example'], [parent('by-hand')], ['a.example A 192.0.2.1 target']],
];
for (const [what, hostnames, parents, expected] of table) {
  test(`a route has ${what}`, () => assert.deepEqual(texts(read(hostnames, parents)), expected));
}

test('a parent without a namespace is in that of the route', () => {
  const namesIn = (namespace: string) => {
    const metadata = { namespace, name: 'web', uid: 'r1', resourceVersion: '1' };
    const parents = [{ parentRef: { name: 'lan' }, conditions: accepted }];
    const route = { metadata, spec: { hostnames: ['a.example'] }, status: { parents } };
    return readRouteNames(route, (key) => known.find((one) => one.key === key)).names.length;
  };
  assert.equal(namesIn('infra'), 1);
  assert.equal(namesIn('shop'), 0);
});

test('the annotations of a route add names and a TTL, or leave it to another controller', () => {
  assert.deepEqual(
    texts(read(['a.example'], [parent('other')], { [`${prefix}hostname`]: 'b.example', [`${prefix}ttl`]: '60' })),
    ['a.example 60 A 10.0.0.2', 'b.example 60 A 10.0.0.2'],
  );
  assert.deepEqual(texts(read(['a.example'], [parent('other')], { [`${prefix}controller`]: 'x' })), []);
});

test('an address as a hostname is a fault, told once', () => {
  const { names, faults } = read(['10.0.0.9', 'a.example'], [parent('lan'), parent('other')]);
  assert.deepEqual(
    names.map(({ name }) => name),
    ['a.example'],
  );
  assert.deepEqual(
    faults.map(({ message }) => message),
    ["the hostname '10.0.0.9' is not a name"],
  );
});

test('odd objects give no names, and never an exception', () => {
  const metadata = { namespace: 'shop', name: 'web', uid: 'r1', resourceVersion: '1' };
  const objects = fc.record({ metadata: fc.constant(metadata), spec: fc.anything(), status: fc.anything() });
  fc.assert(
    fc.property(objects, (object) => {
      const odd = readGateway(object as ApiObject);
      return readRouteNames(object as ApiObject, () => odd).faults !== undefined;
    }),
  );
});
