// Promise 4: DNS outlives its control plane. While etcd is stopped or frozen, DNS answers as before, and writes get a
// clear 503. Writes work again when etcd is back. A replica that was cut off while another one wrote and etcd was
// compacted catches up.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { assertFiveSeconds } from '../support/five-seconds.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

/** How long etcd is stopped or frozen. `ZONEWRIGHT_TEST_AWAY_SECONDS=300` tests the promised five minutes. */
const awaySeconds = Number(process.env.ZONEWRIGHT_TEST_AWAY_SECONDS ?? 6);

suite('etcd cannot be reached', { concurrency: true }, () => {
  for (const how of ['killed', 'frozen'] as const) {
    test(`while etcd is ${how} for ${awaySeconds} s DNS continues and writes get 503, then writes work again`, {
      skip: skipWithoutEtcd(),
      timeout: (awaySeconds + 300) * 1000,
    }, async (t) => {
      const folder = await temporaryFolder(t);
      const etcd = await startEtcd();
      t.after(() => etcd.close());
      const replica = await startReplica(t, join(folder, 'replica'), etcdFlags(etcd));
      await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['172.17.200.100-172.17.200.125'] });
      await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
      await replica.expect(201, 'POST', '/v1/hosts', { name: 'nginx.foowidgets.k8s' });

      // On a slow machine the start may have logged the same line already.
      const earlier = logged(replica, 40).length;
      if (how === 'killed') await etcd.stop();
      else etcd.pause();
      const until = Date.now() + awaySeconds * 1000;
      const details: unknown[] = [];
      const took: number[] = [];
      for (let writes = 0; Date.now() < until || writes < 3; writes += 1) {
        const started = performance.now();
        const answer = await replica.request('POST', '/v1/hosts', { name: `lost-${writes}.foowidgets.k8s` });
        assert.deepEqual([answer.status, answer.body.code], [503, 'store_unavailable']);
        details.push(answer.body.detail);
        took.push(performance.now() - started);
        assert.deepEqual(answersOf(await replica.ask('nginx.foowidgets.k8s', 'A')), ['A 172.17.200.100']);
        assert.deepEqual(answersOf(await replica.ask('100.200.17.172.in-addr.arpa', 'PTR')), [
          'PTR nginx.foowidgets.k8s',
        ]);
        await delay(Math.min(1000, Math.max(0, until - Date.now())));
      }
      assertFiveSeconds(took);
      // While etcd is frozen, the first write is sent on an open connection. When etcd is killed, the replica knows at
      // the latest by the last write that its connection has ended.
      if (how === 'frozen')
        assert.match(String(details[0]), /may have been carried out.*POST with the same Idempotency-Key/);
      else assert.match(String(details.at(-1)), /nothing was written/);
      assert.equal((await fetch(`${replica.url}/readyz`)).status, 200, 'a replica that serves is not ready');

      if (how === 'killed') await etcd.start();
      else etcd.resume();
      await untilWritten(replica, 'back.foowidgets.k8s');
      assert.equal((await replica.ask('back.foowidgets.k8s', 'A')).rcode, 'NOERROR');
      if (how === 'killed') {
        const isOfMembership = (line: string) => /registered as a member/.test(line);
        const all = logged(replica, 40).slice(earlier);
        const warnings = all.filter((line) => !isOfMembership(line));
        assert.ok(all.length - warnings.length <= 1, all.join('\n'));
        const back = logged(replica, 30).filter((line) => /etcd is back/.test(line));
        assert.deepEqual([warnings.length, back.length], [1, 1], warnings.join('\n'));
        assert.doesNotMatch(replica.log(), /Resolution note/);
      }
    });
  }

  test('a replica that was cut off while others wrote and etcd was compacted catches up without a gap', {
    skip: skipWithoutEtcd(),
  }, async (t) => {
    const folder = await temporaryFolder(t);
    const etcd = await startEtcd();
    t.after(() => etcd.close());
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) => startReplica(t, join(folder, name), [...etcdFlags(etcd), '--replica', name])),
    );
    assert.ok(one && two);
    await one.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/22'] });
    await one.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
    await one.expect(201, 'POST', '/v1/hosts', { name: 'stays.foowidgets.k8s' });
    await one.expect(201, 'POST', '/v1/hosts', { name: 'goes.foowidgets.k8s' });
    await untilServed(two, 'goes.foowidgets.k8s', 'NOERROR');

    // SIGSTOP freezes replica two: it sees none of the following changes, as if its network were cut.
    process.kill(two.pid, 'SIGSTOP');
    await one.expect(204, 'DELETE', '/v1/hosts/goes.foowidgets.k8s');
    let revision = 0;
    for (let i = 0; i < 50; i += 1) {
      const host = await one.expect<{ revision: number }>(201, 'POST', '/v1/hosts', {
        name: `new-${i}.foowidgets.k8s`,
      });
      revision = host.revision;
    }
    await etcd.stop();
    await etcd.start();
    await untilWritten(one, 'after.foowidgets.k8s');
    await etcd.compact(revision);
    process.kill(two.pid, 'SIGCONT');

    for (let i = 0; i < 20; i += 1) {
      assert.equal(
        (await two.ask('stays.foowidgets.k8s', 'A')).rcode,
        'NOERROR',
        'names that were served are not served any more',
      );
      await delay(20);
    }
    await untilServed(two, 'goes.foowidgets.k8s', 'NXDOMAIN');
    await untilServed(two, 'new-49.foowidgets.k8s', 'NOERROR');
    await untilServed(two, 'after.foowidgets.k8s', 'NOERROR');
    // Names are served while the replica still reads the store again. Writes wait until it has read everything.
    await untilWritten(two, 'from-two.foowidgets.k8s');
  });
});

function logged(replica: Replica, level: number): string[] {
  return replica
    .log()
    .split('\n')
    .filter((line) => line.includes(`"level":${level},`));
}

async function untilWritten(replica: Replica, name: string): Promise<void> {
  const isWritten = async () => {
    const answer = await replica.request('POST', '/v1/hosts', { name });
    // A write that got a 503 may have been carried out.
    if (answer.status === 201 || answer.body.code === 'name_taken') return true;
    assert.equal(answer.status, 503, JSON.stringify(answer.body));
    return false;
  };
  await until(isWritten, 'writes do not work again', 30_000);
}

async function untilServed(replica: Replica, name: string, rcode: string): Promise<void> {
  await until(async () => (await replica.ask(name, 'A')).rcode === rcode, `${name} is not ${rcode}`, 30_000);
}
