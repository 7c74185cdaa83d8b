// Services as the API server sends them, and as a broken one might.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ApiObject } from '../../../src/interop/kubernetes/client/api-object.ts';
import { readService } from '../../../src/interop/kubernetes/service.ts';

const metadata = { namespace: 'default', name: 'nginx', uid: 'u1', resourceVersion: '7' };

/** What is read of a Service without a spec. */
const bare = {
  namespace: 'default',
  name: 'nginx',
  uid: 'u1',
  resourceVersion: '7',
  createdAt: '',
  isDeleting: false,
  labels: {},
  annotations: {},
  finalizers: [],
  type: 'ClusterIP',
  isHeadless: false,
  clusterIPs: [],
  externalIPs: [],
  families: [],
  familyPolicy: 'SingleStack',
  ports: [],
  isLocal: false,
  selector: {},
  ingress: [],
};

test('a LoadBalancer as kube-apiserver 1.37 sends it', () => {
  const service = readService({
    metadata: {
      ...metadata,
      creationTimestamp: '2026-12-01T02:00:00Z',
      deletionTimestamp: '2026-12-01T03:00:00Z',
      labels: { app: 'web' },
      annotations: { 'metallb.io/address-pool': 'lan', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'zonewright.io/lb',
      loadBalancerIP: '300.1.1.1',
      allocateLoadBalancerNodePorts: true,
      clusterIP: '10.96.0.7',
      clusterIPs: ['10.96.0.7', 'fd00:96::7'],
      externalIPs: ['80.11.12.10'],
      externalTrafficPolicy: 'Local',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4', 'IPv6'],
      ipFamilyPolicy: 'PreferDualStack',
      ports: [
        { name: 'dns', nodePort: 31574, port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', nodePort: 0, port: 53, protocol: 'TCP', targetPort: 'dns' },
      ],
      selector: { run: 'nginx' },
      sessionAffinity: 'None',
    },
    status: {
      loadBalancer: { ingress: [{ ip: '172.17.200.100', ipMode: 'VIP' }, { hostname: 'lb.example.com' }] },
    },
  });
  assert.deepEqual(service, {
    ...bare,
    createdAt: '2026-12-01T02:00:00Z',
    isDeleting: true,
    labels: { app: 'web' },
    annotations: { 'metallb.io/address-pool': 'lan' },
    finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
    type: 'LoadBalancer',
    loadBalancerClass: 'zonewright.io/lb',
    loadBalancerIP: '300.1.1.1',
    clusterIPs: ['10.96.0.7', 'fd00:96::7'],
    externalIPs: ['80.11.12.10'],
    families: ['ipv4', 'ipv6'],
    familyPolicy: 'PreferDualStack',
    ports: [
      { name: 'dns', nodePort: 31574, port: 53, protocol: 'udp' },
      { name: 'dns-tcp', port: 53, protocol: 'tcp' },
    ],
    isLocal: true,
    selector: { run: 'nginx' },
    ingress: [{ ip: '172.17.200.100', ipMode: 'VIP' }, { hostname: 'lb.example.com' }],
  });
});

test('a headless Service and an ExternalName', () => {
  const read = (spec: object) => readService({ metadata, spec });
  assert.equal(read({ clusterIP: 'None', clusterIPs: ['None'] }).isHeadless, true);
  assert.deepEqual(read({ clusterIP: 'None', clusterIPs: ['None'] }).clusterIPs, []);
  assert.deepEqual(read({ type: 'ExternalName', externalName: 'db.example.com' }), {
    ...bare,
    type: 'ExternalName',
    externalName: 'db.example.com',
  });
});

test('a server without clusterIPs is read by clusterIP', () => {
  assert.deepEqual(readService({ metadata, spec: { clusterIP: '10.96.0.7' } }).clusterIPs, ['10.96.0.7']);
});

test('what is missing or of another type counts as not there', () => {
  const odd = [undefined, null, 7, 'x', [], [null], { type: 7, ports: 'x', clusterIPs: [null, 7, 'x'] }];
  for (const spec of odd) assert.deepEqual(readService({ metadata, spec, status: spec }), bare);
  const objects = fc.record({ metadata: fc.constant(metadata), spec: fc.anything(), status: fc.anything() });
  fc.assert(fc.property(objects, (object) => readService(object as ApiObject) !== undefined));
});
