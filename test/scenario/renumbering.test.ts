// A pool is renumbered while the replica that does so is killed at random moments. The renumbering goes on by itself
// where it was. At every revision, each host has all of its old addresses or all of its new ones. Cited by
// src/control/renumbering/move-holder.ts.
//
// ZONEWRIGHT_TEST_RENUMBERED=10000 sets the number of hosts.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { renumberingTask } from '../../src/control/renumbering/run-renumberings.ts';
import type { Host } from '../../src/model/host.ts';
import { after, type Revision } from '../../src/model/revision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { hostKind, hostValue } from '../../src/store/kinds/host.ts';
import { leaderKey, leaderValue } from '../../src/store/kinds/leader.ts';
import type { Store, StoreEvent } from '../../src/store/store.ts';
import { assertWhole, contentsOf } from '../control/whole.ts';
import { adminToken } from '../support/api-client.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { storeEntries } from '../support/store-dump.ts';
import { etcdFlags } from '../support/stores.ts';
import { inScope, temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const count = Number(process.env.ZONEWRIGHT_TEST_RENUMBERED ?? 400);
/** So few that a busy machine creates them before a request ends (20 seconds). */
const inBatch = 100;
const waitMilliseconds = 60_000 + 20 * count;

interface Progress {
  state: string;
  done: number;
  total: number;
  skipped: { count: number };
}

/** Creates hosts with two addresses each, and begins to renumber their pool. */
async function prepare(replica: Replica): Promise<void> {
  await replica.expect(201, 'POST', '/v1/zones', { name: 'z.test' });
  await replica.expect(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.0.0.0/16', 'fd00::/64'] });
  await replica.expect(201, 'POST', '/v1/pools', { name: 'new', ranges: ['10.1.0.0/16', 'fd01::/64'], priority: 9 });
  for (let from = 0; from < count; from += inBatch) {
    const hosts = Array.from({ length: Math.min(inBatch, count - from) }, (_, index) => {
      const name = `h${from + index}`;
      return { name: `${name}.z.test`, families: ['ipv4', 'ipv6'], aliases: [`a-${name}.z.test`] };
    });
    const results = await replica.expect<{ created: number }>(200, 'POST', '/v1/hosts:batch', { hosts });
    assert.equal(results.created, hosts.length);
  }
}

/** Begins the renumbering. Returns its revision. */
async function begin({ url }: Replica): Promise<Revision> {
  const answer = await fetch(`${url}/v1/pools/old/renumber`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'new' }),
  });
  assert.equal(answer.status, 201, await answer.text());
  return Number(answer.headers.get('zonewright-revision')) as Revision;
}
const progressOf = (replica: Replica) => replica.expect<Progress>(200, 'GET', '/v1/pools/old/renumbering');

async function untilEnded(replica: Replica): Promise<void> {
  const isEnded = async () => (await progressOf(replica)).state === 'ended';
  await until(isEnded, `the renumbering does not go on: ${replica.log()}`, waitMilliseconds);
}

/** Asserts that the host has addresses of one pool only, one of each family. Returns whether they are the new ones. */
function isMoved({ name, addresses }: Host): boolean {
  const texts = addresses.map(({ address }) => address);
  const isNew = texts.every((text) => /^(10\.1\.|fd01:)/.test(text));
  const isOld = texts.every((text) => /^(10\.0\.|fd00:)/.test(text));
  assert.ok(texts.length === 2 && isNew !== isOld, `${name} has ${texts.join(', ')}`);
  return isNew;
}

/**
 * Asserts that at each revision of the store after this one, a host that changes has moved or not, and none goes back.
 * Adds the names of those that move to `moved`. Returns the newest revision.
 */
async function checkRevisions(store: Store, since: Revision, moved: Set<string>): Promise<Revision> {
  const { revision } = await store.list('', { limit: 1 });
  const ended = new AbortController();
  if (revision > since) {
    for await (const change of store.watch('', after(since), ended.signal)) {
      for (const event of change.events) {
        const key = event.kind === 'put' ? event.entry.key : event.key;
        if (hostKind.parse(key) !== undefined) noteMove(event, moved);
      }
      if (change.revision >= revision) break;
    }
  }
  ended.abort();
  return revision;
}

/** Asserts that a changed host has addresses of one pool only, and has not gone back. */
function noteMove(event: StoreEvent, moved: Set<string>): void {
  assert.equal(event.kind, 'put');
  const host = hostValue.decode(event.kind === 'put' ? event.entry.value : '');
  if (isMoved(host)) moved.add(host.name);
  else assert.ok(!moved.has(host.name), `${host.name} went back`);
}

/** Asserts that the store is whole, and every host has moved or not. Returns how many have. */
async function countMoved(store: Store): Promise<number> {
  const entries = await storeEntries(store);
  assertWhole(contentsOf(entries), { emptyZones: true });
  const hosts = entries.filter(({ key }) => hostKind.parse(key) !== undefined);
  assert.equal(hosts.length, count);
  return hosts.filter(({ value }) => isMoved(hostValue.decode(value))).length;
}

async function assertAllMoved(replica: Replica): Promise<void> {
  const { done, total, skipped } = await progressOf(replica);
  assert.deepEqual([done, total, skipped.count], [2 * count, 2 * count, 0]);
  assert.deepEqual([await usedIn(replica, 'old'), await usedIn(replica, 'new')], [0, count]);
  const answer = await replica.ask('a-h7.z.test', 'A');
  assert.match(JSON.stringify(answer.answers), /"10\.1\./);
}

/** Returns how many IPv4 addresses of a pool are held. */
async function usedIn(replica: Replica, pool: string): Promise<number> {
  const { usage } = await replica.expect<{ usage: { ipv4: { used: string } } }>(200, 'GET', `/v1/pools/${pool}`);
  return Number(usage.ipv4.used);
}

/** Waits until a replica leads. Returns its name. */
async function untilLed(store: Store): Promise<string> {
  let leader = '';
  const isLed = async () => {
    const entry = await store.get(leaderKey(renumberingTask));
    if (entry !== undefined) leader = leaderValue.decode(entry.value).replica;
    return entry !== undefined;
  };
  await until(isLed, 'no replica leads', waitMilliseconds);
  return leader;
}

/** Returns a number of moved hosts after which a replica is killed, spread over the renumbering. */
const killedAt = (round: number, rounds: number, all: number) =>
  1 + Math.floor(((round + Math.random()) / (rounds + 1)) * all);

test('a renumbering goes on after kills, and no revision has a host between: embedded store', {
  timeout: 2 * waitMilliseconds,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const replica = await startReplica(t, folder, ['--dns-threads', '1']);
  await prepare(replica);
  let checked = await begin(replica);
  const moved = new Set<string>();
  /** Opens the store of the killed replica, and checks all revisions since the last call. */
  const checkStore = () =>
    inScope(async (scope) => {
      const store = await openEmbeddedStore({ folder: join(folder, 'store') });
      scope.after(() => store.close());
      checked = await checkRevisions(store, checked, moved);
      assert.equal(await countMoved(store), moved.size);
    });
  const atKills: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const at = killedAt(round, 2, count);
    await until(async () => (await usedIn(replica, 'new')) >= at, 'the renumbering does not go on', waitMilliseconds);
    await replica.kill();
    await checkStore();
    atKills.push(moved.size);
    await replica.start();
    if (moved.size === count) break;
  }
  t.diagnostic(`moved at the kills: ${atKills.join(', ')} of ${count}`);
  await untilEnded(replica);
  await assertAllMoved(replica);
  await replica.kill();
  await checkStore();
  assert.equal(moved.size, count);
});

test('a renumbering goes on at the other replica after kills, and no revision has a host between: etcd', {
  skip: skipWithoutEtcd(),
  timeout: 3 * waitMilliseconds,
}, async (t: TestContext) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const names = ['one', 'two'] as const;
  const replicas = await Promise.all(
    names.map(async (name) => {
      await mkdir(join(folder, name));
      return startReplica(t, join(folder, name), ['--replica', name, '--dns-threads', '1', ...etcdFlags(etcd)]);
    }),
  );
  const [one, two] = replicas as [Replica, Replica];
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => store.close());
  await prepare(one);
  const start = (await store.list('', { limit: 1 })).revision;
  const ended = new AbortController();
  t.after(() => ended.abort());
  const moved = new Set<string>();
  let onMove = () => {};
  let fault: unknown;
  const follow = async () => {
    for await (const { events } of store.watch(hostKind.prefix, after(start), ended.signal)) {
      for (const event of events) noteMove(event, moved);
      onMove();
    }
  };
  const following = follow().catch((error: unknown) => {
    fault = error;
  });
  await begin(one);
  const kills: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const at = killedAt(round, 2, count);
    const leader = await untilLed(store);
    const killed = leader === 'one' ? one : two;
    await new Promise<void>((resolve) => {
      onMove = () => {
        if (moved.size < at && fault === undefined) return;
        process.kill(killed.pid, 'SIGKILL');
        onMove = () => {};
        resolve();
      };
      onMove();
    });
    await killed.kill();
    kills.push(`${leader} at ${moved.size}`);
    await countMoved(store);
    // The other replica leads when the lease of the killed one has ended.
    const before = moved.size;
    if (before < count) await until(() => moved.size > before || fault !== undefined, 'no replica goes on', 60_000);
    await killed.start();
  }
  t.diagnostic(`killed: ${kills.join(', ')} of ${count}`);
  await untilEnded(one);
  assert.equal(fault, undefined);
  await assertAllMoved(one);
  await assertAllMoved(two);
  await until(() => moved.size === count, 'a move is missing');
  assert.equal(await countMoved(store), count);
  ended.abort();
  await following;
});
