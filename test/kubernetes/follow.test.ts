// Following Services of a real kube-apiserver: changes, ends of streams, silence, rotated tokens, restarts, compaction
// and a restore. Cited by src/interop/kubernetes/client/follow-resource.ts.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { FollowTimes } from '../../src/interop/kubernetes/client/follow-resource.ts';
import { findEtcd } from '../support/etcd.ts';
import { followServices } from '../support/followed-resource.ts';
import {
  leastRights,
  loadBalancer,
  skipWithoutKubernetes,
  startCluster,
  type TestCluster,
} from '../support/kubernetes.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const skip = skipWithoutKubernetes();
const onlyOurs = { namespace: 'default', fieldSelector: 'spec.type=LoadBalancer' };

describe('following Services', { skip, timeout: 300_000 }, () => {
  const suite = suiteCleanup();
  let cluster: TestCluster;

  before(async () => {
    cluster = await startCluster(suite);
    await cluster.setTokens('first', 'second');
    await cluster.apply(...leastRights('first'));
    // The server reads its tokens when it starts.
    await cluster.stop();
    await cluster.start();
  });

  const remove = (...names: string[]) => cluster.kubectl(['delete', 'service', '--ignore-not-found', ...names]);
  const follow = async (t: Cleanup, times: Partial<FollowTimes> = {}, kubeconfig = cluster.kubeconfig) =>
    followServices(t, await cluster.api(t, kubeconfig), { ...onlyOurs, times });

  test('list and watch are rights enough', async (t) => {
    const { ends, told } = await follow(t, {}, await cluster.writeKubeconfig('first', { token: 'first' }));
    await ends('all');
    await cluster.apply(loadBalancer('a'));
    await ends('changed a');
    await remove('a');
    await ends('deleted a');
    assert.deepEqual(told, ['all', 'changed a', 'deleted a']);
  });

  test('a Service that leaves the selection is told as deleted', async (t) => {
    const { ends } = await follow(t);
    await ends('all');
    await cluster.apply(loadBalancer('a'));
    await ends('changed a');
    const patch = JSON.stringify({ spec: { type: 'ClusterIP' } });
    await cluster.kubectl(['patch', 'service', 'a', '--type=merge', '-p', patch]);
    await ends('deleted a');
    await remove('a');
  });

  test('without rights it says so, and goes on when it has them', async (t) => {
    const { follower, ends } = await follow(t, {}, await cluster.writeKubeconfig('second', { token: 'second' }));
    await until(() => follower.state.trouble !== undefined, 'no trouble');
    assert.match(follower.state.trouble?.message ?? '', /User "second" cannot (list|watch) resource "services".*403/);
    assert.equal(follower.state.isListed, false);
    await cluster.apply(...leastRights('second'));
    await ends('all');
  });

  test('a resource that the server does not have is told by the state', async (t) => {
    const resource = { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'gateways' };
    const { follower } = followServices(t, await cluster.api(t), { resource });
    await until(() => follower.state.trouble !== undefined, 'no trouble');
    assert.equal((follower.state.trouble as { code?: number } | undefined)?.code, 404);
  });

  test('a connection that passes nothing any more is noticed, and nothing is missed', async (t) => {
    const proxy = await startTcpProxy(t, cluster.port);
    const kubeconfig = await cluster.writeKubeconfig('proxied', { token: 'admin' }, proxy.port);
    const { ends, follower } = await follow(t, { silenceMilliseconds: 2000 }, kubeconfig);
    await ends('all');
    await cluster.apply(loadBalancer('before'));
    await ends('changed before');
    proxy.silence();
    await cluster.apply(loadBalancer('meanwhile'));
    await remove('before');
    await ends('deleted before', 'all meanwhile');
    await until(() => follower.state.inContactSince !== undefined, 'no contact');
    await remove('meanwhile');
    await ends('deleted meanwhile');
  });

  test('a connection that breaks is opened again, and it goes on from the last version', async (t) => {
    const proxy = await startTcpProxy(t, cluster.port);
    const kubeconfig = await cluster.writeKubeconfig('proxied', { token: 'admin' }, proxy.port);
    const { ends, told } = await follow(t, {}, kubeconfig);
    await ends('all');
    proxy.cut();
    await cluster.apply(loadBalancer('meanwhile'));
    await ends('changed meanwhile');
    assert.deepEqual(told, ['all', 'changed meanwhile']);
    await remove('meanwhile');
  });

  test('a token that rotates while the server is away is read again', async (t) => {
    const tokenFile = join(await temporaryFolder(t), 'token');
    await writeFile(tokenFile, 'first');
    const { ends, told } = await follow(t, {}, await cluster.writeKubeconfig('rotating', { tokenFile }));
    await ends('all');
    await cluster.stop();
    await cluster.setTokens('second');
    await writeFile(tokenFile, 'second');
    await cluster.start();
    await cluster.apply(loadBalancer('rotated'));
    await until(() => told.at(-1)?.endsWith('rotated') === true, `not told: ${told}`);
    await cluster.setTokens('first', 'second');
    await remove('rotated');
  });

  for (const [name, maxResumeMilliseconds] of [
    ['the version that it had', 3_600_000],
    ['a new list, after an outage that is long enough for a restore', 0],
  ] as const)
    test(`a server that stops, is compacted and starts again is followed from ${name}`, async (t) => {
      await cluster.apply(loadBalancer('stays'), loadBalancer('gone'));
      const proxy = await startTcpProxy(t, cluster.port);
      const kubeconfig = await cluster.writeKubeconfig('proxied', { token: 'admin' }, proxy.port);
      const { ends, follower, told } = await follow(t, { maxResumeMilliseconds }, kubeconfig);
      await ends('all gone stays');
      proxy.refuse(true);
      proxy.cut();
      await remove('gone');
      await cluster.apply(loadBalancer('new'));
      await cluster.compact();
      await cluster.stop();
      await until(() => follower.state.inContactSince === undefined, 'still in contact');
      await cluster.start();
      proxy.refuse(false);
      await ends('deleted gone', 'all new stays');
      assert.deepEqual(told, ['all gone stays', 'deleted gone', 'all new stays']);
      await remove('stays', 'new');
    });
});

describe('following Services of a restored server', { skip, timeout: 300_000 }, () => {
  test('what is no longer there is told as deleted, and later changes are told', async (t) => {
    const cluster = await startCluster(t);
    await cluster.apply(loadBalancer('kept'));
    const saved = await cluster.save();
    const { ends } = followServices(t, await cluster.api(t), {
      ...onlyOurs,
      // Else it would list again for the length of the outage, before it asks whether the version is known.
      times: { maxResumeMilliseconds: 3_600_000 },
    });
    await ends('all kept');
    // The restored server must not come to this version soon.
    for (let round = 0; round < 5; round += 1)
      await cluster.apply(...Array.from({ length: 40 }, (_, index) => loadBalancer(`lost-${round}-${index}`)));
    await ends('changed lost-4-39');
    await cluster.restore(saved);
    await ends('all kept');
    await cluster.apply(loadBalancer('later'));
    await ends('changed later');
  });
});

describe('following Services of a server without WatchList', { skip, timeout: 300_000 }, () => {
  const servers: [name: string, options: Parameters<typeof startCluster>[1]][] = [
    ['whose feature gate is off', { flags: ['--feature-gates=WatchList=false'] }],
    ['whose etcd is too old', { etcd: findEtcd() }],
  ];
  for (const [name, options] of servers)
    test(`a server ${name} is listed, then watched`, async (t) => {
      const cluster = await startCluster(t, options);
      await cluster.apply(loadBalancer('a'), loadBalancer('b'));
      const { ends, told, follower } = followServices(t, await cluster.api(t), onlyOurs);
      await ends('all a b');
      await cluster.apply(loadBalancer('c'));
      await ends('changed c');
      await cluster.kubectl(['delete', 'service', 'a']);
      await ends('deleted a');
      assert.deepEqual(told, ['all a b', 'changed c', 'deleted a']);
      assert.equal(follower.state.trouble, undefined);
    });
});
