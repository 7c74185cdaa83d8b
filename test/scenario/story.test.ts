// The story that must always work: create a pool, a zone, and a host without an address. When the 201 arrives, a
// workstation that knows only the company's resolver (a real BIND with its default DNSSEC validation) finds the address
// of the host by its name, and the name by the address.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { dig, skipWithoutNamed, startNamed } from '../support/named.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags, stores } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';

const zones = ['foowidgets.k8s', '17.172.in-addr.arpa'];

for (const { name, skip, prepare } of stores) {
  test(`on ${name} a new host is found both ways through the resolver, and is not found after it is deleted`, {
    skip: skip || skipWithoutNamed(),
  }, async (t) => {
    const folder = await temporaryFolder(t);
    const replica = await startReplica(t, join(folder, 'replica'), (await prepare(t)).flags);
    const resolver = await startNamed(t, join(folder, 'named'), zones, [replica.dns]);
    await preparePoolAndZone(replica);

    const host = await replica.expect<{ addresses: { address: string }[] }>(201, 'POST', '/v1/hosts', {
      name: 'nginx.foowidgets.k8s',
    });
    assert.equal(host.addresses[0]?.address, '172.17.200.100');
    assert.equal(await dig(resolver, '+short', 'nginx.foowidgets.k8s'), '172.17.200.100');
    assert.equal(await dig(resolver, '+short', '-x', '172.17.200.100'), 'nginx.foowidgets.k8s.');

    await replica.expect(204, 'DELETE', '/v1/hosts/nginx.foowidgets.k8s');
    assert.match(await dig(replica.dns, 'nginx.foowidgets.k8s'), /status: NXDOMAIN/);
    const reverse = await dig(replica.dns, '-x', '172.17.200.100');
    assert.match(reverse, /status: REFUSED/, 'the automatic reverse zone was not deleted with its last name');
  });
}

test('hosts created at either of two replicas on one etcd are found through the resolver, also after one is killed', {
  skip: skipWithoutEtcd() || skipWithoutNamed(),
}, async (t) => {
  const folder = await temporaryFolder(t);
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => startReplica(t, join(folder, name), [...etcdFlags(etcd), '--replica', name])),
  );
  assert.ok(one && two);
  const resolver = await startNamed(t, join(folder, 'named'), zones, [one.dns, two.dns]);
  await preparePoolAndZone(one);
  await one.expect(201, 'POST', '/v1/hosts', { name: 'nginx.foowidgets.k8s' });
  await two.expect(201, 'POST', '/v1/hosts', { name: 'web.foowidgets.k8s', aliases: ['www.foowidgets.k8s'] });
  assert.equal(await dig(resolver, '+short', 'nginx.foowidgets.k8s'), '172.17.200.100');
  assert.equal(await dig(resolver, '+short', 'web.foowidgets.k8s'), '172.17.200.101');

  const nameservers = (await dig(two.dns, '+short', 'NS', 'foowidgets.k8s')).split('\n');
  assert.deepEqual(nameservers, ['ns-one.foowidgets.k8s.', 'ns-two.foowidgets.k8s.']);

  await one.kill();
  await two.expect(201, 'POST', '/v1/hosts', { name: 'late.foowidgets.k8s' });
  assert.equal(await dig(resolver, '+short', 'late.foowidgets.k8s'), '172.17.200.102');
  assert.equal(await dig(resolver, '+short', 'www.foowidgets.k8s'), 'web.foowidgets.k8s.\n172.17.200.101');
  assert.equal(await dig(resolver, '+short', '-x', '172.17.200.102'), 'late.foowidgets.k8s.');
});

async function preparePoolAndZone(replica: Replica): Promise<void> {
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['172.17.200.100-172.17.200.125'] });
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
}
