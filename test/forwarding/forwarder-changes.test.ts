// What clients get while a forwarder is deleted, and after its cache was emptied at another replica.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import { good, record, reply, startBadUpstream } from '../support/bad-upstream.ts';
import { ask, queryBytes, TcpClient } from '../support/dns-client.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const questions = 1_000;

test('no client waits in vain when the only forwarder is deleted, and with it the thread that forwards', async (t) => {
  const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), ['--dns-threads', '1']);
  const slow = await startBadUpstream(t, (query) => [
    { octets: reply(query, { answers: [good()] }), afterMilliseconds: 1_000 },
  ]);
  await replica.expect(201, 'PUT', '/v1/forwarders/corp.test', { targets: [`127.0.0.1:${slow.port}`] });
  const clients = await Promise.all(Array.from({ length: 20 }, () => TcpClient.open(replica.dns)));
  t.after(() => {
    for (const client of clients) client.destroy();
  });
  const deleted = replica.expect(204, 'DELETE', '/v1/forwarders/corp.test');
  const codes = new Set<string>();
  await Promise.all(
    clients.map(async (client, place) => {
      const each = questions / clients.length;
      for (let i = 0; i < each; i += 1)
        client.send(queryBytes({ name: `h${i}-${place}.corp.test`, type: 'A', recursionDesired: true }));
      for (let i = 0; i < each; i += 1) codes.add(decode(await client.next()).rcode);
    }),
  );
  await deleted;
  for (const code of codes) assert.match(code, /^(NOERROR|SERVFAIL|REFUSED)$/);
});

test('a cache that is emptied at one replica is emptied at all', { skip: skipWithoutEtcd() }, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => {
      const store = ['--store', 'etcd', '--etcd-endpoints', etcd.endpoint, '--replica', name];
      return startReplica(t, join(folder, name), ['--dns-threads', '1', ...store]);
    }),
  );
  assert.ok(one !== undefined && two !== undefined);
  let last = 1;
  const server = await startBadUpstream(t, (query) => [
    reply(query, { answers: [record(1, 600, Buffer.from([192, 0, 2, last]))] }),
  ]);
  const path = '/v1/forwarders/corp.test';
  await one.expect(201, 'PUT', path, { targets: [`127.0.0.1:${server.port}`] });
  const isServed = async () => (await two.request('GET', path)).status === 200;
  await until(isServed, 'the other replica does not have the forwarder');
  const addressOf = async (name: string) => {
    const { answers } = await ask({ server: two.dns, name, type: 'A', recursionDesired: true });
    return (answers?.[0] as { data?: string } | undefined)?.data;
  };
  for (const name of ['a.corp.test', 'b.corp.test']) assert.equal(await addressOf(name), '192.0.2.1');
  last = 2;
  await one.expect(204, 'DELETE', `${path}/cache?name=a.corp.test`);
  await until(async () => (await addressOf('a.corp.test')) === '192.0.2.2', 'the old answer stays');
  assert.equal(await addressOf('b.corp.test'), '192.0.2.1');
  await one.expect(204, 'DELETE', `${path}/cache`);
  await until(async () => (await addressOf('b.corp.test')) === '192.0.2.2', 'the old answer stays');

  // Without the store, the replica that is asked empties its own cache, and says that the others keep theirs.
  await etcd.stop();
  last = 3;
  const { status } = await two.request('DELETE', `${path}/cache`);
  assert.equal(status, 503);
  assert.equal(await addressOf('a.corp.test'), '192.0.2.3');
});
