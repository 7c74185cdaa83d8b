// A replica that was killed and started again serves all changes that it had acknowledged. It is not ready before.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { stores } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

for (const { name, skip, prepare } of stores) {
  test(`on ${name} a replica that was killed while it created hosts serves every acknowledged host after a restart`, {
    skip,
  }, async (t) => {
    const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), (await prepare(t)).flags);
    await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/20'] });
    await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });

    const acknowledged = new Map<string, string>();
    const enough = Promise.withResolvers<void>();
    let next = 0;
    const create = async (): Promise<void> => {
      for (;;) {
        const host = `host-${next++}.foowidgets.k8s`;
        const answer = await replica
          .request<{ addresses: { address: string }[] }>('POST', '/v1/hosts', { name: host })
          .catch(() => undefined);
        if (answer?.status !== 201) return;
        acknowledged.set(host, answer.body.addresses[0]?.address ?? '');
        if (acknowledged.size === 300) enough.resolve();
      }
    };
    const creators = Array.from({ length: 8 }, create);
    await enough.promise;
    await replica.kill();
    await Promise.all(creators);
    await replica.start();

    assert.ok(acknowledged.size >= 300);
    assert.equal(new Set(acknowledged.values()).size, acknowledged.size, 'an address was allocated twice');
    for (const [host, address] of acknowledged) {
      assert.deepEqual(answersOf(await replica.ask(host, 'A')), [`A ${address}`]);
    }
    const { items } = await replica.expect<{ items: { name: string }[] }>(200, 'GET', '/v1/hosts?limit=1000');
    for (const host of items) assert.equal((await replica.ask(host.name, 'A')).rcode, 'NOERROR');
    assert.equal(await replica.stop(), 0, 'the replica did not end with 0 after SIGTERM');
  });
}

test('without its store a replica is alive, not ready, and not listening for DNS', async (t) => {
  const folder = join(await temporaryFolder(t), 'replica');
  const flags = ['--store', 'etcd', '--etcd-endpoints', 'http://127.0.0.1:1', '--log-level', 'debug'];
  const replica = await startReplica(t, folder, flags, 'http');
  assert.equal((await replica.request('GET', '/healthz')).status, 200);
  const ready = await replica.request('GET', '/readyz');
  assert.deepEqual(
    [ready.status, ready.body.code, ready.body.waitingFor],
    [503, 'store_unavailable', ['views from etcd', 'dns']],
  );
  const write = await replica.request('POST', '/v1/hosts', { name: 'nginx.foowidgets.k8s' });
  assert.deepEqual([write.status, write.body.code], [503, 'store_unavailable']);
  await until(() => logged(replica, 20).length >= 2, 'the replica does not try a second time', 60_000);
  assert.equal(logged(replica, 40).length, 1, 'the error is not logged exactly once');
  assert.doesNotMatch(replica.log(), /Resolution note/);
  assert.equal(await replica.stop(), 0);
});

/** Returns the log lines of this level that say that the store cannot be read. */
function logged(replica: Replica, level: number): string[] {
  const lines = replica.log().split('\n');
  return lines.filter((line) => line.includes(`"level":${level},`) && line.includes('the store cannot be read'));
}
