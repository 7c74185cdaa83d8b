// The contract of every store. etcd.test.ts, etcd-cluster.test.ts, embedded.test.ts and shown-revisions.test.ts run it,
// and test what only their implementation promises. model.ts has the plain model for random transactions.
// Cited by src/store/check-transaction.ts.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { after, type Revision } from '../../src/model/revision.ts';
import {
  type Change,
  type CommitResult,
  Compacted,
  type Compare,
  type Entry,
  HistoryLost,
  LeaseGone,
  type LeaseId,
  type Operation,
  type Page,
  type Store,
  StoreUnavailable,
  type WatchOptions,
} from '../../src/store/store.ts';
import { matchesModel } from './model.ts';

/** An empty store for one test. */
export interface TestStore {
  /** Opens another client of the same store. The client is closed after the test. */
  open(): Promise<Store>;
  /** The prefix of this test's own absolute keys. It begins with `/` and has no `/` at its end. */
  absolute: string;
  /** Compacts the store up to the revision that is the newest at the call, or to the one before. May write first. */
  compact(store: Store): Promise<void>;
}

export const put = (key: string, value = '', lease?: LeaseId): Operation =>
  lease === undefined ? { kind: 'put', key, value } : { kind: 'put', key, value, lease };
export const remove = (key: string): Operation => ({ kind: 'delete', key });

/** Commits operations without compares. Returns the revision. */
export async function write(store: Store, ...operations: Operation[]): Promise<Revision> {
  const { committed, revision } = await store.commit({ compares: [], operations });
  assert.equal(committed, true);
  return revision;
}

/** Lists all entries below a prefix at one revision, page by page. Returns them with the revision. */
export async function listAll(store: Store, prefix: string, limit?: number, at?: Revision) {
  const entries = [];
  let page = await store.list(prefix, { ...(limit ? { limit } : {}), ...(at ? { at } : {}) });
  for (;;) {
    entries.push(...page.entries);
    if (page.next === undefined) return { entries, revision: page.revision };
    const following = await store.list(prefix, { from: page.next, at: page.revision, ...(limit ? { limit } : {}) });
    assert.equal(following.revision, page.revision);
    page = following;
  }
}

/** Returns the changes of a watch, up to revision `last` or the first one after it. */
export async function watchUntil(
  store: Store,
  prefix: string,
  from: Revision,
  last: Revision,
  options?: WatchOptions,
): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of store.watch(prefix, from, new AbortController().signal, options)) {
    changes.push(change);
    if (change.revision >= last) break;
  }
  return changes;
}

/** Returns the changes as text, one line each: `revision key=value -key`. */
export function formatChanges(changes: Change[]): string[] {
  return changes.map(({ revision, events }) => {
    const words = events.map((event) =>
      event.kind === 'put' ? `${event.entry.key}=${event.entry.value}` : `-${event.key}`,
    );
    return [revision, ...words.sort()].join(' ');
  });
}

const keysOf = (entries: { key: string }[]) => entries.map(({ key }) => key);

/**
 * Runs the contract on an implementation. `prepare` makes an empty store for each test. `only: 'racing'` leaves out the
 * tests without races. `concurrency` is how many tests run at once: more than one only if they share nothing.
 */
export function storeContract(
  name: string,
  skip: string | false,
  prepare: (t: TestContext) => Promise<TestStore>,
  { only, concurrency = 1 }: { only?: 'racing'; concurrency?: number } = {},
): void {
  describe(`${name}: the store's contract`, { skip, concurrency }, () => {
    type Run = (t: TestContext, store: Store, other: Store, backend: TestStore) => Promise<void>;
    const racing = (title: string, run: Run) =>
      it(title, async (t) => {
        const backend = await prepare(t);
        await run(t, await backend.open(), await backend.open(), backend);
      });
    const test = only === 'racing' ? () => {} : racing;

    test('an entry has its value, and the revisions of its creation and its last change', async (_t, store, other) => {
      assert.equal(await store.get('a'), undefined);
      const first = await write(store, put('a', 'one'), put('b', ''));
      assert.deepEqual(await other.get('a'), { key: 'a', value: 'one', created: first, modified: first });
      assert.deepEqual(await other.get('b'), { key: 'b', value: '', created: first, modified: first });
      const second = await write(other, put('a', 'two'));
      assert.equal(second, after(first));
      assert.deepEqual(await store.get('a'), { key: 'a', value: 'two', created: first, modified: second });
      const third = await write(store, remove('a'));
      assert.equal(await other.get('a'), undefined);
      const fourth = await write(store, put('a', 'three'));
      assert.deepEqual(await store.get('a'), { key: 'a', value: 'three', created: fourth, modified: fourth });
      assert.deepEqual([third, fourth], [after(second), after(third)]);
    });

    test('a transaction that changes nothing makes no revision', async (_t, store) => {
      const revision = await write(store, put('a'));
      assert.equal(await write(store, remove('b')), revision);
      assert.equal(await write(store, { kind: 'delete-prefix', prefix: 'none/' }), revision);
      assert.equal(await write(store), revision);
      assert.equal((await store.list('')).revision, revision);
    });

    test('a transaction with a compare that does not hold writes nothing', async (_t, store, other) => {
      const created = await write(store, put('here', 'first'), put('quiet/a'));
      const modified = await write(store, put('here', 'value'));
      const cases: [Compare, boolean][] = [
        [{ kind: 'absent', key: 'gone' }, true],
        [{ kind: 'absent', key: 'here' }, false],
        [{ kind: 'created', key: 'here', revision: created }, true],
        [{ kind: 'created', key: 'here', revision: modified }, false],
        [{ kind: 'created', key: 'gone', revision: created }, false],
        [{ kind: 'modified', key: 'here', revision: modified }, true],
        [{ kind: 'modified', key: 'here', revision: created }, false],
        [{ kind: 'modified', key: 'gone', revision: modified }, false],
        [{ kind: 'value', key: 'here', value: 'value' }, true],
        [{ kind: 'value', key: 'here', value: 'first' }, false],
        [{ kind: 'value', key: 'gone', value: '' }, false],
        [{ kind: 'value', key: 'quiet/a', value: '' }, true],
        [{ kind: 'quiet', prefix: 'quiet/', since: created }, true],
        [{ kind: 'quiet', prefix: 'quiet/', since: (created - 1) as Revision }, false],
        [{ kind: 'quiet', prefix: 'nothing/', since: created }, true],
        [{ kind: 'quiet', prefix: '', since: created }, false],
      ];
      for (const [compare, holds] of cases) {
        const alone = await store.commit({ compares: [compare], operations: [] });
        assert.deepEqual(alone, { committed: holds, revision: modified }, JSON.stringify(compare));
        if (holds) continue;
        const refused = await other.commit({
          compares: [{ kind: 'absent', key: 'gone' }, compare],
          operations: [put('x'), put('here', 'changed'), remove('quiet/a')],
        });
        assert.deepEqual(refused, { committed: false, revision: modified }, JSON.stringify(compare));
      }
      assert.deepEqual(
        (await store.list('')).entries.map(({ key, value }) => [key, value]),
        [
          ['here', 'value'],
          ['quiet/a', ''],
        ],
      );
    });

    test('a compare of the kind `quiet` fails after a key was created or written, and holds after a key was deleted', async (_t, store) => {
      const quiet = async (since: Revision) =>
        (await store.commit({ compares: [{ kind: 'quiet', prefix: 'p/', since }], operations: [] })).committed;
      const start = await write(store, put('p/a'), put('p/b'), put('p0'), put('p'));
      await write(store, put('p0', '2'), put('p', '2'));
      assert.equal(await quiet(start), true);
      const deleted = await write(store, remove('p/a'));
      assert.equal(await quiet(start), true);
      const again = await write(store, put('p/a'));
      assert.deepEqual([await quiet(start), await quiet(deleted), await quiet(again)], [false, false, true]);
    });

    racing('of several transactions that compare one quiet prefix, one is committed', async (_t, store, other) => {
      let since = await write(store, put('zone'));
      for (let round = 0; round < 50; round++) {
        const results: CommitResult[] = await Promise.all(
          [store, other, store, other].map((client, number) =>
            client.commit({
              compares: [{ kind: 'quiet', prefix: 'p/', since }],
              operations: [put(`p/${round}/${number}`)],
            }),
          ),
        );
        assert.equal(results.filter(({ committed }) => committed).length, 1);
        since = results[0]!.revision > since ? (await store.list('', { limit: 1 })).revision : after(since);
      }
      assert.equal((await listAll(other, 'p/')).entries.length, 50);
    });

    racing('exactly one of two clients wins each of a thousand races for one key', async (_t, store, other) => {
      for (let batch = 0; batch < 20; batch++) {
        const races = Array.from({ length: 50 }, async (_, number) => {
          const key = `race/${batch}/${number + 10}`;
          const claim = (client: Store, value: string) =>
            client.commit({
              compares: [{ kind: 'absent', key }],
              operations: [put(key, value), put(`${key}/${value}`)],
            });
          const [one, two] = await Promise.all([claim(store, 'one'), claim(other, 'two')]);
          assert.notEqual(one.committed, two.committed);
          const entries = (await store.list(key)).entries.map((entry) => [entry.key, entry.value]);
          const winner = one.committed ? 'one' : 'two';
          assert.deepEqual(entries, [
            [key, winner],
            [`${key}/${winner}`, ''],
          ]);
        });
        await Promise.all(races);
      }
    });

    test('a transaction that is too large, or writes a key twice, is refused', async (_t, store) => {
      const revision = await write(store, put('a'));
      const refused: Operation[][] = [
        [put('b'), put('b')],
        [put('b'), remove('b')],
        [{ kind: 'delete-prefix', prefix: 'b' }, put('b1')],
        Array.from({ length: 129 }, (_, number) => put(`b${number}`)),
      ];
      for (const operations of refused) await assert.rejects(store.commit({ compares: [], operations }), RangeError);
      const compares = Array.from({ length: 129 }, (): Compare => ({ kind: 'absent', key: 'b' }));
      await assert.rejects(store.commit({ compares, operations: [] }), RangeError);
      assert.deepEqual(keysOf((await store.list('')).entries), ['a']);
      assert.equal(
        await write(store, ...Array.from({ length: 128 }, (_, number) => put(`b${number}`))),
        after(revision),
      );
    });

    test('keys are listed in the order of their UTF-8 bytes, and a prefix lists no other keys', async (_t, store) => {
      const keys = [
        'a',
        'a!',
        'a/',
        'a/b',
        'a/\u{1F600}',
        'a/\uFFFD',
        'a0',
        'a/é',
        'a/\x01',
        'b',
        'A',
        'ÿ',
        '\uD7FF',
        '\uE000',
      ];
      await write(store, ...keys.map((key) => put(key, `value of ${key}`)));
      const sorted = [...keys].sort((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
      for (const limit of [undefined, 1, 3]) {
        for (const prefix of ['', 'a', 'a/', 'a0', '\uD7FF', 'a/\u{1F600}', 'none']) {
          const { entries } = await listAll(store, prefix, limit);
          assert.deepEqual(
            keysOf(entries),
            sorted.filter((key) => key.startsWith(prefix)),
            `${prefix} by ${limit}`,
          );
          for (const entry of entries) assert.equal(entry.value, `value of ${entry.key}`);
        }
      }
      assert.deepEqual(keysOf((await store.list('a', { from: 'a/é' })).entries), [
        'a/é',
        'a/\uFFFD',
        'a/\u{1F600}',
        'a0',
      ]);
      assert.deepEqual(keysOf((await store.list('a/', { from: 'A' })).entries).length, 6);
      assert.deepEqual([await store.count('a/'), await store.count('a'), await store.count('none/')], [6, 9, 0]);
      assert.deepEqual(keysOf((await store.list('a/', { from: 'b' })).entries), []);
      await write(store, { kind: 'delete-prefix', prefix: 'a/' });
      assert.deepEqual(keysOf((await store.list('a')).entries), ['a', 'a!', 'a0']);
    });

    test('a key that begins with / is absolute, and no relative prefix covers it', async (_t, store, _o, {
      absolute,
    }) => {
      const from = await write(store, put(`${absolute}/x`, 'absolute'), put('x', 'relative'));
      assert.equal((await store.get(`${absolute}/x`))?.key, `${absolute}/x`);
      assert.deepEqual(keysOf((await store.list('')).entries), ['x']);
      assert.deepEqual(keysOf((await store.list(`${absolute}/`)).entries), [`${absolute}/x`]);
      assert.deepEqual(formatChanges(await watchUntil(store, `${absolute}/`, from, from)), [
        `${from} ${absolute}/x=absolute`,
      ]);
      assert.deepEqual(formatChanges(await watchUntil(store, '', from, from)), [`${from} x=relative`]);
      await write(store, { kind: 'delete-prefix', prefix: '' });
      assert.equal((await store.get(`${absolute}/x`))?.value, 'absolute');
    });

    test('a list of the entries that were written after a revision has all of them, page by page', async (_t, store, other) => {
      const put = (key: string) => store.commit({ compares: [], operations: [{ kind: 'put', key, value: key }] });
      for (const key of ['p/c', 'p/f', 'p/a']) await put(key);
      const { revision } = await put('q');
      assert.deepEqual(keysOf((await other.list('p/', { writtenAfter: revision })).entries).slice(3), []);
      for (const key of ['p/d', 'p/b', 'q/x', 'p/f', 'p/e']) await put(key);
      await store.commit({ compares: [], operations: [{ kind: 'delete', key: 'p/b' }] });
      const found: Entry[] = [];
      for (let from: string | undefined = 'p/'; from !== undefined; ) {
        const page: Page = await other.list('p/', { writtenAfter: revision, from, limit: 2 });
        assert.ok(page.entries.length <= 2 && page.revision > revision);
        found.push(...page.entries);
        from = page.next;
      }
      const recent = found.filter(({ modified }) => modified > revision);
      assert.deepEqual(
        recent.map(({ key, value }) => [key, value]),
        ['p/d', 'p/e', 'p/f'].map((key) => [key, key]),
      );
      const old = keysOf(found.filter(({ modified }) => modified <= revision));
      assert.ok(
        old.every((key) => ['p/a', 'p/c'].includes(key)),
        String(old),
      );
    });

    test('values of a megabyte are stored, and a list can need more than one message', async (_t, store, other) => {
      const value = 'é'.repeat(512 * 1024);
      for (let number = 0; number < 12; number++) await write(store, put(`large/${number + 10}`, value));
      assert.equal((await other.get('large/10'))?.value, value);
      const { entries } = await listAll(other, 'large/');
      assert.equal(entries.length, 12);
      assert.ok(entries.every((entry) => entry.value === value));
    });

    test('more than 10 MB of a prefix are listed as of one revision while writes continue', async (_t, store, other) => {
      const value = 'x'.repeat(2048);
      const count = 6000;
      for (let number = 0; number < count; number += 100) {
        const some = Array.from({ length: 100 }, (_, index) => put(`p/${10_000 + number + index}`, `0${value}`));
        await write(store, ...some);
      }
      let reading = true;
      const writing = (async () => {
        for (let round = 1; reading; round++) {
          const number = 10_000 + ((round * 37) % count);
          await write(
            store,
            put(`p/${number}`, `${round}`),
            remove(`p/${10_000 + ((round * 11 + 5) % count)}`),
            put(`q/${round}`),
          );
          await delay(1);
        }
      })();
      const { entries, revision } = await listAll(other, 'p/', 500);
      const later = await listAll(other, 'p/', 500, revision);
      reading = false;
      await writing;
      assert.ok((await other.list('p/', { limit: 1 })).revision > revision);
      assert.deepEqual(later.entries, entries);
      assert.ok(entries.every((entry) => entry.modified <= revision));
      assert.deepEqual(keysOf(entries), keysOf(entries).sort());
      // Fewer than 1,000 keys were deleted, and only those may be missing.
      assert.ok(entries.length > count - 1000 && entries.length <= count);
    });

    test('a list can read as of an earlier revision', async (_t, store) => {
      const first = await write(store, put('a', '1'), put('b', '1'));
      const second = await write(store, put('a', '2'), remove('b'), put('c', '2'));
      const third = await write(store, remove('a'), put('b', '3'));
      const at = async (revision: Revision) =>
        (await store.list('', { at: revision })).entries.map(
          ({ key, value, created }) => `${key}=${value}@${created - first}`,
        );
      assert.deepEqual(await at(first), ['a=1@0', 'b=1@0']);
      assert.deepEqual(await at(second), ['a=2@0', 'c=2@1']);
      assert.deepEqual(await at(third), ['b=3@2', 'c=2@1']);
    });

    test('a watch reports every revision from the requested one on, once and whole', async (_t, store, other) => {
      const first = await write(store, put('p/a', '1'), put('p/b', '1'), put('q', '1'));
      const second = await write(store, put('p/a', '2'), remove('p/b'));
      await write(store, put('q', '2'));
      const fourth = await write(store, { kind: 'delete-prefix', prefix: 'p/' });
      const fifth = await write(store, put('p/é', ''));
      const all = [`${first} p/a=1 p/b=1`, `${second} -p/b p/a=2`, `${fourth} -p/a`, `${fifth} p/é=`];
      assert.deepEqual(formatChanges(await watchUntil(other, 'p/', first, fifth)), all);
      assert.deepEqual(formatChanges(await watchUntil(other, 'p/', after(first), fifth)), all.slice(1));
      assert.deepEqual(formatChanges(await watchUntil(other, 'p/', fourth, fifth)), all.slice(2));
      const [change] = await watchUntil(other, 'p/', second, second);
      const entry = change?.events.find((event) => event.kind === 'put');
      assert.deepEqual(entry, { kind: 'put', entry: { key: 'p/a', value: '2', created: first, modified: second } });
    });

    test('a watch with the option `previous` reports the entry that each key had before', async (_t, store, other, backend) => {
      const lease = await store.grantLease(60);
      const first = await write(store, put('p/a', '1'), put('p/b', '1'), put('p/c', '1', lease));
      const second = await write(store, put('p/a', '2'), remove('p/b'));
      await write(store, { kind: 'delete-prefix', prefix: 'p/a' });
      await store.revokeLease(lease);
      const last = await write(store, put('p/a', '3'), put('p/b', '3'));
      const seen = async (client: Store, from: Revision) =>
        (await watchUntil(client, 'p/', from, last, { previous: true })).map(({ revision, events }) => {
          const words = events.map((event) => {
            const [key, value] = event.kind === 'put' ? [event.entry.key, event.entry.value] : [event.key, '-'];
            assert.equal(event.previous?.key ?? key, key);
            const { value: before = '', created, modified } = event.previous ?? {};
            return `${key} ${before}→${value}${created ? ` ${created - first}/${(modified ?? 0) - first}` : ''}`;
          });
          return [revision - first, ...words.sort()].join(', ');
        });
      const all = [
        '0, p/a →1, p/b →1, p/c →1',
        '1, p/a 1→2 0/0, p/b 1→- 0/0',
        '2, p/a 2→- 0/1',
        '3, p/c 1→- 0/0',
        '4, p/a →3, p/b →3',
      ];
      assert.deepEqual(await seen(other, first), all);
      assert.deepEqual(await seen(store, second), all.slice(1));
      for (const { events } of await watchUntil(other, 'p/', first, last))
        for (const event of events) assert.ok(!('previous' in event));
      await backend.compact(store);
      await assert.rejects(seen(other, first), Compacted);
      const next = await write(store, put('p/a', '4'));
      const [change] = await watchUntil(other, 'p/', next, next, { previous: true });
      assert.deepEqual(change?.events, [
        {
          kind: 'put',
          entry: { key: 'p/a', value: '4', created: last, modified: next },
          previous: { key: 'p/a', value: '3', created: last, modified: last },
        },
      ]);
    });

    racing('watches have no gaps and no repetitions while two clients write', async (_t, store, other) => {
      const start = await write(store, put('p/start'));
      const rounds = 150;
      const watches = Array.from({ length: 4 }, async () => {
        const seen: number[] = [];
        let last = start;
        for await (const { revision, events } of other.watch('p/', after(start), new AbortController().signal)) {
          assert.ok(revision > last);
          last = revision;
          assert.equal(events.length, 3);
          for (const event of events) {
            if (event.kind === 'put' && event.entry.key !== 'p/same') seen.push(Number(event.entry.value));
          }
          if (seen.length === 4 * rounds) break;
        }
        return seen.sort((one, two) => one - two);
      });
      const writers = [store, other].map(async (client, writer) => {
        for (let round = 0; round < rounds; round++) {
          const number = 2 * (round * 2 + writer);
          await write(client, put(`p/${writer}/a`, `${number}`), put(`p/${writer}/b`, `${number + 1}`), put('p/same'));
        }
      });
      await Promise.all(writers);
      const expected = Array.from({ length: 4 * rounds }, (_, number) => number);
      for (const seen of await Promise.all(watches)) assert.deepEqual(seen, expected);
    });

    test('a change of 128 large values is reported whole', async (_t, store, other) => {
      const value = 'x'.repeat(10_000);
      const start = await write(store, put('start'));
      const operations = Array.from({ length: 128 }, (_, number) => put(`p/${number}`, value));
      for (let round = 0; round < 4; round++) await write(store, ...operations);
      const changes = await watchUntil(other, 'p/', start, (start + 4) as Revision);
      assert.deepEqual(
        changes.map(({ revision, events }) => [revision - start, events.length]),
        [
          [1, 128],
          [2, 128],
          [3, 128],
          [4, 128],
        ],
      );
    });

    test('a watch ends when its signal aborts, when its reader leaves, and when the store closes', async (_t, store, other) => {
      const start = await write(store, put('a'));
      const stop = new AbortController();
      const read = async (client: Store, signal: AbortSignal) => {
        let count = 0;
        for await (const _ of client.watch('', start, signal)) count++;
        return count;
      };
      const aborted = read(store, stop.signal);
      const closed = read(other, new AbortController().signal);
      const asked = read(store, AbortSignal.abort());
      await watchUntil(store, '', start, await write(store, put('a')));
      stop.abort();
      await other.close();
      assert.equal(await asked, 0);
      assert.ok((await aborted) <= 2);
      assert.ok((await closed) <= 2);
      await assert.rejects(other.get('a'), StoreUnavailable);
      await assert.rejects(other.commit({ compares: [], operations: [put('a')] }), StoreUnavailable);
    });

    test('reads of a compacted revision are refused with Compacted', async (_t, store, other, backend) => {
      const first = await write(store, put('a', '1'));
      await write(store, put('a', '2'));
      await backend.compact(store);
      await assert.rejects(other.list('', { at: first }), Compacted);
      await assert.rejects(watchUntil(other, '', first, first), Compacted);
      const { revision } = await other.list('');
      assert.equal((await other.get('a'))?.value, '2');
      const next = await write(store, put('a', '3'));
      assert.deepEqual(formatChanges(await watchUntil(other, '', after(revision), next)), [`${next} a=3`]);
    });

    test('reads of a future revision are refused with HistoryLost, because the store must have been replaced', async (_t, store) => {
      const revision = await write(store, put('a'));
      const future = (revision + 1000) as Revision;
      await assert.rejects(store.list('', { at: future }), HistoryLost);
      await assert.rejects(watchUntil(store, '', future, future), HistoryLost);
    });

    test('a lease that is not kept alive ends, and its keys are deleted in one change', async (_t, store, other) => {
      // Both leases are long enough for a slow machine to write with the one and to keep the other alive.
      const lease = await store.grantLease(3);
      const keptSeconds = 8;
      const kept = await store.grantLease(keptSeconds);
      const outlived = delay((keptSeconds + 1) * 1000);
      const keeping = setInterval(() => void other.keepLease(kept).catch(() => undefined), 300);
      const ended: string[] = [];
      try {
        const start = await write(
          store,
          put('p/a', '', lease),
          put('p/b', '', lease),
          put('p/kept', '', kept),
          put('p/free', '', lease),
        );
        await write(store, put('p/free'));
        for await (const { events } of other.watch('p/', (start + 2) as Revision, AbortSignal.timeout(30_000))) {
          ended.push(...events.map((event) => (event.kind === 'delete' ? event.key : 'put')).sort());
          break;
        }
        await outlived;
      } finally {
        clearInterval(keeping);
      }
      assert.deepEqual(ended, ['p/a', 'p/b']);
      assert.deepEqual(keysOf((await store.list('p/')).entries), ['p/free', 'p/kept']);
      assert.equal(await other.keepLease(lease), false);
      assert.equal(await other.keepLease(kept), true);
      await store.revokeLease(kept);
      assert.deepEqual(keysOf((await other.list('p/')).entries), ['p/free']);
      assert.equal(await store.keepLease(kept), false);
      await store.revokeLease(kept);
    });

    test('a transaction that puts a key on an ended lease is refused as a whole', async (_t, store) => {
      const lease = await store.grantLease(60);
      await write(store, put('a', '', lease));
      await store.revokeLease(lease);
      const revision = (await store.list('')).revision;
      const attempts = [put('a', '', lease), put('b')];
      await assert.rejects(store.commit({ compares: [], operations: attempts.reverse() }), LeaseGone);
      const refused = await store.commit({ compares: [{ kind: 'created', key: 'a', revision }], operations: attempts });
      assert.deepEqual(refused, { committed: false, revision });
      assert.deepEqual(keysOf((await store.list('')).entries), []);
    });

    test('random transactions, lists and watches agree with a plain model', async (_t, store, other) => {
      await matchesModel(store, other);
    });
  });
}
