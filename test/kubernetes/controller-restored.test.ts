// The controller of a cluster whose API server is stopped, compacted, or restored from a backup.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pino } from 'pino';
import { services } from '../../src/interop/kubernetes/client/api-object.ts';
import { ClusterController } from '../../src/interop/kubernetes/cluster-controller.ts';
import { readService } from '../../src/interop/kubernetes/service.ts';
import { loadBalancer, skipWithoutKubernetes, startCluster } from '../support/kubernetes.ts';
import { memoryKeeper } from '../support/memory-keeper.ts';
import { until } from '../support/until.ts';

suite('a controller beside an API server that loses something', { skip: skipWithoutKubernetes() }, () => {
  test('what the server has is what has addresses, after each loss', { timeout: 180_000 }, async (t) => {
    const cluster = await startCluster(t);
    const admin = await cluster.api(t);
    const keeper = memoryKeeper(Array.from({ length: 20 }, (_, index) => `10.0.0.${index + 1}`));
    const controller = new ClusterController({
      cluster: 'lab',
      api: await cluster.api(t),
      keeper,
      rules: { class: 'zonewright.io/lb', isDefault: true },
      announce: 'status',
      graceSeconds: 5,
      names: {},
      instance: 'test',
      logger: pino({ level: 'silent' }),
    });
    t.after(() => controller.close());

    /** Counts again: every Service has what its status says, and nothing else is held. */
    const agree = async (...names: string[]) => {
      let difference = '';
      const check = async () => {
        const found: Record<string, string> = {};
        for await (const { items } of admin.list(services))
          for (const object of items) {
            const { name, ingress } = readService(object);
            for (const { ip = '' } of ingress) found[ip] = `lab/default/Service/${name}`;
          }
        const [status, held] = [found, keeper.held()].map((one) => JSON.stringify(Object.entries(one).sort()));
        difference = `status ${status}, held ${held}`;
        const holders = Object.values(keeper.held()).map((one) => one.replace('lab/default/Service/', ''));
        return status === held && holders.sort().join() === names.join();
      };
      await until(check, 'no agreement', 60_000).catch((error: unknown) => {
        throw new Error(difference, { cause: error });
      });
    };

    await cluster.apply(loadBalancer('a'), loadBalancer('b'));
    await agree('a', 'b');
    const saved = await cluster.save();
    await cluster.apply(loadBalancer('c'));
    await cluster.kubectl(['delete', 'service', 'b']);
    await agree('a', 'c');
    const before = keeper.held();

    await cluster.restore(saved);
    await agree('a', 'b');
    const addressOf = (held: Record<string, string>, name: string) =>
      Object.keys(held).find((one) => held[one]?.endsWith(`/${name}`));
    assert.equal(addressOf(keeper.held(), 'a'), addressOf(before, 'a'));

    await cluster.apply(loadBalancer('d'));
    await agree('a', 'b', 'd');
    await cluster.stop();
    await cluster.compact();
    await cluster.start();
    await cluster.apply(loadBalancer('e'));
    await cluster.kubectl(['delete', 'service', 'd']);
    await agree('a', 'b', 'e');
  });
});
