// After SIGTERM, requests that are being handled get their answers, and the process ends with 0 even if clients keep
// connections open.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { adminToken } from '../support/api-client.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { openStream } from '../support/event-stream.ts';
import { rawAnswers, rawClient } from '../support/raw-client.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const authorization = `authorization: Bearer ${adminToken}\r\n`;

async function startedReplica(test: Cleanup, flags: readonly string[] = []): Promise<Replica> {
  return startReplica(test, join(await temporaryFolder(test), 'replica'), flags);
}

suite('SIGTERM', { concurrency: true }, () => {
  test('incomplete requests and open connections do not delay a stop, and incomplete requests get an answer', async (t) => {
    const replica = await startedReplica(t);
    const silent = await rawClient(t, replica.url);
    const kept = await rawClient(t, replica.url);
    kept.send('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(kept.socket, 'data');
    const halfHeader = await rawClient(t, replica.url);
    halfHeader.send('POST /v1/zones HTTP/1.1\r\nhost: x\r\n');
    const halfBody = await rawClient(t, replica.url);
    halfBody.send(`POST /v1/zones HTTP/1.1\r\nhost: x\r\n${authorization}content-type: application/json\r\n`);
    halfBody.send('content-length: 100\r\n\r\n{"name": "never');
    const halfFile = await rawClient(t, replica.url);
    await replica.expect(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
    halfFile.send(`PUT /v1/zones/foo.k8s/zonefile HTTP/1.1\r\nhost: x\r\n${authorization}content-type: text/dns\r\n`);
    halfFile.send('content-length: 1000\r\n\r\n@ 300 SOA a b 1 2 3 4 5\n');
    await untilRead(t, replica);

    assert.equal(await replica.stop(), 0);
    assert.match(await silent.ended(), /^(HTTP\/1.1 408 |$)/);
    assert.match(await kept.ended(), /^HTTP\/1.1 200 OK/);
    for (const half of [halfHeader, halfBody, halfFile]) {
      const [answer] = rawAnswers(await half.ended());
      assert.equal(answer?.status, 408);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8');
      assert.equal(JSON.parse(answer.body).code, 'request_timeout');
    }
  });

  test('clients that stop reading an export or a stream of changes do not delay a stop, and streams say that the server stops', async (t) => {
    const replica = await startedReplica(t);
    const stream = await openStream(t, replica.url);
    await writeBigZone(replica);
    for (const path of ['/v1/zones/big.k8s/zonefile', '/v1/watch?since=0']) {
      const reader = await rawClient(t, replica.url);
      reader.send(`GET ${path} HTTP/1.1\r\nhost: x\r\n${authorization}\r\n`);
      await once(reader.socket, 'data');
      reader.socket.pause();
    }
    await stream.untilMessages(21);
    const idle = await openStream(t, replica.url, '/v1/watch?kind=token');
    await delay(200);
    assert.equal(await replica.stop(), 0);
    for (const one of [stream, idle]) assert.equal((await one.ended())?.reason, 'stopping');
    assert.equal(stream.messages().length, 21);
    assert.deepEqual(idle.messages(), []);
  });

  test('a write that waits for a store without an answer gets 503, and the request after it gets its answer', {
    skip: skipWithoutEtcd(),
  }, async (t) => {
    const etcd = await startEtcd();
    t.after(() => etcd.close());
    const replica = await startedReplica(t, etcdFlags(etcd));
    etcd.pause();
    t.after(() => etcd.resume());
    const client = await rawClient(t, replica.url);
    client.send(`POST /v1/zones HTTP/1.1\r\nhost: x\r\n${authorization}content-type: application/json\r\n`);
    client.send('content-length: 20\r\n\r\n{"name": "late.k8s"}');
    await untilRead(t, replica);
    const stopped = replica.stop();
    await untilStopping(replica);
    client.send('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    const [write, health] = rawAnswers(await client.ended());
    assert.equal(JSON.parse(write?.body ?? '').code, 'store_unavailable');
    assert.deepEqual([health?.status, health?.headers.get('connection')], [200, 'close']);
    assert.equal(await stopped, 0);
  });
});

/** Writes a zone whose export does not fit into the buffers of a connection. */
async function writeBigZone(replica: Replica): Promise<void> {
  await replica.expect(201, 'POST', '/v1/zones', { name: 'big.k8s' });
  const long = '"'.concat('x'.repeat(250), '"');
  for (let part = 0; part < 20; part += 1) {
    const rrsets = Array.from({ length: 100 }, (_, index) => ({
      name: `n${part}-${index}`,
      type: 'TXT',
      records: Array.from({ length: 16 }, (__, one) => `"${one}" ${long}`),
    }));
    await replica.expect(200, 'PATCH', '/v1/zones/big.k8s/rrsets', rrsets);
  }
}

/** Waits until the replica answers a new connection. By then, it has read all octets that were sent before. */
async function untilRead(t: TestContext, { url }: Replica): Promise<void> {
  const later = await rawClient(t, url);
  later.send('GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  await later.ended();
}

async function untilStopping(replica: Replica): Promise<void> {
  await until(() => replica.log().includes('"stopping"'), 'the replica has not logged SIGTERM');
}
