// The names of Ingresses: a table of specs, annotations and status.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApiObject } from '../../../../src/interop/kubernetes/client/api-object.ts';
import { readIngressNames } from '../../../../src/interop/kubernetes/names/ingress-names.ts';

const prefix = 'external-dns.alpha.kubernetes.io/';
const spec = {
  rules: [{ host: 'svc1.example.com' }, { host: 'svc2.example.com' }, { http: {} }],
  tls: [{ hosts: ['svc1.example.com', '*.cluster1.example.com'] }],
};
const metadata = { namespace: 'shop', name: 'web', uid: 'u1', resourceVersion: '1' };

function read(annotations: Record<string, string>, ingress: object[] = [{ ip: '10.0.0.1' }], own: unknown = spec) {
  return readIngressNames({ metadata: { ...metadata, annotations }, spec: own, status: { loadBalancer: { ingress } } });
}

const toAddress = [{ type: 'A', values: ['10.0.0.1'] }];
const hosts = ['svc1.example.com', 'svc2.example.com', '*.cluster1.example.com'];

test('hosts of rules and certificates have the address of the status; a rule without a host has no name', () => {
  assert.deepEqual(read({}), { names: hosts.map((name) => ({ name, to: toAddress })), faults: [] });
});

const tables: [what: string, annotations: Record<string, string>, names: string[]][] = [
  ['the annotation adds names', { [`${prefix}hostname`]: 'a.example' }, [...hosts, 'a.example']],
  [
    'only the annotation',
    { [`${prefix}hostname`]: 'a.example', [`${prefix}ingress-hostname-source`]: 'annotation-only' },
    ['a.example'],
  ],
  [
    'only the hosts',
    { [`${prefix}hostname`]: 'a.example', [`${prefix}ingress-hostname-source`]: 'defined-hosts-only' },
    hosts,
  ],
  ['another controller', { [`${prefix}controller`]: 'other' }, []],
];
for (const [what, annotations, expected] of tables) {
  test(what, () =>
    assert.deepEqual(
      read(annotations).names.map(({ name }) => name),
      expected,
    ),
  );
}

test('targets and TTL are those of the annotations; a target needs a grant of its own', () => {
  const { names } = read({ [`${prefix}target`]: 'lb.example.com', [`${prefix}ttl`]: '60' });
  const to = [{ type: 'CNAME', values: ['lb.example.com.'] }];
  assert.deepEqual(names[0], { name: 'svc1.example.com', to, ttl: 60, isTarget: true });
});

test('without a status, there are no names yet; a hostname in it is an alias', () => {
  assert.deepEqual(read({}, []).names, []);
  assert.deepEqual(read({}, [{ hostname: 'elb.example.com' }]).names[0]?.to, [
    { type: 'CNAME', values: ['elb.example.com.'] },
  ]);
});

test('a host that is no name is a fault, and disturbs nothing else', () => {
  const { names, faults } = read({}, undefined, { rules: [{ host: 'a..b' }, { host: 'c.example' }] });
  assert.deepEqual(
    names.map(({ name }) => name),
    ['c.example'],
  );
  assert.match(faults[0]?.message ?? '', /'a\.\.b' is not a name/);
});

test('odd objects give no names, and never an exception', () => {
  const objects = fc.record({ metadata: fc.constant(metadata), spec: fc.anything(), status: fc.anything() });
  fc.assert(fc.property(objects, (object) => readIngressNames(object as ApiObject).names !== undefined));
});
