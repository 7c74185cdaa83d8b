// A SQLite ledger has every change once, in the order of the store's revisions, although its replica is killed. The
// ledger stays with its replica until it is moved. ledger-faults.test.ts has more faults.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));

interface Told {
  id: string;
  revision: number;
  action: string;
  name: string;
}

/** Clients that create zones, each by one request, until they are stopped. */
class Writers {
  /** Zones whose request was answered with 201. */
  readonly created: string[] = [];
  /** Zones whose request had another answer, or none: they may exist or not. */
  readonly unsure: string[] = [];
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  start(replicas: readonly Replica[], count: number): void {
    for (let writer = 0; writer < count; writer += 1) this.#running.push(this.#write(replicas, writer));
  }

  async #write(replicas: readonly Replica[], writer: number): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const name = `w${writer}-${n}.test`;
      const replica = replicas[(writer + n) % replicas.length] as Replica;
      const status = await replica.request('POST', '/v1/zones', { name }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 201) this.created.push(name);
      else this.unsure.push(name);
      if (status !== 201) await delay(50);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}

async function allEvents(replica: Replica): Promise<Told[]> {
  const all: Told[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { items: Told[]; nextCursor: string | null } = await replica.expect(
      200,
      'GET',
      `/v1/events?kind=zone&limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all.reverse();
}

const waitingAt = async (replica: Replica) =>
  (await replica.expect<{ ledger: { waiting: number } }>(200, 'GET', '/readyz')).ledger.waiting;

/** Asserts that the ledger has one event for each zone that was created, and none for a zone that does not exist. */
async function assertComplete(replica: Replica, { created, unsure }: Writers): Promise<void> {
  const events = await allEvents(replica);
  const names = events.filter(({ action }) => action === 'created').map(({ name }) => name);
  assert.equal(new Set(names).size, names.length, 'the ledger has an event twice');
  assert.deepEqual(new Set(created).difference(new Set(names)), new Set(), 'an event is lost');
  for (const name of new Set(names).difference(new Set(created))) {
    assert.ok(unsure.includes(name), name);
    await replica.expect(200, 'GET', `/v1/zones/${name}`);
  }
  for (const name of unsure.filter((one) => !names.includes(one)))
    await replica.expect(404, 'GET', `/v1/zones/${name}`);
  const revisions = events.map(({ revision }) => revision);
  assert.deepEqual(
    revisions,
    revisions.toSorted((a, b) => a - b),
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  assert.ok(created.length > 50, `only ${created.length} changes`);
}

test('if a replica with a SQLite ledger is killed again and again, no event is lost or there twice', {
  timeout: 120_000,
}, async (t) => {
  const replica = await replicaIn(t, await temporaryFolder(t), 'a', ['--dns-threads', '1']);
  const writers = new Writers();
  writers.start([replica], 4);
  for (const milliseconds of [900, 700, 1100]) {
    await delay(milliseconds);
    await replica.kill();
    await replica.start();
  }
  await delay(1000);
  await writers.stop();
  await until(async () => (await waitingAt(replica)) === 0, 'the outbox is not empty');
  await assertComplete(replica, writers);
  await replica.stop();
  await replica.start();
  await assertComplete(replica, writers);
});

test('of two replicas with SQLite, one has the ledger with the events of both, and the other says which replica has it', {
  skip: skipWithoutEtcd(),
  timeout: 120_000,
}, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const flags = [...etcdFlags(etcd), '--dns-threads', '1'];
  const [a, b] = [await replicaIn(t, folder, 'a', flags), await replicaIn(t, folder, 'b', flags)];
  await a.expect(201, 'POST', '/v1/zones', { name: 'a.test' });
  await b.expect(201, 'POST', '/v1/zones', { name: 'b.test' });
  await until(async () => (await allEvents(a)).length === 2, 'events are missing');
  let answer = await b.request<{ code: string; replica: string }>('GET', '/v1/events');
  await until(async () => {
    answer = await b.request('GET', '/v1/events');
    return answer.status === 503;
  }, 'the other replica does not refuse');
  assert.deepEqual([answer.body.code, answer.body.replica], ['ledger_elsewhere', 'a']);
  const { items } = await b.expect<{ items: unknown[] }>(200, 'GET', '/v1/members');
  assert.deepEqual(
    (items as { replica: string; ledger?: boolean }[]).map(({ replica, ledger }) => [replica, ledger]),
    [
      ['a', true],
      ['b', undefined],
    ],
  );
  await a.kill();
  await b.expect(201, 'POST', '/v1/zones', { name: 'c.test' });
  await a.start();
  await until(async () => (await allEvents(a)).length === 3, 'the event from the time without the ledger is missing');

  await a.stop();
  copyFileSync(join(folder, 'a/ledger.db'), join(folder, 'b/ledger.db'));
  const claim = ['claim-ledger', '--data-dir', b.folder, '--replica', 'b', ...etcdFlags(etcd)];
  assert.match(execFileSync(process.execPath, [command, ...claim], { encoding: 'utf8' }), /'b' has the ledger now/);
  await b.expect(201, 'POST', '/v1/zones', { name: 'd.test' });
  await until(async () => (await b.request('GET', '/v1/events')).status === 200, 'the ledger has not moved');
  assert.deepEqual(
    (await allEvents(b)).map(({ name }) => name),
    ['a.test', 'b.test', 'c.test', 'd.test'],
  );
});

function replicaIn(t: TestContext, folder: string, name: string, flags: string[]): Promise<Replica> {
  const own = join(folder, name);
  mkdirSync(own);
  return startReplica(t, own, ['--replica', name, ...flags]);
}
