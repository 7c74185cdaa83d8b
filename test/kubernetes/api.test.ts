// Our client against a real kube-apiserver: the ways to authenticate, patches of a status, Events, and the rights that
// they need. Cited by src/interop/kubernetes/client/kubernetes-api.ts.

import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { type ApiObject, identityOf, services } from '../../src/interop/kubernetes/client/api-object.ts';
import type { KubernetesApi, StatusPatch } from '../../src/interop/kubernetes/client/kubernetes-api.ts';
import type { NewEvent } from '../../src/interop/kubernetes/client/kubernetes-event.ts';
import { makeCertificate } from '../support/certificate.ts';
import {
  leastRights,
  loadBalancer,
  skipWithoutKubernetes,
  startCluster,
  type TestCluster,
} from '../support/kubernetes.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { temporaryFolder } from '../support/temporary.ts';

const pods = { group: '', version: 'v1', plural: 'pods' };
const finalizer = 'service.kubernetes.io/load-balancer-cleanup';

describe('the client of the Kubernetes API', { skip: skipWithoutKubernetes(), timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let cluster: TestCluster;
  let admin: KubernetesApi;
  /** A client with the rights of a controller. */
  let api: KubernetesApi;

  before(async () => {
    const certificate = await makeCertificate(await temporaryFolder(suite), 'controller');
    cluster = await startCluster(suite, { flags: ['--client-ca-file', certificate.cert] });
    const user = { 'client-certificate': certificate.cert, 'client-key': certificate.key };
    const kubeconfig = await cluster.writeKubeconfig('controller', user);
    admin = await cluster.api(suite);
    api = await cluster.api(suite, kubeconfig);
    await cluster.apply(...leastRights('controller'));
  });

  const patch = (object: ApiObject, change: StatusPatch, { uid = object.metadata.uid } = {}) =>
    api.patchStatus(services, { ...identityOf(object), uid }, object.metadata.resourceVersion, change);
  const addressed = (ip: string): StatusPatch => ({ status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } } });
  const get = (name: string) => admin.get(services, 'default', name);

  test('a status, annotations and finalizers are patched with the right to patch the status', async () => {
    await cluster.apply(loadBalancer('patched'));
    const object = await get('patched');
    const metadata = { annotations: { 'zonewright.io/pool': 'default' }, finalizers: [finalizer] };
    const after = await patch(object, { ...addressed('10.1.2.3'), metadata });
    assert.deepEqual(after.metadata.finalizers, [finalizer]);
    assert.equal(after.metadata.annotations?.['zonewright.io/pool'], 'default');
    assert.deepEqual(after.status, { loadBalancer: { ingress: [{ ip: '10.1.2.3', ipMode: 'VIP' }] } });
    const same = await patch(after, { ...addressed('10.1.2.3'), metadata });
    assert.equal(same.metadata.resourceVersion, after.metadata.resourceVersion, 'a patch that changes nothing');
    await cluster.kubectl(['delete', 'service', 'patched', '--wait=false']);
    const deleted = await get('patched');
    assert.ok(deleted.metadata.deletionTimestamp);
    await patch(deleted, { metadata: { finalizers: [] } });
    await assert.rejects(get('patched'), { code: 404, reason: 'NotFound' });
  });

  test('a patch for an object that has moved, was replaced or has gone is refused', async () => {
    await cluster.apply(loadBalancer('moved'));
    const old = await get('moved');
    await patch(old, addressed('10.1.2.3'));
    await assert.rejects(patch(old, addressed('10.1.2.4')), { name: 'KubernetesError', code: 409, reason: 'Conflict' });
    const current = await get('moved');
    const uid = '00000000-0000-0000-0000-000000000000';
    await assert.rejects(patch(current, addressed('10.1.2.4'), { uid }), { code: 422, reason: 'Invalid' });
    await cluster.kubectl(['delete', 'service', 'moved']);
    await assert.rejects(patch(current, addressed('10.1.2.4')), { code: 404, reason: 'NotFound' });
  });

  test('a status that the server does not take is refused with its message', async () => {
    await cluster.apply(loadBalancer('invalid'));
    await assert.rejects(patch(await get('invalid'), addressed('300.1.2.3')), /IP address.*422/s);
  });

  test('without a right, the refusal says which one is missing', async () => {
    await assert.rejects(api.get(services, 'default', 'invalid'), { code: 403, reason: 'Forbidden' });
    await assert.rejects(api.list(pods).next(), /User "controller" cannot list resource "pods"/);
    await assert.rejects(api.watch(pods, {}), { code: 403 });
  });

  test('objects are listed page by page, at one version', async () => {
    const namespace = 'many';
    const many = Array.from({ length: 25 }, (_, index) => loadBalancer(`s${index}`, {}, { namespace }));
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...many);
    const pages = await Array.fromAsync(api.list(services, { namespace, limit: 10 }));
    assert.deepEqual(
      pages.map(({ items }) => items.length),
      [10, 10, 5],
    );
    assert.equal(new Set(pages.map(({ resourceVersion }) => resourceVersion)).size, 1);
    const selected = await Array.fromAsync(
      api.list(services, { fieldSelector: 'metadata.name=s7,spec.type=LoadBalancer' }),
    );
    assert.deepEqual(
      selected.flatMap(({ items }) => items.map(({ metadata }) => metadata.name)),
      ['s7'],
    );
  });

  test('a version of the future is refused by a list', async () => {
    const listing = api.list(services, { notOlderThan: '999999999', limit: 1 }).next();
    await assert.rejects(listing, { code: 504, isVersionTooLarge: true });
  });

  test('an Event is written, and its series continued', async () => {
    await cluster.apply(loadBalancer('told'));
    const object = await get('told');
    const event: NewEvent = {
      regarding: { apiVersion: 'v1', kind: 'Service', ...identityOf(object) },
      type: 'Warning',
      reason: 'PoolFull',
      action: 'AllocateAddress',
      note: `${'ü'.repeat(2000)}`,
      controller: 'zonewright.io/controller',
      instance: 'replica-1',
      at: Date.now(),
    };
    const reference = await api.createEvent(event);
    const at = Date.now() + 1000;
    await api.patchEventSeries(reference, { count: 2, at });
    const text = await cluster.kubectl(['get', 'events.events.k8s.io', reference.name, '-o', 'json']);
    const stored = JSON.parse(text);
    assert.deepEqual([stored.reason, stored.type, stored.series.count], ['PoolFull', 'Warning', 2]);
    assert.equal(Date.parse(stored.series.lastObservedTime), at);
    assert.match(await cluster.kubectl(['describe', 'service', 'told']), /Warning +PoolFull/);
    await cluster.kubectl(['delete', 'events.events.k8s.io', reference.name]);
    await assert.rejects(api.patchEventSeries(reference, { count: 3, at }), { code: 404 });
  });

  test('a plugin and a token authenticate, and a wrong token is refused with 401', async (t) => {
    const folder = await temporaryFolder(t);
    const credential = (token: string) =>
      JSON.stringify({ kind: 'ExecCredential', apiVersion: 'client.authentication.k8s.io/v1', status: { token } });
    const plugin = join(folder, 'plugin');
    // Gives a wrong token when it runs first.
    const script = `#!/bin/sh\ncd ${folder}\nif [ -e ran ]; then echo '${credential('admin')}'; else echo '${credential('wrong')}'; fi\ntouch ran\n`;
    await writeFile(plugin, script);
    await chmod(plugin, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin };
    const byPlugin = await cluster.api(t, await cluster.writeKubeconfig('plugin', { exec }));
    assert.equal((await byPlugin.get(services, 'default', 'kubernetes')).metadata.name, 'kubernetes');
    const wrong = await cluster.api(t, await cluster.writeKubeconfig('wrong', { token: 'wrong' }));
    await assert.rejects(wrong.get(services, 'default', 'kubernetes'), { code: 401, reason: 'Unauthorized' });
  });
});
