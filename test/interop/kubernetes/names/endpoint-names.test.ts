// The names of headless Services by their endpoints, and of NodePort Services by the nodes.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WantedName } from '../../../../src/control/kubernetes/wanted-object.ts';
import type { ApiObject } from '../../../../src/interop/kubernetes/client/api-object.ts';
import { readEndpointSlice, readHeadlessNames } from '../../../../src/interop/kubernetes/names/headless-names.ts';
import { readNode, readNodePortNames } from '../../../../src/interop/kubernetes/names/node-port-names.ts';
import { readService } from '../../../../src/interop/kubernetes/service.ts';

const prefix = 'external-dns.alpha.kubernetes.io/';
const metadata = { namespace: 'shop', name: 'db', uid: 'u1', resourceVersion: '1' };

function service(spec: object, annotations: Record<string, string> = { [`${prefix}hostname`]: 'db.example' }) {
  return readService({ metadata: { ...metadata, annotations }, spec });
}

function texts(names: readonly WantedName[]): string[] {
  return names.map(({ name, ttl, to }) => {
    assert.ok(to !== 'addresses');
    return [name, ttl ?? [], ...to.map(({ type, values }) => `${type} ${values.join(', ')}`)].flat().join(' ');
  });
}

const slice = (name: string, endpoints: object[]) =>
  readEndpointSlice({
    metadata: { ...metadata, name, labels: { 'kubernetes.io/service-name': 'db' } },
    endpoints,
  });
const slices = [
  slice('db-4', [
    { addresses: ['10.1.0.3', '10.1.0.99'], conditions: { ready: true }, hostname: 'db-0' },
    { addresses: ['10.1.0.4'], hostname: 'db-1' },
    { addresses: ['10.1.0.5'], conditions: { ready: false, serving: true } },
  ]),
  slice('db-6', [{ addresses: ['fd00:1::3'], conditions: {}, hostname: 'db-0' }, { addresses: ['x'] }, {}]),
];

test('a headless Service: ready endpoints, of all slices, and each host name', () => {
  assert.deepEqual(texts(readHeadlessNames(service({ clusterIP: 'None' }), slices)), [
    'db.example A 10.1.0.3, 10.1.0.4 AAAA fd00:1::3',
    'db-0.db.example A 10.1.0.3 AAAA fd00:1::3',
    'db-1.db.example A 10.1.0.4',
  ]);
  assert.equal(slices[0]?.service, 'db');
});

test('a hostname that is also the name of an endpoint is wanted once, with all endpoints', () => {
  const annotations = { [`${prefix}hostname`]: 'db.example,db-1.db.example' };
  assert.deepEqual(texts(readHeadlessNames(service({ clusterIP: 'None' }, annotations), slices)), [
    'db.example A 10.1.0.3, 10.1.0.4 AAAA fd00:1::3',
    'db-1.db.example A 10.1.0.3, 10.1.0.4 AAAA fd00:1::3',
    'db-0.db.example A 10.1.0.3 AAAA fd00:1::3',
    'db-0.db-1.db.example A 10.1.0.3 AAAA fd00:1::3',
    'db-1.db-1.db.example A 10.1.0.4',
  ]);
});

test('without a ready endpoint, with targets, or with a cluster IP, endpoints have no names', () => {
  const headless = service({ clusterIP: 'None' });
  assert.deepEqual(readHeadlessNames(headless, []), []);
  assert.deepEqual(readHeadlessNames(service({ clusterIP: '10.96.0.1' }), slices), []);
  const annotations = { [`${prefix}hostname`]: 'db.example', [`${prefix}target`]: '192.0.2.1' };
  assert.deepEqual(readHeadlessNames(service({ clusterIP: 'None' }, annotations), slices), []);
});

const node = (name: string, ...addresses: [type: string, address: string][]) =>
  readNode({
    metadata: { ...metadata, name },
    status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
  });
const reachable = [
  node('n1', ['Hostname', 'n1'], ['InternalIP', '10.240.0.1'], ['ExternalIP', '203.0.113.1']),
  node('n2', ['InternalIP', '10.240.0.2'], ['InternalIP', 'fd00::2']),
  node('n3', ['Hostname', 'n3']),
];

test('a NodePort Service: an SRV for each named port, and the nodes', () => {
  const ports = [
    { name: 'http', port: 80, protocol: 'TCP', nodePort: 31574 },
    { port: 53, protocol: 'UDP', nodePort: 30053 },
  ];
  const annotations = { [`${prefix}hostname`]: 'web.example', [`${prefix}ttl`]: '30' };
  assert.deepEqual(texts(readNodePortNames(service({ type: 'NodePort', ports }, annotations), reachable)), [
    '_http._tcp.web.example 30 SRV 0 0 31574 n1.nodes.web.example., 0 0 31574 n2.nodes.web.example.',
    'n1.nodes.web.example 30 A 203.0.113.1',
    'n2.nodes.web.example 30 A 10.240.0.2 AAAA fd00::2',
  ]);
});

test('without a named port, a node or the type, there are no names', () => {
  const named = { type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 31574 }] };
  assert.deepEqual(readNodePortNames(service({ type: 'NodePort', ports: [{ port: 80, nodePort: 1 }] }), reachable), []);
  assert.deepEqual(readNodePortNames(service(named), []), []);
  assert.deepEqual(readNodePortNames(service({ ...named, type: 'ClusterIP' }), reachable), []);
});

test('odd slices and nodes give nothing, and never an exception', () => {
  const objects = fc.record({ metadata: fc.constant(metadata), endpoints: fc.anything(), status: fc.anything() });
  fc.assert(
    fc.property(objects, (object) => {
      const odd = object as ApiObject;
      readHeadlessNames(service({ clusterIP: 'None' }), [readEndpointSlice(odd)]);
      return readNode(odd).name === 'db';
    }),
  );
});
