// The controller of a cluster beside a real API server, with the real kubectl: what it writes to Services, when it
// writes nothing, and what it gives back.

import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { services } from '../../src/interop/kubernetes/client/api-object.ts';
import { ClusterController, type ControllerOptions } from '../../src/interop/kubernetes/cluster-controller.ts';
import { readService, type Service } from '../../src/interop/kubernetes/service.ts';
import { finalizer } from '../../src/interop/kubernetes/service-status.ts';
import {
  leastRights,
  loadBalancer,
  skipWithoutKubernetes,
  startCluster,
  type TestCluster,
} from '../support/kubernetes.ts';
import { type MemoryKeeper, memoryKeeper } from '../support/memory-keeper.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `10.0.0.${from + index}`);

interface Running {
  keeper: MemoryKeeper;
  controller: ClusterController;
  /** Returns a Service as the server has it. */
  get(name: string): Promise<Service>;
  /** Waits until a Service has this in its status. */
  has(name: string, ...ips: string[]): Promise<void>;
  events(name: string): Promise<{ reason: string; note: string; type: string; series?: { count: number } }[]>;
}

/** Starts a controller with no more rights than it needs, in the place of the default controller. */
async function run(
  t: Cleanup,
  cluster: TestCluster,
  keeper: MemoryKeeper,
  options: Partial<ControllerOptions> = {},
): Promise<Running> {
  const api = await cluster.api(t, await cluster.writeKubeconfig('controller', { token: 'controller' }));
  const admin = await cluster.api(t);
  const controller = new ClusterController({
    cluster: 'lab',
    api,
    keeper,
    rules: { class: 'zonewright.io/lb', isDefault: true },
    announce: 'status',
    graceSeconds: 5,
    names: {},
    instance: 'test',
    logger: pino({ level: 'silent' }),
    ...options,
  });
  let isClosed = false;
  t.after(async () => {
    if (!isClosed) await controller.close();
    isClosed = true;
  });
  const get = async (name: string) => readService(await admin.get(services, 'default', name));
  return {
    keeper,
    controller,
    get,
    has: (name, ...ips) =>
      until(async () => {
        const { ingress } = await get(name);
        return ingress.map(({ ip }) => ip).join() === ips.join();
      }, `${name} does not get ${ips.join()}`),
    events: async (name) => {
      const json = await cluster.kubectl(['get', 'events.events.k8s.io', '-o', 'json']);
      const { items } = JSON.parse(json) as { items: { regarding: { name: string } }[] };
      return items.filter(({ regarding }) => regarding.name === name) as never;
    },
  };
}

suite('the controller of a cluster', { skip: skipWithoutKubernetes() }, () => {
  const scope = suiteCleanup();
  let cluster: TestCluster;

  /** Starts a test without Services. */
  async function clean(t: TestContext): Promise<TestCluster> {
    if (cluster === undefined) {
      cluster = await startCluster(scope);
      await cluster.setTokens('controller');
      await cluster.stop();
      await cluster.start();
      await cluster.apply(...leastRights('controller'));
    }
    // The controller of the test still runs: it removes its finalizer.
    t.after(() => cluster.kubectl(['delete', 'services', '-l', 'component!=apiserver']));
    t.after(() => cluster.kubectl(['delete', 'events.events.k8s.io', '--all', '--wait=false']));
    return cluster;
  }

  test('a Service gets its address, ipMode, finalizer and one Event, by one patch', async (t) => {
    await clean(t);
    const { has, get, events, controller } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await cluster.apply(loadBalancer('web'));
    await has('web', '10.0.0.1');
    const service = await get('web');
    assert.deepEqual(service.ingress, [{ ip: '10.0.0.1', ipMode: 'VIP' }]);
    assert.deepEqual(service.finalizers, [finalizer]);
    await delay(300);
    assert.equal(controller.counts.patches, 1);
    assert.equal((await get('web')).resourceVersion, service.resourceVersion);
    await until(async () => (await events('web')).length > 0, 'there is no Event');
    assert.deepEqual(
      (await events('web')).map(({ reason, note, type }) => [type, reason, note]),
      [['Normal', 'AddressAllocated', 'has 10.0.0.1']],
    );
  });

  test('a deleted Service gives its address back, and goes', async (t) => {
    await clean(t);
    const { has, keeper } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await cluster.apply(loadBalancer('web'));
    await has('web', '10.0.0.1');
    // Waits until the object is gone.
    await cluster.kubectl(['delete', 'service', 'web']);
    assert.deepEqual(keeper.held(), {});
  });

  test('a Service of another type gives its address back, and loses the finalizer', async (t) => {
    await clean(t);
    const { has, get, keeper } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await cluster.apply(loadBalancer('web'));
    await has('web', '10.0.0.1');
    await cluster.kubectl(['patch', 'service', 'web', '-p', '{"spec":{"type":"ClusterIP"}}']);
    await until(async () => (await get('web')).finalizers.length === 0, 'the finalizer stays');
    assert.deepEqual(keeper.held(), {});
    const { annotations } = await get('web');
    assert.equal(annotations['zonewright.io/addresses'], undefined);
  });

  test('addresses in the status are adopted before anything new is given', async (t) => {
    await clean(t);
    const admin = await cluster.api(t);
    await cluster.apply(loadBalancer('new'), loadBalancer('old'));
    const { resourceVersion, ...identity } = readService(await admin.get(services, 'default', 'old'));
    const ingress = [{ ip: '10.0.0.1', ipMode: 'VIP' }];
    await admin.patchStatus(services, identity, resourceVersion, { status: { loadBalancer: { ingress } } });
    const { has, keeper } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await has('new', '10.0.0.2');
    assert.deepEqual(keeper.held(), { '10.0.0.1': 'lab/default/Service/old', '10.0.0.2': 'lab/default/Service/new' });
  });

  test('what was deleted while nobody looked is given back', async (t) => {
    await clean(t);
    const keeper = memoryKeeper(range(1, 9));
    const first = await run(t, cluster, keeper);
    await cluster.apply(loadBalancer('web'), loadBalancer('kept'));
    await until(() => Object.keys(keeper.held()).length === 2, 'they get no addresses');
    const address = (await first.get('kept')).ingress[0]?.ip;
    await first.has('kept', Object.keys(keeper.held()).find((one) => keeper.held()[one]?.endsWith('kept')) as string);
    await first.controller.close();
    await cluster.kubectl(['patch', 'service', 'web', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    await cluster.kubectl(['delete', 'service', 'web']);
    await run(t, cluster, keeper);
    await until(() => Object.keys(keeper.held()).length === 1, 'the address is not given back');
    assert.deepEqual(Object.values(keeper.held()), ['lab/default/Service/kept']);
    assert.ok(address === undefined || keeper.held()[address] !== undefined);
  });

  test('the next leader writes and tells nothing again', async (t) => {
    await clean(t);
    const keeper = memoryKeeper(range(1, 9));
    const first = await run(t, cluster, keeper);
    await cluster.apply(loadBalancer('web'));
    await first.has('web', '10.0.0.1');
    await until(async () => (await first.events('web')).length === 1, 'there is no Event');
    await first.controller.close();
    const puts = keeper.puts;
    const second = await run(t, cluster, keeper);
    await until(() => keeper.puts > puts && second.controller.counts.waiting === 0, 'it is not decided again');
    await delay(300);
    assert.equal(second.controller.counts.patches, 0);
    assert.equal((await second.events('web')).length, 1);
  });

  test('two controllers at once write what one would write', async (t) => {
    await clean(t);
    const keeper = memoryKeeper(range(1, 30));
    const one = await run(t, cluster, keeper);
    const other = await run(t, cluster, keeper);
    const names = Array.from({ length: 20 }, (_, index) => `s${index}`);
    await cluster.apply(...names.map((name) => loadBalancer(name)));
    const isIdle = () => one.controller.counts.waiting + other.controller.counts.waiting === 0;
    await until(() => Object.keys(keeper.held()).length === 20 && isIdle(), 'not all are served');
    for (const [address, holder] of Object.entries(keeper.held()))
      await one.has(holder.replace('lab/default/Service/', ''), address);
    await cluster.kubectl(['delete', 'services', ...names]);
    await until(() => Object.keys(keeper.held()).length === 0, 'not all are given back');
  });

  test('with MetalLB as the announcer, it is asked by its annotation and writes the status', async (t) => {
    await clean(t);
    const rules = { class: undefined, isDefault: true };
    const { get, has, keeper } = await run(t, cluster, memoryKeeper(range(1, 9)), { announce: 'metallb', rules });
    await cluster.apply(loadBalancer('web'));
    const asked = async () => (await get('web')).annotations['metallb.io/loadBalancerIPs'];
    await until(async () => (await asked()) === '10.0.0.1', 'MetalLB is not asked');
    assert.deepEqual((await get('web')).ingress, []);
    assert.deepEqual((await get('web')).finalizers, []);
    const patch = '{"status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.1"}]}}}';
    await cluster.kubectl(['patch', 'service', 'web', '--subresource=status', '--type=merge', '-p', patch]);
    // The annotation is ours, and no wish of the user: beside it, spec.loadBalancerIP is one.
    await cluster.kubectl(['patch', 'service', 'web', '-p', '{"spec":{"loadBalancerIP":"10.0.0.7"}}']);
    await until(async () => (await asked()) === undefined, 'MetalLB would refuse both');
    await until(() => keeper.held()['10.0.0.7'] !== undefined, 'the address is not given');
    await has('web', '10.0.0.1');
  });

  test('pool full: an Event says so once, and the oldest is served when something is free', async (t) => {
    await clean(t);
    const { has, get, events, keeper } = await run(t, cluster, memoryKeeper(range(1, 1)));
    await cluster.apply(loadBalancer('a'));
    await has('a', '10.0.0.1');
    await cluster.apply(loadBalancer('second'));
    // Times of creation have whole seconds.
    await delay(1100);
    await cluster.apply(loadBalancer('third'));
    await until(async () => (await events('third')).length > 0, 'there is no Event');
    await delay(1500);
    assert.deepEqual(
      (await events('second')).map(({ reason, note, type }) => [type, reason, note]),
      [['Warning', 'PoolExhausted', 'the pool has 1 addresses']],
    );
    await cluster.kubectl(['delete', 'service', 'a']);
    await has('second', '10.0.0.1');
    assert.deepEqual((await get('third')).ingress, []);
    keeper.resize(range(1, 2));
    await has('third', '10.0.0.2');
  });

  test('another controller writes the status: nothing more is written, with an Event', async (t) => {
    await clean(t);
    const { has, get, events, controller } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await cluster.apply(loadBalancer('web'));
    await has('web', '10.0.0.1');
    const patch = '{"status":{"loadBalancer":{"ingress":[{"ip":"10.9.9.9"}]}}}';
    await cluster.kubectl(['patch', 'service', 'web', '--subresource=status', '--type=merge', '-p', patch]);
    await until(
      async () => (await events('web')).some(({ reason }) => reason === 'StatusOfAnother'),
      'it is not noticed',
    );
    await delay(300);
    assert.deepEqual((await get('web')).ingress, [{ ip: '10.9.9.9', ipMode: 'VIP' }]);
    assert.equal(controller.counts.patches, 1);
    const emptied = '{"status":{"loadBalancer":null}}';
    await cluster.kubectl(['patch', 'service', 'web', '--subresource=status', '--type=merge', '-p', emptied]);
    await has('web', '10.0.0.1');
  });

  test('a bad annotation is told, and the Service keeps what it has', async (t) => {
    await clean(t);
    const { has, get, events } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await cluster.apply(loadBalancer('web'));
    await has('web', '10.0.0.1');
    await cluster.kubectl(['annotate', 'service', 'web', 'metallb.io/loadBalancerIPs=x']);
    await until(
      async () => (await events('web')).some(({ note }) => note.includes("'x' is not an IP address")),
      'there is no Event',
    );
    assert.deepEqual((await get('web')).ingress, [{ ip: '10.0.0.1', ipMode: 'VIP' }]);
  });

  test('a Service of another class, and one with the finalizer of others, are left alone', async (t) => {
    await clean(t);
    const { has, get, controller } = await run(t, cluster, memoryKeeper(range(1, 9)));
    await cluster.apply(
      loadBalancer('other', { loadBalancerClass: 'example.com/lb' }, { finalizers: [finalizer] }),
      loadBalancer('mine', { loadBalancerClass: 'zonewright.io/lb' }),
    );
    await has('mine', '10.0.0.1');
    assert.deepEqual((await get('other')).ingress, []);
    assert.deepEqual((await get('other')).finalizers, [finalizer]);
    assert.equal(controller.counts.patches, 1);
    await cluster.kubectl(['patch', 'service', 'other', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
  });

  test('it goes on after failures of the store and a restart of the API server', async (t) => {
    await clean(t);
    const { has, keeper } = await run(t, cluster, memoryKeeper(range(1, 9)));
    keeper.failNext(3);
    await cluster.apply(loadBalancer('web'));
    await has('web', '10.0.0.1');
    await cluster.stop();
    await cluster.start();
    await cluster.apply(loadBalancer('next'));
    await has('next', '10.0.0.2');
  });

  test('a deleted Service with a name keeps it for a while: a successor of the same name has address and name', async (t) => {
    await clean(t);
    const { has, get, keeper } = await run(t, cluster, memoryKeeper(range(1, 9)), { graceSeconds: 2 });
    const annotations = { 'external-dns.alpha.kubernetes.io/hostname': 'web.foowidgets.k8s' };
    const web = loadBalancer('web', {}, { annotations });
    await cluster.apply(loadBalancer('first'));
    await has('first', '10.0.0.1');
    await cluster.apply(web);
    await has('web', '10.0.0.2');
    const { uid } = await get('web');
    await cluster.kubectl(['delete', 'service', 'first', 'web']);
    assert.deepEqual(Object.keys(keeper.held()), ['10.0.0.2']);
    await cluster.apply(web);
    await has('web', '10.0.0.2');
    assert.notEqual((await get('web')).uid, uid);
    await delay(2500);
    assert.deepEqual(Object.keys(keeper.held()), ['10.0.0.2']);
    await cluster.kubectl(['delete', 'service', 'web']);
    assert.deepEqual(Object.keys(keeper.held()), ['10.0.0.2']);
    await until(() => Object.keys(keeper.held()).length === 0, 'the name is never given back');
  });

  test('300 Services at once: all served, each by one patch', async (t) => {
    await clean(t);
    const many = Array.from({ length: 300 }, (_, index) => `s${index}`);
    const pool = many.map((_, index) => `10.1.${index >> 8}.${index & 255}`);
    const items = many.map((name) => loadBalancer(name, { allocateLoadBalancerNodePorts: false }));
    // kubectl itself sends only 50 requests a second.
    await cluster.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const { keeper, controller } = await run(t, cluster, memoryKeeper(pool));
    const isDone = () => Object.keys(keeper.held()).length === many.length && controller.counts.waiting === 0;
    await until(isDone, 'not all are served');
    await delay(500);
    assert.equal(controller.counts.patches, many.length);
    await cluster.kubectl(['delete', 'services', '-l', 'component!=apiserver', '--wait=false']);
    await until(() => Object.keys(keeper.held()).length === 0, 'not all are given back');
  });
});
