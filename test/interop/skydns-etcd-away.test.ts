// The SkyDNS layout while etcd is stopped and started, while it is compacted, and after a backup was restored into it.
// When etcd is back, values that others have written meanwhile are served, and deleted values are not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { askEtcd, etcdOrSkip } from '../support/etcd.ts';
import { answersOf, startReplica } from '../support/replica.ts';
import { deleteForeign, putForeign, untilFollowing } from '../support/skydns.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

test('values of others are followed through an outage, a compaction and a restored backup', async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const replica = await startReplica(t, await temporaryFolder(t), [
    '--store',
    'etcd',
    '--etcd-endpoints',
    etcd.endpoint,
  ]);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'lab.test', skydns: true });
  await untilFollowing(replica, 'lab.test');
  const answers = async (label: string, expected: string[]) => {
    let last: string[] = [];
    const isAnswered = async () => {
      last = answersOf(await replica.ask(`${label}.lab.test`, 'A'));
      return isDeepStrictEqual(last, expected);
    };
    await until(isAnswered, '', 30_000).catch(() => assert.deepEqual(last, expected, label));
  };
  const serial = async () => (await replica.expect<{ serial: number }>(200, 'GET', '/v1/zones/lab.test')).serial;
  const put = (label: string, host: string) => putForeign(etcd, `test/lab/${label}/1`, { host, targetstrip: 1 });

  await put('kept', '10.8.0.1');
  await put('old', '10.8.0.2');
  await answers('kept', ['A 10.8.0.1']);
  await answers('old', ['A 10.8.0.2']);
  const backup = await etcd.save();
  const before = await serial();

  await t.test('etcd is killed and started again', async () => {
    await etcd.stop();
    await answers('old', ['A 10.8.0.2']);
    await etcd.start();
    await deleteForeign(etcd, 'test/lab/old/1');
    await put('new', '10.8.0.3');
    await answers('new', ['A 10.8.0.3']);
    await answers('old', []);
  });

  await t.test('the revisions that the leader would need are compacted', async () => {
    await put('first', '10.8.0.4');
    await answers('first', ['A 10.8.0.4']);
    await etcd.stop();
    await etcd.start();
    await put('second', '10.8.0.5');
    const { header } = await askEtcd<{ header: { revision: string } }>(etcd.endpoint, '/v3/kv/range', { key: 'AA==' });
    await etcd.compact(Number(header.revision));
    await answers('second', ['A 10.8.0.5']);
  });
  assert.ok((await serial()) > before);

  await t.test('a backup is restored', async () => {
    await etcd.restore(backup);
    await answers('old', ['A 10.8.0.2']);
    await answers('new', []);
    await put('after', '10.8.0.6');
    await answers('after', ['A 10.8.0.6']);
  });
});
