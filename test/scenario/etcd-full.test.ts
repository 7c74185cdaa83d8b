// An etcd whose database is full, or that accepts only small requests. The API says what is wrong, and DNS continues.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const skip = skipWithoutEtcd();
const text = (length: number) => ({
  records: Array.from({ length: length / 200 }, (_, i) => `"${i} ${'x'.repeat(200)}"`),
});

test('while etcd is full writes get a 503 that names the alarm and DNS continues, until there is room again', {
  skip,
}, async (t) => {
  const etcd = await startEtcd(['--quota-backend-bytes', `${512 * 1024}`]);
  t.after(() => etcd.close());
  const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), etcdFlags(etcd));
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const put = (length: number) => replica.request('PUT', '/v1/zones/foo.k8s/rrsets/large/TXT', text(length));
  let answer = await put(10_000);
  // Each write has another text, because a write that changes nothing is not sent.
  for (let round = 0; answer.status < 300 && round < 200; round++) answer = await put(10_000 + 200 * (round % 2));
  assert.deepEqual([answer.status, answer.body.code], [503, 'store_unavailable']);
  assert.match(String(answer.body.detail), /NOSPACE/);
  assert.equal((await replica.ask('large.foo.k8s', 'TXT')).rcode, 'NOERROR');
  assert.equal((await fetch(`${replica.url}/readyz`)).status, 200);

  const takesWrites = async () => {
    const metrics = await (await fetch(`${replica.url}/metrics`)).text();
    return /^zonewright_store_takes_writes (\d)$/m.exec(metrics)?.[1];
  };
  await until(async () => (await takesWrites()) === '0', 'the metric does not say that the store takes no writes');

  const { revision } = (await (await fetch(`${replica.url}/readyz`)).json()) as { revision: number };
  await etcd.compact(revision);
  await etcd.makeRoom();
  // The replica finds out by itself that there is room again.
  await until(async () => (await takesWrites()) === '1', 'the metric does not say that the store takes writes', 20_000);
  assert.equal((await put(200)).status, 200);
  const said = (message: string) => replica.log().split(message).length - 1;
  assert.deepEqual([said('the store takes no writes'), said('the store takes writes again')], [1, 1]);
});

test('if etcd accepts only small requests, larger ones are refused with the reason, and others work', {
  skip,
}, async (t) => {
  const etcd = await startEtcd(['--max-request-bytes', '16000']);
  t.after(() => etcd.close());
  const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), etcdFlags(etcd));
  await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const lengths = Array.from({ length: 20 }, (_, i) => (i === 10 ? 40_000 : 2000));
  const answers = await Promise.all(
    lengths.map((length, i) => replica.request('PUT', `/v1/zones/foo.k8s/rrsets/n${i}/TXT`, text(length))),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    lengths.map((length) => (length > 16_000 ? 413 : 201)),
  );
  assert.deepEqual([answers[10]?.body.code], ['payload_too_large']);
});
