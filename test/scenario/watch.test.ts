// 100 followers of three replicas on one etcd while 500 changes are written each second. One replica is killed: its
// followers continue at another one after their last id. Each follower gets every change once and in order. One
// follower never reads: its stream is ended, and it costs no memory.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { type EventStream, openStream } from '../support/event-stream.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { etcdFlags } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const followerCount = 100;
const writeSeconds = 6;
const changesPerSecond = 500;
const changesPerRequest = 10;
/** The maximum growth of a replica's memory in this test. The writes alone, without followers, cause a third of it. */
const maxAddedMegabytes = 200;

test(`${followerCount} followers get every change once, in order, while a replica is killed`, {
  skip: skipWithoutEtcd(),
  timeout: 240_000,
}, async (t) => {
  const etcd = await startEtcd();
  t.after(() => etcd.close());
  const folder = await temporaryFolder(t);
  const replicas = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      startReplica(t, join(folder, name), [...etcdFlags(etcd), '--replica', name, '--dns-threads', '1']),
    ),
  );
  const [one, doomed, three] = replicas as [Replica, Replica, Replica];
  await one.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
  // Writes first, so that each replica has loaded all code for writes, and for the ledger, before the measurement.
  for (let round = 0; round < 20; round += 1) for (const replica of replicas) await patch(replica, [1_000_000 + round]);
  await delay(1500);
  const start = await revisionOf(one);
  for (const replica of replicas)
    await until(async () => (await revisionOf(replica)) >= start, 'a replica does not follow');
  const before = await Promise.all([one, three].map(memoryOf));

  const idle = await openStream(t, one.url);
  idle.pause();
  const followers = await Promise.all(
    Array.from({ length: followerCount }, (_, number) => newFollower(t, replicas, number)),
  );
  const { acknowledged, seconds, attempts } = await writeWhile(t, replicas, async () => {
    await delay((writeSeconds * 1000) / 2);
    await doomed.kill();
  });
  const last = await patch(one, [0]);

  for (const follower of followers)
    await until(() => follower.lastRevision() >= last, 'a follower does not come to the end', 60_000);
  const reference = await newFollower(t, [three], 0, start);
  await until(() => reference.lastRevision() >= last, 'the reference does not come to the end', 60_000);
  const all = reference.messages(start);
  reference.close();
  for (const revision of acknowledged) assert.ok(all.has(revision), `revision ${revision} is missing`);
  const expected = [...all];
  for (const follower of followers) {
    assert.deepEqual(follower.doubles, []);
    assert.deepEqual([...follower.messages(start)], expected);
  }
  const resumed = followers.filter(({ streams }) => streams() > 1).length;
  assert.ok(resumed >= followerCount / 3 - 1, `only ${resumed} followers continued at another replica`);
  const changes = [...all.values()].reduce((sum, text) => sum + JSON.parse(text).changes.length, 0);
  t.diagnostic(`${changes} changes of ${attempts} requests in ${all.size} revisions, ${seconds.toFixed(1)} s`);

  const report = async (when: string) => {
    for (const [index, megabytes] of (await Promise.all([one, three].map(memoryOf))).entries()) {
      const added = megabytes - (before[index] ?? 0);
      t.diagnostic(`a replica has ${megabytes.toFixed()} MB ${when}: ${added.toFixed()} MB more than before`);
      assert.ok(added < maxAddedMegabytes, `the memory of a replica grew by ${added} MB`);
    }
  };
  await report('with its followers');
  for (const follower of followers) follower.close();
  const isCut = async () => (await metric(one, 'zonewright_watch_ended_total{reason="too_slow"}')) === 1;
  for (let round = 0; !(await isCut()); round += 1) {
    assert.ok(round < 300, 'the follower that never reads is not cut off');
    await one.expect(200, 'PUT', '/v1/zones/foowidgets.k8s/rrsets/n0/TXT', {
      records: [{ text: `${round}`.padEnd(60_000, 'x') }],
    });
    await delay(50);
  }
  await report('when the follower that never reads is cut off');
});

interface Follower {
  /** Returns the messages with revisions after `start`, by their revisions. */
  messages(start: number): Map<number, string>;
  lastRevision(): number;
  /** Revisions that came twice, or after a higher one. */
  readonly doubles: number[];
  /** Returns how many streams this follower has opened. */
  streams(): number;
  close(): void;
}

/** Follows one of the replicas. When the stream ends, continues at the next one that answers. */
async function newFollower(
  t: TestContext,
  replicas: readonly Replica[],
  number: number,
  since?: number,
): Promise<Follower> {
  const opened: EventStream[] = [];
  let isClosed = false;
  const urls = replicas.map(({ url }) => url);
  const open = async (at: number, lastEventId?: string) => {
    const query = since === undefined ? '' : `?since=${since}`;
    const stream = await openStream(t, urls[at % urls.length] ?? '', `/v1/watch${query}`, {
      ...(lastEventId !== undefined && { lastEventId }),
    });
    assert.equal(stream.status, 200);
    opened.push(stream);
    void stream.ended().then(() => (isClosed ? undefined : reopen(at + 1)));
  };
  const reopen = async (at: number): Promise<void> => {
    const lastId = opened.at(-1)?.lastId;
    await open(at, lastId).catch(() => (isClosed ? undefined : delay(20).then(() => reopen(at + 1))));
  };
  await open(number);
  const close = () => {
    isClosed = true;
    for (const stream of opened) stream.close();
  };
  t.after(close);

  const doubles: number[] = [];
  const messages = new Map<number, string>();
  let highest = 0;
  const read = new Map<EventStream, number>();
  const readNew = () => {
    for (const stream of opened) {
      for (const { event, data } of stream.events.slice(read.get(stream) ?? 0)) {
        if (event !== 'message') continue;
        const revision = Number(/^\{"revision":(\d+)/.exec(data)?.[1]);
        if (revision <= highest) doubles.push(revision);
        highest = revision;
        messages.set(revision, data);
      }
      read.set(stream, stream.events.length);
    }
  };
  return {
    messages: (start) => {
      readNew();
      return new Map([...messages].filter(([revision]) => revision > start));
    },
    lastRevision: () => {
      readNew();
      return highest;
    },
    doubles,
    streams: () => opened.length,
    close,
  };
}

/**
 * Writes through all replicas at an even pace, while `meanwhile` runs too. Returns the revisions of the answers to
 * requests that were sent once. A request that is sent again may find its changes written: then the revision of its
 * answer has no change.
 */
async function writeWhile(t: TestContext, replicas: readonly Replica[], meanwhile: () => Promise<void>) {
  const acknowledged = new Set<number>();
  const requests = (changesPerSecond * writeSeconds) / changesPerRequest;
  const began = performance.now();
  const failed: unknown[] = [];
  const writing = Array.from({ length: requests }, async (_, number) => {
    await delay((number * 1000 * writeSeconds) / requests);
    const names = Array.from({ length: changesPerRequest }, (__, index) => number * changesPerRequest + index);
    for (let at = number; ; at += 1) {
      const revision = await patch(replicas[at % replicas.length] as Replica, names).catch((error: unknown) => {
        failed.push(error);
      });
      if (revision === undefined) continue;
      if (at === number) acknowledged.add(revision);
      return;
    }
  });
  await Promise.all([...writing, meanwhile()]);
  t.diagnostic(`${failed.length} requests had no answer, and were sent to another replica`);
  return { acknowledged, seconds: (performance.now() - began) / 1000, attempts: requests };
}

/** Writes RRsets with these numbers; resolves with the revision. */
async function patch(replica: Replica, numbers: readonly number[]): Promise<number> {
  const changes = numbers.map((number) => ({
    name: `n${number % 1000}`,
    type: 'TXT',
    records: [{ text: `the change with the number ${number}` }],
  }));
  const { status, headers, body } = await replica.request('PATCH', '/v1/zones/foowidgets.k8s/rrsets', changes);
  assert.equal(status, 200, JSON.stringify(body));
  return Number(headers.get('zonewright-revision'));
}

async function revisionOf(replica: Replica): Promise<number> {
  return (await replica.expect<{ revision: number }>(200, 'GET', '/readyz')).revision;
}

/** Returns the resident memory of a replica, in megabytes. */
async function memoryOf(replica: Replica): Promise<number> {
  return ((await metric(replica, 'process_resident_memory_bytes')) ?? 0) / 1e6;
}

async function metric(replica: Replica, name: string): Promise<number | undefined> {
  const text = await replica.expect<string>(200, 'GET', '/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
}
