// Whole replicas on an etcd cluster of three members, on each version of etcd. While the leader is killed, no address
// is allocated twice (promise 2). A replica that reaches only a member which is cut off still answers DNS (promise 4).

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type EtcdVersion, etcdVersions, startEtcdCluster } from '../support/etcd-cluster.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

interface Host {
  name: string;
  addresses: { address: string }[];
}

interface HostPage {
  items: Host[];
  nextCursor: string | null;
}

describe('replicas on a cluster', { concurrency: true }, () => {
  for (const version of etcdVersions) testVersion(version);
});

function testVersion({ name, binary, skip }: EtcdVersion): void {
  it(`three members of ${name}`, { skip }, async (t) => {
    const cluster = await startEtcdCluster(t, binary);
    const lone = cluster.members[2];
    const [one, two, three] = await startReplicas(t, [
      cluster.endpoints,
      cluster.endpoints.toReversed(),
      [lone.endpoint],
    ]);
    await one.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/22'] });
    await one.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
    for (const replica of [two, three]) await untilServed(replica, 'foowidgets.k8s', 'SOA');

    await t.test(
      'no address is held by two hosts when the leader is killed while three replicas allocate',
      async () => {
        const acknowledged = new Map<string, string>();
        let allocating = true;
        const clients = [one, two, three, one, two, three].map(async (replica, client) => {
          for (let round = 0; allocating; round += 1) {
            const host = `h${client}-${round}.foowidgets.k8s`;
            const { status, body } = await replica.request<Host>('POST', '/v1/hosts', { name: host });
            if (status === 201) acknowledged.set(host, body.addresses[0]?.address ?? '');
            else {
              assert.equal(status, 503, JSON.stringify(body));
              await delay(50);
            }
          }
        });
        const grows = async (by: number) => {
          const goal = acknowledged.size + by;
          await until(() => acknowledged.size >= goal, 'no more hosts are created', 60_000);
        };
        await grows(30);
        const leader = await cluster.leader();
        await leader.stop();
        // A replica whose only endpoint is the dead member waits for it. The other replicas continue.
        await grows(60);
        await leader.start();
        await grows(30);
        allocating = false;
        await Promise.all(clients);

        assert.equal(new Set(acknowledged.values()).size, acknowledged.size, 'an address was acknowledged twice');
        for (const [host, address] of acknowledged) {
          for (const replica of [one, two, three]) await untilServed(replica, host, 'A', [`A ${address}`]);
        }
        const hosts = await listHosts(one);
        const addresses = hosts.flatMap((host) => host.addresses.map(({ address }) => address));
        assert.ok(addresses.length >= acknowledged.size);
        assert.equal(new Set(addresses).size, addresses.length, 'an address is held twice');
      },
    );

    await t.test('a replica whose member is cut off refuses writes, answers DNS, and recovers', async () => {
      await one.expect(201, 'POST', '/v1/hosts', { name: 'before.foowidgets.k8s' });
      await untilServed(three, 'before.foowidgets.k8s', 'A');
      const before = answersOf(await three.ask('before.foowidgets.k8s', 'A'));
      lone.cutOff();
      try {
        for (let writes = 0; writes < 2; writes += 1) {
          const lost = await three.request('POST', '/v1/hosts', { name: `lost-${writes}.foowidgets.k8s` });
          assert.deepEqual([lost.status, lost.body.code], [503, 'store_unavailable']);
          assert.deepEqual(answersOf(await three.ask('before.foowidgets.k8s', 'A')), before);
        }
        await untilWritten(one, 'meanwhile-one.foowidgets.k8s');
        await untilWritten(two, 'meanwhile-two.foowidgets.k8s');
        assert.equal(
          (await three.ask('meanwhile-one.foowidgets.k8s', 'A')).rcode,
          'NXDOMAIN',
          'the replica is not cut off',
        );
      } finally {
        lone.rejoin();
      }
      for (const host of ['meanwhile-one', 'meanwhile-two']) await untilServed(three, `${host}.foowidgets.k8s`, 'A');
      await untilWritten(three, 'back.foowidgets.k8s');
      await untilServed(one, 'back.foowidgets.k8s', 'A');
      assert.deepEqual(
        (await listHosts(three)).map((host) => host.name).sort(),
        (await listHosts(one)).map((host) => host.name).sort(),
      );
    });
  });
}

async function startReplicas(test: Cleanup, endpoints: string[][]): Promise<[Replica, Replica, Replica]> {
  const folder = await temporaryFolder(test);
  const replicas = await Promise.all(
    endpoints.map((ours, number) => {
      const flags = ['--store', 'etcd', '--etcd-endpoints', ours.join(), '--replica', `r${number}`];
      return startReplica(test, join(folder, `r${number}`), [...flags, '--dns-threads', '1']);
    }),
  );
  return replicas as [Replica, Replica, Replica];
}

async function listHosts(replica: Replica): Promise<Host[]> {
  const hosts: Host[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: HostPage = await replica.expect<HostPage>(200, 'GET', `/v1/hosts?limit=500${query}`);
    hosts.push(...page.items);
    cursor = page.nextCursor;
  }
  return hosts;
}

async function untilWritten(replica: Replica, name: string): Promise<void> {
  await until(async () => {
    const { status, body } = await replica.request('POST', '/v1/hosts', { name });
    // A write that got a 503 may have been carried out.
    return status === 201 || body.code === 'name_taken';
  }, `${name} cannot be created`);
}

async function untilServed(replica: Replica, name: string, type: string, answers?: string[]): Promise<void> {
  const isServed = async () => {
    const served = answersOf(await replica.ask(name, type));
    return answers === undefined ? served.length > 0 : served.join() === answers.join();
  };
  await until(isServed, `${name} is not served`);
}
