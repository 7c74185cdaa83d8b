// The feeds of /v1/watch without HTTP: how many watches of the store they need, the text that followers share, and
// followers that do not read. Cited by src/http/watch/feed.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { Follower } from '../../src/http/watch/follower.ts';
import { Followers } from '../../src/http/watch/followers.ts';
import { type FollowLimits, followLimits } from '../../src/http/watch/limits.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import type { Revision } from '../../src/model/revision.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { blocker } from '../support/blocked-turns.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore, openReplica, testActor } from '../support/control-plane.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';

interface Read {
  follower: Follower;
  chunks: Buffer[];
  /** Returns the revisions of the messages. */
  revisions(): number[];
  text(): string;
  isCut: boolean;
}

/** Opens a store and its feeds. Returns functions that open followers and write, and counts of watches. */
async function opened(test: Cleanup, limits: Partial<FollowLimits> = {}) {
  const base = await embeddedStore(test);
  const watches = { open: 0, opened: 0, most: 0 };
  const store = changedStore(base, {
    async *watch(prefix, from, signal, options) {
      if (options?.previous !== true) return yield* base.watch(prefix, from, signal, options);
      watches.opened += 1;
      watches.most = Math.max(watches.most, ++watches.open);
      try {
        yield* base.watch(prefix, from, signal, options);
      } finally {
        watches.open -= 1;
      }
    },
  });
  const { views } = await openReplica(test, store);
  const logger = pino({ level: 'silent' });
  const quick = { ...followLimits, checkMilliseconds: 10, paceMilliseconds: 1, ...limits };
  const reasons: string[] = [];
  const followers = new Followers({ store, views, logger, limits: quick }, (reason) => reasons.push(reason));
  test.after(() => followers.close());
  let count = 0;

  function follow({ since = views.revision, reads = true }: { since?: number; reads?: boolean } = {}): Read {
    const read: Read = {
      chunks: [],
      isCut: false,
      text: () => Buffer.concat(read.chunks).toString(),
      revisions: () => [...read.text().matchAll(/^data: \{"revision":(\d+),"changes"/gm)].map(([, one]) => Number(one)),
      follower: followers.open({
        position: since as Revision,
        filter: {},
        actor: testActor,
        isValid: () => true,
        client: 'test',
        endsAt: undefined,
        cut: () => {
          read.isCut = true;
          read.follower.destroy();
        },
      }),
    };
    test.after(() => read.follower.destroy());
    if (reads) startReading(read);
    return read;
  }

  /** Writes a pool with a description of this length. Resolves with its revision when the views have it. */
  async function write(length = 1): Promise<number> {
    const description = `${++count}`.padEnd(length, 'x');
    const value = poolValue.encode({ ...poolDefaults, id: 'p', name: 'p', ranges: ['10.0.0.0/24'], description });
    const { revision } = await base.commit({ compares: [], operations: [{ kind: 'put', key: poolKey('p'), value }] });
    await views.reached(revision);
    return revision;
  }

  return { follow, write, watches, views, reasons, followers };
}

function startReading(read: Read): void {
  read.follower.on('data', (chunk: Buffer) => read.chunks.push(chunk));
}

const untilRead = (reads: Read[], last: number) =>
  until(() => reads.every((read) => read.revisions().at(-1) === last), `not all have ${last}`);

test('followers of the present share one watch of the store, and those of the past another one', async (t) => {
  const { follow, write, watches, views } = await opened(t, { maxRecent: 3 });
  const start = views.revision;
  const all: number[] = [];
  for (let number = 0; number < 50; number += 1) all.push(await write());
  const present = Array.from({ length: 50 }, () => follow());
  // Each follower begins at an earlier revision than the one before, so it cannot join the feed of the past that runs.
  const past = Array.from({ length: 40 }, (_, number) => ({
    since: start + 45 - number,
    read: follow({ since: start + 45 - number }),
  }));
  for (let number = 0; number < 5; number += 1) all.push(await write());
  const last = all.at(-1) as number;
  await untilRead([...present, ...past.map(({ read }) => read)], last);
  for (const read of present) assert.deepEqual(read.revisions(), all.slice(-5));
  for (const { since, read } of past)
    assert.deepEqual(
      read.revisions(),
      all.filter((revision) => revision > since),
    );
  await until(() => watches.open === 1, 'the watch of the past stays open');
  // For a moment, a third watch may be open, when a feed from an earlier revision begins.
  assert.ok(watches.most <= 3, `${watches.most} watches were open at once`);
  assert.ok(watches.opened <= 4, `${watches.opened} watches were opened`);
  for (const { follower } of [...present, ...past.map(({ read }) => read)]) follower.destroy();
  await until(() => watches.open === 0, 'a watch stays open without followers');
  const again = follow();
  await untilRead([again], await write());
});

test('a follower that begins at a revision that is no longer kept ends, and the others continue', async (t) => {
  const { follow, write, views, watches } = await opened(t, { maxRecent: 3 });
  const start = views.revision;
  const all: number[] = [];
  for (let number = 0; number < 20; number += 1) all.push(await write());
  const present = follow();
  const reads = [start - 5, start - 4, start - 3, start + 2, start + 5].map((since) => follow({ since }));
  all.push(await write());
  const [, , , early, late] = reads as [Read, Read, Read, Read, Read];
  await untilRead([present, early, late], all.at(-1) as number);
  assert.deepEqual(early.revisions(), all.slice(2));
  assert.deepEqual(late.revisions(), all.slice(5));
  for (const { follower } of reads.slice(0, 3)) await until(() => follower.reason === 'compacted', 'it has not ended');
  await until(() => watches.open === 1, 'the watch of the past stays open');
});

test('followers with equal filters share the octets of a message', async (t) => {
  const { follow, write } = await opened(t);
  const reads = Array.from({ length: 10 }, () => follow());
  await untilRead(reads, await write(100_000));
  const memory = new Set(reads.map(({ chunks }) => chunks.at(-1)?.buffer));
  assert.equal(memory.size, 1);
});

test('a follower that does not read is cut off, and less than two chunks wait for it until then', async (t) => {
  const { follow, write, reasons } = await opened(t, { stallMilliseconds: 100, graceMilliseconds: 50 });
  const reading = follow();
  const idle = follow({ reads: false });
  const all: number[] = [];
  await until(async () => {
    all.push(await write(30_000));
    assert.ok(idle.follower.readableLength < 2 * followLimits.chunkOctets, `${idle.follower.readableLength}`);
    return idle.isCut;
  }, 'the follower is not cut off');
  await until(() => reasons.length === 1, 'the follower is not forgotten');
  assert.deepEqual(reasons, ['too_slow']);
  await untilRead([reading], all.at(-1) as number);
  assert.deepEqual(reading.revisions(), all);
});

test('a follower that is too slow for the log is told so, and gets the rest when it continues after its last revision', async (t) => {
  const { follow, write } = await opened(t, { maxLogOctets: 200_000, graceMilliseconds: 60_000 });
  const slow = follow({ reads: false });
  const all: number[] = [];
  while (slow.follower.reason === undefined) all.push(await write(20_000));
  assert.ok(all.length > 3 && all.length < 20, `${all.length}`);
  startReading(slow);
  await until(() => slow.follower.readableEnded, 'the stream does not end');
  assert.match(slow.text(), /\n\nevent: end\ndata: \{"reason":"too_slow",[^\n]*\n\n$/);
  const before = slow.revisions();
  const rest = follow({ since: before.at(-1) as number });
  await untilRead([rest], all.at(-1) as number);
  assert.deepEqual([...before, ...rest.revisions()], all);
});

test('a follower that reads does not count as too slow while it waits for its turn', async (t) => {
  // `blocker` moves the clock with each turn of the event loop, so the limits of time are infinite here.
  const never = Number.POSITIVE_INFINITY;
  const limits = { maxLogOctets: 50_000, stallMilliseconds: never, heartbeatMilliseconds: never };
  const { follow, write } = await opened(t, limits);
  const reading = follow();
  const first = await write();
  await untilRead([reading], first);
  const end = blocker(t)();
  const all = [first];
  for (let number = 0; number < 2; number += 1) all.push(await write(60_000));
  while (reading.revisions().length < all.length && reading.follower.reason === undefined) await delay(5);
  end();
  assert.deepEqual(reading.revisions(), all);
});

test('a follower that is too slow still gets the whole message that it has begun to read', async (t) => {
  const { follow, write } = await opened(t, { stallMilliseconds: 100, graceMilliseconds: 60_000 });
  const slow = follow({ reads: false });
  const last = await write(1_000_000);
  await until(() => slow.follower.reason !== undefined, 'the follower is not too slow');
  startReading(slow);
  await until(() => slow.follower.readableEnded, 'the stream does not end');
  assert.deepEqual(slow.revisions(), [last]);
  assert.match(slow.text(), /x{900000,}[^\n]*\n\nevent: end\n/);
});

test('the feed of the past waits for followers that read slowly', async (t) => {
  const { follow, write, views, watches } = await opened(t, { maxRecent: 1, maxLogOctets: 200_000 });
  const start = views.revision;
  const all: number[] = [];
  for (let number = 0; number < 40; number += 1) all.push(await write(20_000));
  const quick = follow({ since: start });
  const slow = follow({ since: start + 5, reads: false });
  slow.follower.on('readable', async () => {
    for (let chunk = slow.follower.read(); chunk !== null; chunk = slow.follower.read()) {
      slow.chunks.push(chunk);
      await delay(20);
    }
  });
  await untilRead([quick, slow], all.at(-1) as number);
  assert.deepEqual(quick.revisions(), all);
  assert.deepEqual(slow.revisions(), all.slice(5));
  assert.equal(watches.most, 2);
});

test('a follower of the past that does not read is cut off, and the others continue', async (t) => {
  const limits = { maxRecent: 1, maxLogOctets: 200_000, stallMilliseconds: 200, graceMilliseconds: 50 };
  const { follow, write, views } = await opened(t, limits);
  const start = views.revision;
  const all: number[] = [];
  for (let number = 0; number < 40; number += 1) all.push(await write(20_000));
  const idle = follow({ since: start, reads: false });
  const quick = follow({ since: start });
  await untilRead([quick], all.at(-1) as number);
  assert.deepEqual(quick.revisions(), all);
  await until(() => idle.isCut, 'the follower is not cut off');
});

test('all of many messages come, and the event loop turns meanwhile', async (t) => {
  const { follow, write, views } = await opened(t, { maxRecent: 10_000 });
  const start = views.revision;
  for (let number = 0; number < 300; number += 1) await write();
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 1);
  t.after(() => clearInterval(counting));
  const read = follow({ since: start });
  await until(() => read.revisions().length === 300, 'messages are missing');
  assert.ok(turns > 1);
});
