// What is written to a Service, and when nothing is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readService } from '../../../src/interop/kubernetes/service.ts';
import { finalizer, foreignStatus, patchOf, releasePatchOf } from '../../../src/interop/kubernetes/service-status.ts';
import type { Address } from '../../../src/model/address.ts';

const given = 'zonewright.io/addresses';
const asked = 'metallb.io/loadBalancerIPs';
const one = ['10.0.0.1' as Address];
const two = ['10.0.0.1', 'fd00::1'] as Address[];

function service(metadata: object = {}, ingress: object[] = [], spec: object = {}) {
  return readService({
    metadata: { namespace: 'default', name: 'nginx', uid: 'u1', resourceVersion: '1', ...metadata },
    spec: { type: 'LoadBalancer', ...spec },
    status: { loadBalancer: { ingress } },
  });
}

const vip = (ip: string) => ({ ip, ipMode: 'VIP' });
const served = { annotations: { [given]: '10.0.0.1' }, finalizers: ['x/y', finalizer] };

test('a new Service gets status, finalizer and annotation in one patch', () => {
  assert.deepEqual(patchOf(service({ finalizers: ['x/y'] }), two, 'status'), {
    status: { loadBalancer: { ingress: [vip('10.0.0.1'), vip('fd00::1')] } },
    metadata: { annotations: { [given]: '10.0.0.1,fd00::1' }, finalizers: ['x/y', finalizer] },
  });
});

test('a Service that has all of it is not written, also if the server has no ipMode', () => {
  assert.equal(patchOf(service(served, [vip('10.0.0.1')]), one, 'status'), undefined);
  assert.equal(patchOf(service(served, [{ ip: '10.0.0.1' }]), one, 'status'), undefined);
  assert.equal(patchOf(service(), [], 'status'), undefined);
});

test('only what differs is written', () => {
  assert.deepEqual(patchOf(service(served), one, 'status'), {
    status: { loadBalancer: { ingress: [vip('10.0.0.1')] } },
    metadata: {},
  });
  assert.deepEqual(patchOf(service(served, [{ ip: '10.0.0.1', ipMode: 'Proxy' }]), one, 'status')?.status, {
    loadBalancer: { ingress: [vip('10.0.0.1')] },
  });
  assert.deepEqual(patchOf(service(served, [vip('10.0.0.1')]), [], 'status'), {
    status: { loadBalancer: { ingress: null } },
    metadata: { annotations: { [given]: null } },
  });
});

test('MetalLB is asked by its annotation, and writes the status itself', () => {
  assert.deepEqual(patchOf(service(), one, 'metallb'), {
    metadata: { annotations: { [given]: '10.0.0.1', [asked]: '10.0.0.1' } },
  });
  const own = { annotations: { [given]: '10.0.0.1', [asked]: '10.0.0.1' } };
  assert.equal(patchOf(service(own, [vip('10.0.0.1')]), one, 'metallb'), undefined);
  assert.deepEqual(patchOf(service(own), ['10.0.0.2' as Address], 'metallb'), {
    metadata: { annotations: { [given]: '10.0.0.2', [asked]: '10.0.0.2' } },
  });
  const ofUser = service({ annotations: { [asked]: '10.0.0.1' } });
  assert.deepEqual(patchOf(ofUser, one, 'metallb'), { metadata: { annotations: { [given]: '10.0.0.1' } } });
  const bySpec = service({}, [], { loadBalancerIP: '10.0.0.1' });
  assert.deepEqual(patchOf(bySpec, one, 'metallb'), { metadata: { annotations: { [given]: '10.0.0.1' } } });
});

test('a deleted Service loses status, annotation and our finalizer, and keeps those of others', () => {
  const deleted = { ...served, deletionTimestamp: '2026-12-01T03:00:00Z' };
  assert.deepEqual(releasePatchOf(service(deleted, [vip('10.0.0.1')])), {
    status: { loadBalancer: { ingress: null } },
    metadata: { annotations: { [given]: null }, finalizers: ['x/y'] },
  });
  assert.equal(releasePatchOf(service({ ...deleted, finalizers: ['x/y'] })), undefined);
});

test('a Service of another type loses the finalizer; without our annotation, the finalizer is not ours', () => {
  assert.deepEqual(releasePatchOf(service(served, [], { type: 'ClusterIP' })), {
    metadata: { annotations: { [given]: null }, finalizers: ['x/y'] },
  });
  assert.equal(releasePatchOf(service({ finalizers: [finalizer] }, [], { type: 'ClusterIP' })), undefined);
});

test('the status of another controller is noticed', () => {
  assert.equal(foreignStatus(service(served, [vip('10.0.0.9')])), '10.0.0.9');
  assert.equal(foreignStatus(service(served, [{ hostname: 'lb.example.com' }])), 'lb.example.com');
  assert.equal(foreignStatus(service(served, [vip('10.0.0.1')])), undefined);
  assert.equal(foreignStatus(service(served)), undefined);
  assert.equal(foreignStatus(service({}, [vip('10.0.0.9')])), undefined, 'nothing was given yet');
});
