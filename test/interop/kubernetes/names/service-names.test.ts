// The names of Services: a table of annotations, types and what they give.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readServiceNames } from '../../../../src/interop/kubernetes/names/service-names.ts';
import { readService } from '../../../../src/interop/kubernetes/service.ts';

const old = 'external-dns.alpha.kubernetes.io/';
const next = 'external-dns.kubernetes.io/';

function read(annotations: Record<string, string>, spec: object = {}, ingress: object[] = [], isOurs = true) {
  const metadata = { namespace: 'shop', name: 'nginx', uid: 'u1', resourceVersion: '1', annotations };
  const object = { metadata, spec: { type: 'LoadBalancer', ...spec }, status: { loadBalancer: { ingress } } };
  return readServiceNames(readService(object), isOurs);
}

/** Returns the names as text: `name ttl types and values`. */
function texts({ names }: ReturnType<typeof read>): string[] {
  return names.map(({ name, ttl, to, isTarget }) =>
    [
      name,
      ttl,
      to === 'addresses' ? to : to.map(({ type, values }) => `${type} ${values.join(' ')}`).join(' '),
      isTarget && 'target',
    ]
      .filter((part) => part !== undefined)
      .join(' '),
  );
}

const own: [what: string, annotations: Record<string, string>, expected: string[]][] = [
  ['nothing', {}, []],
  ['a hostname', { [`${old}hostname`]: 'nginx.foowidgets.k8s' }, ['nginx.foowidgets.k8s addresses']],
  [
    'a list',
    { [`${old}hostname`]: ' A.example. ,b.example,, a.example' },
    ['a.example addresses', 'b.example addresses'],
  ],
  ['a wildcard', { [`${old}hostname`]: '*.apps.example' }, ['*.apps.example addresses']],
  [
    'both prefixes',
    { [`${old}hostname`]: 'old.example', [`${next}hostname`]: 'new.example' },
    ['new.example addresses'],
  ],
  ['a TTL', { [`${old}hostname`]: 'a.example', [`${old}ttl`]: '1m' }, ['a.example 60 addresses']],
  ['TTL 0', { [`${old}hostname`]: 'a.example', [`${next}ttl`]: '0' }, ['a.example addresses']],
  [
    'targets',
    { [`${old}hostname`]: 'a.example', [`${old}target`]: '10.0.0.1, fd00::1' },
    ['a.example A 10.0.0.1 AAAA fd00::1 target'],
  ],
  [
    'a target by name',
    { [`${old}hostname`]: 'a.example', [`${old}target`]: 'lb.example' },
    ['a.example CNAME lb.example. target'],
  ],
  ['another controller', { [`${old}hostname`]: 'a.example', [`${old}controller`]: 'other' }, []],
  [
    'our controller',
    { [`${old}hostname`]: 'a.example', [`${old}controller`]: 'dns-controller' },
    ['a.example addresses'],
  ],
];
for (const [what, annotations, expected] of own) {
  test(`a load balancer of ours, ${what}`, () => {
    const names = read(annotations);
    assert.deepEqual(texts(names), expected);
    assert.deepEqual(names.faults, []);
  });
}

const hostname = { [`${old}hostname`]: 'a.example' };
const internal = { [`${old}internal-hostname`]: 'i.example' };
const others: [
  what: string,
  spec: object,
  ingress: object[],
  annotations: Record<string, string>,
  expected: string[],
][] = [
  ['a ClusterIP has no external name', { type: 'ClusterIP', clusterIPs: ['10.96.0.1'] }, [], hostname, []],
  [
    'a ClusterIP, internally',
    { type: 'ClusterIP', clusterIPs: ['10.96.0.1', 'fd00:96::1'] },
    [],
    internal,
    ['i.example A 10.96.0.1 AAAA fd00:96::1'],
  ],
  ['a headless Service has no cluster IP', { type: 'ClusterIP', clusterIPs: ['None'] }, [], internal, []],
  [
    'an ExternalName',
    { type: 'ExternalName', externalName: 'sql.foowidgets.com' },
    [],
    hostname,
    ['a.example CNAME sql.foowidgets.com.'],
  ],
  [
    'an ExternalName that is an address',
    { type: 'ExternalName', externalName: '192.168.10.200' },
    [],
    hostname,
    ['a.example A 192.168.10.200'],
  ],
  [
    'external addresses',
    { type: 'ClusterIP', externalIPs: ['80.11.12.10'] },
    [],
    hostname,
    ['a.example A 80.11.12.10'],
  ],
  [
    'a load balancer of others',
    {},
    [{ ip: '10.9.9.9' }, { ip: 'fd00::9' }],
    hostname,
    ['a.example A 10.9.9.9 AAAA fd00::9'],
  ],
  [
    'a load balancer of others, by name',
    {},
    [{ hostname: 'elb.example.com' }],
    hostname,
    ['a.example CNAME elb.example.com.'],
  ],
  ['a load balancer of others, pending', {}, [], hostname, []],
];
for (const [what, spec, ingress, annotations, expected] of others) {
  test(what, () => assert.deepEqual(texts(read(annotations, spec, ingress, false)), expected));
}

const faults: [what: string, annotations: Record<string, string>, expected: string[], message: RegExp][] = [
  [
    'a name that is none',
    { [`${old}hostname`]: 'a..example,b.example' },
    ['b.example addresses'],
    /hostname: 'a\.\.example' has an empty label/,
  ],
  ['a TTL that is none', { ...hostname, [`${old}ttl`]: 'abc' }, ['a.example addresses'], /ttl: 'abc' is not a TTL/],
  [
    'a set identifier',
    { ...hostname, [`${old}set-identifier`]: 'x' },
    ['a.example addresses'],
    /set-identifier: is not supported/,
  ],
];
for (const [what, annotations, expected, message] of faults) {
  test(`${what} is a fault, and disturbs nothing else`, () => {
    const names = read(annotations);
    assert.deepEqual(texts(names), expected);
    assert.equal(names.faults.length, 1);
    assert.match(names.faults[0]?.message ?? '', message);
  });
}

test('the template names load balancers of ours that have no name of their own', () => {
  const template = '{{name}}.{{namespace}}.apps.example.com';
  const metadata = { namespace: 'shop', name: 'nginx', uid: 'u1', resourceVersion: '1' };
  const service = (annotations: Record<string, string>) =>
    readService({ metadata: { ...metadata, annotations }, spec: { type: 'LoadBalancer' } });
  const named = (annotations: Record<string, string>, isOurs = true) =>
    readServiceNames(service(annotations), isOurs, { template }).names.map(({ name }) => name);
  assert.deepEqual(named({}), ['nginx.shop.apps.example.com']);
  assert.deepEqual(named(hostname), ['a.example']);
  assert.deepEqual(named({}, false), []);
  assert.deepEqual(named({ [`${old}controller`]: 'other' }), []);
});
