// etcd is restored from a backup, or wiped, while replicas run. After a restore, the replicas serve exactly the
// contents of etcd, and writes work, without a restart. The replicas do not trust an etcd that has lost everything: DNS
// then continues as if etcd could not be reached.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { answersOf, type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const skip = skipWithoutEtcd();
const zone = 'foowidgets.k8s';
const record = `/v1/zones/${zone}/rrsets/text/TXT`;

/** Starts a replica on an etcd, saves a backup, then deletes and creates hosts and zones and changes a record. */
async function aheadOfItsBackup(t: TestContext) {
  const folder = await temporaryFolder(t);
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const start = (name: string) => startReplica(t, join(folder, name), [...etcdFlags(etcd), '--replica', name]);
  const replica = await start('one');
  await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/24'] });
  for (const name of [zone, 'gone.k8s']) await replica.expect(201, 'POST', '/v1/zones', { name });
  for (const name of ['stays', 'goes']) await replica.expect(201, 'POST', '/v1/hosts', { name: `${name}.${zone}` });
  const backup = await etcd.save();
  await replica.expect(204, 'DELETE', `/v1/hosts/goes.${zone}`);
  await replica.expect(204, 'DELETE', '/v1/zones/gone.k8s');
  await replica.expect(201, 'POST', '/v1/zones', { name: 'lost.k8s' });
  for (let i = 0; i < 5; i++) await replica.expect(201, 'POST', '/v1/hosts', { name: `lost-${i}.${zone}` });
  const last = await putText(replica, 'lost');
  return { etcd, start, replica, backup, last };
}

/** Writes the record. Returns the revision that the replica has then. */
async function putText(replica: Replica, text: string): Promise<number> {
  const { status, body } = await replica.request('PUT', record, { ttl: 60, records: [`"${text}"`] });
  assert.ok(status === 200 || status === 201, JSON.stringify(body));
  return replica.expect<{ revision: number }>(200, 'GET', '/readyz').then(({ revision }) => revision);
}

/** Returns the answers of DNS and the API about all resources that were in the backup or were lost. */
async function servedBy(replica: Replica): Promise<unknown> {
  const questions: [string, string][] = ['stays', 'goes', 'lost-0', 'lost-4', 'text', 'new'].flatMap((name) => [
    [`${name}.${zone}`, 'A'],
    [`${name}.${zone}`, 'TXT'],
  ]);
  for (const name of [zone, 'gone.k8s', 'lost.k8s', '0.8.10.in-addr.arpa']) questions.push([name, 'SOA'], [name, 'NS']);
  const dns = [];
  for (const [name, type] of questions) {
    const answer = await replica.ask(name, type);
    const [first] = answer.answers ?? [];
    dns.push([
      name,
      type,
      answer.rcode,
      ...(first?.type === 'SOA' ? [(first.data as { serial: number }).serial] : answersOf(answer)),
    ]);
  }
  const listed = async (path: string) => (await replica.expect<{ items: unknown[] }>(200, 'GET', path)).items;
  const api = await Promise.all(['/v1/hosts', '/v1/zones', '/v1/pools', '/v1/pools/default/allocations'].map(listed));
  return { dns, api };
}

/** Asserts that `replica`, when it has caught up, gives the same answers as `fresh`. */
async function assertSame(replica: Replica, fresh: Replica): Promise<void> {
  for (const until = Date.now() + 15_000; ; await delay(100)) {
    const [found, wanted] = [await servedBy(replica), await servedBy(fresh)];
    if (JSON.stringify(found) === JSON.stringify(wanted)) return;
    if (Date.now() > until) assert.deepEqual(found, wanted);
  }
}

async function untilWritten(replica: Replica, name: string): Promise<void> {
  const isWritten = async () => {
    const { status, body } = await replica.request('POST', '/v1/hosts', { name });
    if (status !== 201) assert.equal(status, 503, JSON.stringify(body));
    return status === 201;
  };
  await until(isWritten, 'writes do not work again', 15_000);
}

test('after etcd is restored from a backup, the replica serves exactly the backup, and writes work', {
  skip,
}, async (t) => {
  const { etcd, start, replica, backup } = await aheadOfItsBackup(t);
  await etcd.restore(backup);
  await untilWritten(replica, `new.${zone}`);
  await assertSame(replica, await start('fresh'));
  assert.equal((await replica.ask(`lost-0.${zone}`, 'A')).rcode, 'NXDOMAIN');
  assert.equal((await replica.ask(`goes.${zone}`, 'A')).rcode, 'NOERROR');
});

test('a replica that was cut off while etcd was restored and written to keeps nothing that was lost', {
  skip,
}, async (t) => {
  const { etcd, start, replica, backup, last } = await aheadOfItsBackup(t);
  process.kill(replica.pid, 'SIGSTOP');
  await etcd.restore(backup);
  const other = await start('other');
  // Gives the key another value, at the same revision as the lost value that `replica` still serves.
  let writes = 1;
  while ((await putText(other, `found ${writes}`)) < last) writes += 1;
  await untilWritten(other, `new.${zone}`);
  process.kill(replica.pid, 'SIGCONT');
  await assertSame(replica, other);
  assert.deepEqual(answersOf(await replica.ask(`text.${zone}`, 'TXT')), [`TXT found ${writes}`]);
  await untilWritten(replica, `newer.${zone}`);
});

test('after etcd is wiped DNS continues and writes are refused, until etcd is restored or the replica is restarted', {
  skip,
}, async (t) => {
  const { etcd, start, replica, backup } = await aheadOfItsBackup(t);
  await etcd.restore();
  const fresh = await start('fresh');
  assert.equal((await fresh.ask(`stays.${zone}`, 'A')).rcode, 'REFUSED');
  const until = Date.now() + 3000;
  for (let detail = ''; !/empty/.test(detail) || Date.now() < until; await delay(100)) {
    const { status, body } = await replica.request<{ detail: string }>('POST', '/v1/hosts', { name: `no.${zone}` });
    assert.equal(status, 503, JSON.stringify(body));
    detail = body.detail;
    assert.deepEqual(answersOf(await replica.ask(`stays.${zone}`, 'A')), ['A 10.8.0.0']);
    assert.ok(Date.now() < until + 10_000, detail);
  }
  assert.equal((await fetch(`${replica.url}/readyz`)).status, 200, 'a replica that serves is not ready');

  await etcd.restore(backup);
  await untilWritten(replica, `new.${zone}`);
  assert.equal((await replica.ask(`goes.${zone}`, 'A')).rcode, 'NOERROR');

  await etcd.restore();
  await replica.stop();
  await replica.start();
  assert.equal((await replica.ask(`stays.${zone}`, 'A')).rcode, 'REFUSED');
  await replica.expect(201, 'POST', '/v1/zones', { name: zone });
});
