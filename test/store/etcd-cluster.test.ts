// The store on an etcd cluster of three members, on each version of etcd: races, a killed leader, and a member that is
// cut off. etcd.test.ts tests a lone etcd, test/scenario/etcd-cluster.test.ts whole replicas on a cluster.

import assert from 'node:assert/strict';
import { after as afterAll, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { joinCluster } from '../../src/cluster/membership.ts';
import { after, type Revision } from '../../src/model/revision.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { memberKey } from '../../src/store/kinds/member.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import {
  type EtcdCluster,
  type EtcdMember,
  type EtcdVersion,
  etcdVersions,
  startEtcdCluster,
} from '../support/etcd-cluster.ts';
import { assertFiveSeconds } from '../support/five-seconds.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { formatChanges, put, storeContract, watchUntil, write } from './contract.ts';

describe('etcd as a cluster', { concurrency: true }, () => {
  for (const version of etcdVersions) testCluster(version);
});

function testCluster({ name, binary, skip }: EtcdVersion): void {
  describe(`three members of ${name}`, { skip, concurrency: 1 }, () => {
    let cluster: EtcdCluster;
    let tests = 0;
    const cleaners: (() => unknown)[] = [];
    before(async () => {
      cluster = await startEtcdCluster({ after: (clean) => cleaners.unshift(clean) }, binary);
    });
    afterAll(async () => {
      for (const clean of cleaners) await clean();
    });

    async function openFor(t: Cleanup, endpoints: string[], prefix = `/test-${tests}`): Promise<Store> {
      const store = await openEtcdStore({ endpoints, prefix });
      t.after(() => store.close());
      return store;
    }

    /** Opens two clients that connect first to different members. */
    async function openTwo(t: Cleanup): Promise<[Store, Store]> {
      tests += 1;
      const endpoints = cluster.endpoints;
      return [await openFor(t, endpoints), await openFor(t, endpoints.toReversed())];
    }

    storeContract(
      'clients of different members',
      false,
      async (t) => {
        tests += 1;
        const prefix = `/test-${tests}`;
        let opened = 0;
        return {
          open: () => openFor(t, [cluster.endpoints[opened++ % 3] as string], prefix),
          absolute: `/elsewhere-${tests}`,
          compact: () => Promise.reject(new Error('no racing test compacts')),
        };
      },
      { only: 'racing' },
    );

    it('when the leader is killed under writes, each acknowledged write is there once, and a watch reports it', async (t) => {
      const [store, other] = await openTwo(t);
      const start = await write(store, put('start'));
      const watched: { revision: Revision; keys: string[] }[] = [];
      const watching = (async () => {
        for await (const { revision, events } of other.watch('n/', after(start), AbortSignal.timeout(120_000))) {
          assert.ok(
            revision > (watched.at(-1)?.revision ?? start),
            'the watch reports a revision twice, or out of order',
          );
          const keys = events.map((event) => (event.kind === 'put' ? event.entry.key : `-${event.key}`));
          watched.push({ revision, keys });
          if (keys.includes('n/end')) return;
        }
      })();
      const acknowledged = new Map<Revision, string>();
      const refused = new Set<string>();
      let writing = true;
      const writers = [store, other, store, other].map(async (client, writer) => {
        for (let round = 0; writing; round += 1) {
          const key = `n/${writer}/${round}`;
          try {
            // Each key has only one writer. So if the compare fails, the transaction was sent twice.
            const { committed, revision } = await client.commit({
              compares: [{ kind: 'absent', key }],
              operations: [put(key)],
            });
            assert.ok(committed, `${key} was written twice`);
            acknowledged.set(revision, key);
          } catch (error) {
            assert.ok(error instanceof StoreUnavailable, String(error));
            refused.add(key);
            await delay(20);
          }
        }
      });
      const grows = async (by: number) => {
        const goal = acknowledged.size + by;
        await until(() => acknowledged.size >= goal, 'writes do not continue', 60_000);
      };
      await grows(50);
      const leader = await cluster.leader();
      await leader.stop();
      await grows(50);
      await leader.start();
      await grows(20);
      writing = false;
      await Promise.all(writers);
      let end: Revision | undefined;
      await until(async () => {
        end = await write(store, put('n/end')).catch(() => undefined);
        return end !== undefined;
      }, 'the last key cannot be written');
      await watching;
      const seen = new Map(watched.map(({ revision, keys }) => [revision, keys.join()]));
      for (const [revision, key] of acknowledged) assert.equal(seen.get(revision), key);
      const whole = await watchUntil(store, 'n/', after(start), end as Revision);
      assert.deepEqual(
        whole.map(({ revision }) => revision),
        watched.map(({ revision }) => revision).filter((revision) => revision <= (end as Revision)),
      );
    });

    it('a follower that is cut off refuses reads and writes, and reports all that it missed when it is back', async (t) => {
      const leader = await cluster.leader();
      await checkCutOff(t, cluster.members.find((member) => member !== leader) as EtcdMember);
    });

    it('a leader that is cut off refuses reads and writes, while the others continue', async (t) => {
      await checkCutOff(t, await cluster.leader());
    });

    async function checkCutOff(t: Cleanup, cut: EtcdMember): Promise<void> {
      tests += 1;
      const rest = cluster.endpoints.filter((endpoint) => endpoint !== cut.endpoint);
      const minority = await openFor(t, [cut.endpoint]);
      const majority = await openFor(t, rest);
      const both = await openFor(t, [cut.endpoint, ...rest]);
      const first = await write(minority, put('a', 'old'));
      const watch = minority.watch('', first, AbortSignal.timeout(120_000))[Symbol.asyncIterator]();
      assert.equal((await watch.next()).value?.revision, first);
      const following = watch.next();
      const moving = both.watch('', first, AbortSignal.timeout(120_000))[Symbol.asyncIterator]();
      assert.equal((await moving.next()).value?.revision, first);
      cut.cutOff();
      try {
        const newer = await eventually(() => write(majority, put('a', 'new')));
        // The cut-off member holds old values by now. It may refuse or stay silent, but must not answer with them.
        const started = performance.now();
        const took = [
          minority.get('a'),
          minority.list(''),
          minority.list('', { limit: 1 }),
          minority.commit({ compares: [], operations: [put('b')] }),
          minority.commit({
            compares: [{ kind: 'modified', key: 'a', revision: first }],
            operations: [put('a', 'lost')],
          }),
          minority.grantLease(10),
        ].map(async (call) => {
          await assert.rejects(call, StoreUnavailable);
          return performance.now() - started;
        });
        assertFiveSeconds(await Promise.all(took));
        assert.equal((await majority.get('a'))?.value, 'new');
        // A watch with other endpoints moves away from the cut-off member.
        assert.deepEqual(formatChanges([(await moving.next()).value ?? assert.fail('the watch ended')]), [
          `${newer} a=new`,
        ]);
        const newest = await write(majority, put('a', 'newest'));
        assert.equal((await moving.next()).value?.revision, newest);
        cut.rejoin();
        await eventually(async () => assert.equal((await minority.get('a'))?.value, 'newest'));
        assert.deepEqual(formatChanges([(await following).value ?? assert.fail('the watch ended')]), [
          `${newer} a=new`,
        ]);
        assert.deepEqual(formatChanges([(await watch.next()).value ?? assert.fail('the watch ended')]), [
          `${newest} a=newest`,
        ]);
        assert.ok((await eventually(() => write(minority, put('c')))) > newest);
        assert.equal((await majority.get('a'))?.value, 'newest', 'a refused write was carried out later');
      } finally {
        cut.rejoin();
        await Promise.all([watch.return?.(), moving.return?.()]);
      }
    }

    it('a membership, and a lease that is kept alive, outlive a change of the leader', async (t) => {
      const [store, other] = await openTwo(t);
      const logged: string[] = [];
      const note = (_: unknown, message = '') => logged.push(message);
      const leave = await joinCluster(
        store,
        { replica: 'a', dns: [] },
        { debug: () => {}, info: () => {}, warn: note, error: note },
        { every: 200 },
      );
      t.after(leave);
      // A short lease that is kept alive must outlive the change of the leader.
      const short = await store.grantLease(4);
      await write(store, put('kept', '', short));
      const registered = await store.get(memberKey('a'));
      assert.ok(registered);
      const gone: unknown[] = [];
      const keeping = setInterval(() => {
        void store.keepLease(short).then(
          (kept) => kept || gone.push('the lease ended'),
          (error) => error instanceof StoreUnavailable || gone.push(error),
        );
      }, 200);
      // A lease that nobody keeps alive must still end under the new leader.
      const unkept = await store.grantLease(2);
      await write(store, put('unkept', '', unkept));
      try {
        const leader = await cluster.leader();
        await leader.stop();
        await eventually(() => write(other, put('after')));
        await leader.start();
        await until(
          async () => (await other.get('unkept')) === undefined,
          'a lease that is not kept alive does not end',
        );
        await delay(2000);
      } finally {
        clearInterval(keeping);
      }
      assert.deepEqual(gone, []);
      assert.ok(await other.get('kept'));
      assert.equal((await other.get(memberKey('a')))?.created, registered.created);
      // On a slow machine, the election may take so long that the replica logs it, but only once.
      assert.ok(logged.length <= 1, logged.join('\n'));
    });
  });
}

/** Repeats the attempt until it succeeds. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 30_000; ; await delay(25)) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
