// The store in etcd: the contract, and its own promises about an etcd that stops, hangs, comes back or is replaced.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after as afterAll, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { after, type Revision } from '../../src/model/revision.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { Compacted, HistoryLost, type Store, StoreUnavailable, TransactionTooLarge } from '../../src/store/store.ts';
import { etcdOrSkip, skipWithoutEtcd, startEtcd, type TestEtcd } from '../support/etcd.ts';
import { assertFiveSeconds } from '../support/five-seconds.ts';
import { formatChanges, put, remove, storeContract, watchUntil, write } from './contract.ts';

let shared: TestEtcd | undefined;
let tests = 0;
const skip = skipWithoutEtcd();
before(async () => {
  if (!skip) shared = await startEtcd();
});
afterAll(() => shared?.close());

async function openFor(t: TestContext, endpoints: string[], prefix = '/zonewright/v1'): Promise<Store> {
  const store = await openEtcdStore({ endpoints, prefix });
  t.after(() => store.close());
  return store;
}

/** Asserts that every kind of call fails as unavailable. Returns how long each took, in milliseconds. */
async function assertUnavailable(store: Store): Promise<number[]> {
  const calls = [
    store.get('a'),
    store.list(''),
    store.commit({ compares: [], operations: [put('a')] }),
    store.grantLease(10),
    store.keepLease('1' as never),
    store.revokeLease('1' as never),
  ];
  const start = performance.now();
  const took = calls.map(async (call) => {
    await assert.rejects(call, StoreUnavailable);
    return performance.now() - start;
  });
  return Promise.all(took);
}

/** Makes each kind of call in three rounds. Asserts that all fail, and passes all times to `assertFiveSeconds`. */
async function assertUnavailableInTime(store: Store): Promise<void> {
  const took: number[] = [];
  for (let round = 0; round < 3; round++) took.push(...(await assertUnavailable(store)));
  assertFiveSeconds(took);
}

describe('etcd', { skip, concurrency: true }, () => {
  storeContract('etcd', skip, async (t) => {
    const etcd = shared!;
    const prefix = `/test-${++tests}`;
    return {
      open: () => openFor(t, [etcd.endpoint], prefix),
      absolute: `/elsewhere-${tests}`,
      compact: async (store) => etcd.compact((await store.list('')).revision),
    };
  });

  describe('etcd: when it cannot be reached', { skip, concurrency: 3 }, () => {
    it('while etcd is stopped every call fails within five seconds, and works again when etcd is back', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const store = await openFor(t, [etcd.endpoint]);
      const revision = await write(store, put('a', '1'));
      await etcd.stop();
      await assertUnavailableInTime(store);
      await etcd.start();
      assert.equal((await eventually(() => store.get('a')))?.modified, revision);
      assert.equal(await write(store, put('a', '2')), after(revision));

      etcd.pause();
      await assertUnavailableInTime(store);
      etcd.resume();
      await eventually(() => write(store, put('b')));
    });

    it('a store can be opened while etcd is stopped, and a watch waits for etcd', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const first = await openFor(t, [etcd.endpoint]);
      const revision = await write(first, put('a', '1'));
      await etcd.stop();
      const store = await openFor(t, [etcd.endpoint]);
      const watching = watchUntil(store, '', revision, revision);
      await assertUnavailable(store);
      await etcd.start();
      assert.deepEqual(formatChanges(await watching), [`${revision} a=1`]);
    });

    it('a watch has no gaps and no repetitions when etcd is killed and started again under writes', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const [store, other] = [await openFor(t, [etcd.endpoint]), await openFor(t, [etcd.endpoint])];
      const start = await write(store, put('start'));
      const seen = new Map<number, string[]>();
      const stop = new AbortController();
      let newest = start;
      const watching = (async () => {
        for await (const { revision, events } of other.watch('n/', after(start), stop.signal)) {
          assert.ok(revision > newest, `revision ${revision} after ${newest}`);
          newest = revision;
          seen.set(revision, events.map((event) => (event.kind === 'put' ? event.entry.key : `-${event.key}`)).sort());
          if (events.some((event) => event.kind === 'put' && event.entry.key === 'n/end')) return;
        }
      })();
      const acknowledged = new Map<number, string[]>();
      let writing = true;
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let round = 0; writing; round++) {
          const keys = ['a', 'b', 'c'].map((part) => `n/${writer}/${round}/${part}`);
          try {
            acknowledged.set(await write(store, ...keys.map((key) => put(key))), keys);
          } catch (error) {
            assert.ok(error instanceof StoreUnavailable);
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      });
      for (let round = 0; round < 3; round++) {
        const goal = acknowledged.size + 100;
        await eventually(async () => assert.ok(acknowledged.size > goal));
        await etcd.stop();
        await etcd.start();
      }
      const goal = acknowledged.size + 50;
      await eventually(async () => assert.ok(acknowledged.size > goal));
      writing = false;
      await Promise.all(writers);
      const last = await eventually(() => write(store, put('n/end')));
      acknowledged.set(last, ['n/end']);
      await watching;
      for (const [revision, keys] of acknowledged) assert.deepEqual(seen.get(revision), keys);
      for (const [revision, keys] of seen) assert.ok(keys.length === 3 || revision === last);
      // A new watch from the start yields the same changes, so the interrupted watch has missed none.
      const whole = await watchUntil(store, 'n/', after(start), last);
      assert.deepEqual(
        whole.map(({ revision }) => revision),
        [...seen.keys()],
      );
    });

    it('a watch yields its next change if it reconnects before that revision is compacted, and otherwise ends with Compacted', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const [store, other] = [await openFor(t, [etcd.endpoint]), await openFor(t, [etcd.endpoint])];
      const start = await write(store, put('a', '1'));
      const watch = other.watch('', start, new AbortController().signal)[Symbol.asyncIterator]();
      assert.equal((await watch.next()).value?.revision, start);
      etcd.pause();
      // `watch` may fail before the writes below have ended. If it had no handler by then, Node would fail the test.
      const outcome = watch.next().then(
        ({ value }) => value?.revision,
        (error: unknown) => error,
      );
      await etcd.stop();
      await etcd.start();
      // The write may come before or after the watch reconnects: both must work.
      const third = await eventually(() => write(store, put('a', '2')));
      await etcd.compact(await write(store, put('a', '3')));
      const first = await outcome;
      assert.ok(first === third || first instanceof Compacted, String(first));
    });

    it('a watch ends with HistoryLost when etcd was replaced by one with older data', async (t) => {
      const [old, fresh] = [await etcdOrSkip(t), await etcdOrSkip(t)];
      if (old === undefined || fresh === undefined) return;
      t.after(() => Promise.all([old.close(), fresh.close()]));
      const store = await openFor(t, [old.endpoint, fresh.endpoint]);
      let revision = await write(store, put('a'));
      for (let round = 0; round < 5; round++) revision = await write(store, put('a', `${round}`));
      const watching = watchUntil(store, '', after(revision), (revision + 100) as Revision);
      await watchUntil(store, '', revision, revision);
      const refused = assert.rejects(watching, HistoryLost);
      await old.stop();
      await refused;
    });

    it('calls use another endpoint when one is dead or hangs', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const store = await openFor(t, ['http://127.0.0.1:1', etcd.endpoint]);
      const revision = await write(store, put('a', '1'));
      assert.equal((await store.get('a'))?.modified, revision);
      const other = await openFor(t, [await startMute(t), etcd.endpoint]);
      assert.equal((await other.get('a'))?.modified, revision);
      assert.equal(await write(other, remove('a')), after(revision));
    });

    it('a watch moves away from an endpoint that becomes silent', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const way = await startSilenceable(t, Number(new URL(etcd.endpoint).port));
      const [store, other] = [await openFor(t, [etcd.endpoint]), await openFor(t, [way.endpoint, etcd.endpoint])];
      const first = await write(store, put('a', '1'));
      const watch = other.watch('', first, AbortSignal.timeout(60_000))[Symbol.asyncIterator]();
      assert.equal((await watch.next()).value?.revision, first);
      way.silence();
      const second = await write(store, put('a', '2'));
      assert.equal((await watch.next()).value?.revision, second);
      await watch.return?.();
    });

    it('a closed store holds nothing that keeps the process alive', async (t) => {
      const etcd = await etcdOrSkip(t);
      if (etcd === undefined) return;
      t.after(() => etcd.close());
      const script = `
      import { openEtcdStore } from ${JSON.stringify(new URL('../../src/store/etcd.ts', import.meta.url).href)};
      const store = await openEtcdStore({ endpoints: [process.argv[1]], prefix: '/x' });
      const { revision } = await store.commit({ compares: [], operations: [{ kind: 'put', key: 'a', value: '' }] });
      const watching = (async () => { for await (const change of store.watch('', revision, new AbortController().signal)) console.log(change.revision); })();
      await store.keepLease(await store.grantLease(60));
      await store.close();
      await watching;
      console.log('closed');`;
      const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, etcd.endpoint], {
        timeout: 60_000,
      });
      assert.match((await run).stdout, /closed/);
    });
  });

  describe('etcd: when it is full, or a request is too large', { skip, concurrency: 3 }, () => {
    it('a transaction that is too large for etcd is not reported as a store that cannot be reached', async (t) => {
      const etcd = await startEtcd(['--max-request-bytes', '10000']);
      t.after(() => etcd.close());
      const store = await openFor(t, [etcd.endpoint]);
      const revision = await write(store, put('a', 'x'.repeat(5000)));
      // etcd itself refuses the first length, its gRPC server the second.
      for (const length of [20_000, 2_000_000]) {
        await assert.rejects(write(store, put('b', 'x'.repeat(length))), TransactionTooLarge);
      }
      assert.equal(await write(store, put('c')), after(revision));
    });

    it('a full etcd refuses writes with the name of its alarm, serves reads and watches, and recovers with room', async (t) => {
      const etcd = await startEtcd(['--quota-backend-bytes', `${256 * 1024}`]);
      t.after(() => etcd.close());
      const store = await openFor(t, [etcd.endpoint]);
      const start = await write(store, put('a', 'first'));
      const watching = (async () => {
        for await (const { events } of store.watch('end', start, AbortSignal.timeout(30_000))) return events.length;
        return 0;
      })();
      await assert.rejects(
        async () => {
          for (let round = 0; round < 100; round++) await write(store, put('large', 'x'.repeat(20_000)));
        },
        (error) => error instanceof StoreUnavailable && /NOSPACE.*alarm disarm/.test(error.message),
      );
      await assert.rejects(write(store, put('b')), StoreUnavailable);
      assert.equal((await store.get('a'))?.value, 'first');
      await write(store, remove('large'));
      await etcd.compact((await store.list('')).revision);
      await etcd.makeRoom();
      await eventually(() => write(store, put('end')));
      assert.equal(await watching, 1);
    });
  });

  describe('etcd: when it has another history', { skip, concurrency: 3 }, () => {
    /** Opens a store, saves a backup, then writes entries that the backup lacks. */
    async function aheadOfItsBackup(t: TestContext) {
      const etcd = await startEtcd();
      t.after(() => etcd.close());
      const [store, other] = [await openFor(t, [etcd.endpoint]), await openFor(t, [etcd.endpoint])];
      const saved = await write(store, put('a', 'saved'));
      const backup = await etcd.save();
      let newest = saved;
      for (let round = 0; round < 5; round++) newest = await write(store, put('a', `lost ${round}`));
      return { etcd, store, other, backup, saved, newest };
    }

    /**
     * Watches from a revision. Resolves when the change of that revision has come. `ending` resolves with the next
     * change, or with the error of the watch.
     */
    async function follow(store: Store, from: Revision) {
      const watch = store.watch('', from, AbortSignal.timeout(30_000))[Symbol.asyncIterator]();
      assert.equal((await watch.next()).value?.revision, from);
      const ending = watch.next().then(
        ({ value }) => value,
        (error: unknown) => error,
      );
      return { ending };
    }

    it('a watch ends with HistoryLost after etcd was restored from a backup, and new reads work', async (t) => {
      const { etcd, store, backup, saved, newest } = await aheadOfItsBackup(t);
      const { ending } = await follow(store, newest);
      await etcd.restore(backup);
      assert.ok((await ending) instanceof HistoryLost, String(await ending));
      const { entries, revision } = await eventually(() => store.list(''));
      assert.deepEqual(formatChanges([{ revision, events: entries.map((entry) => ({ kind: 'put', entry })) }]), [
        `${saved} a=saved`,
      ]);
      const watching = watchUntil(store, '', after(revision), after(revision));
      await write(store, put('a', 'new'));
      assert.deepEqual(formatChanges(await watching), [`${after(revision)} a=new`]);
    });

    it('a watch ends with HistoryLost also if the restored etcd has passed the revision that was read', async (t) => {
      const { etcd, other, backup, newest } = await aheadOfItsBackup(t);
      const way = await startSilenceable(t, Number(new URL(etcd.endpoint).port));
      const cutOff = await openFor(t, [way.endpoint]);
      const { ending } = await follow(cutOff, newest);
      way.silence();
      await etcd.restore(backup);
      for (let revision = 0; revision < newest + 3; ) revision = await write(other, put('a', `found ${revision}`));
      way.restore();
      assert.ok((await ending) instanceof HistoryLost, String(await ending));
      assert.equal((await cutOff.get('a'))?.value, `found ${newest + 2}`);
    });

    it('the next write is refused after etcd was wiped', async (t) => {
      const { etcd, store } = await aheadOfItsBackup(t);
      await etcd.stop();
      await assertUnavailable(store);
      await etcd.restore();
      await assert.rejects(write(store, put('a', 'decided before')), HistoryLost);
      assert.equal((await store.list('')).entries.length, 0);
      await assert.rejects(watchUntil(store, '', 1 as Revision, 1 as Revision), HistoryLost);
      const revision = await write(store, put('a', 'decided after'));
      assert.equal((await watchUntil(store, '', revision, revision)).length, 1);
    });

    it('etcd keeps its history when it is stopped and started again', async (t) => {
      const { etcd, store, other, newest } = await aheadOfItsBackup(t);
      const watching = watchUntil(store, '', newest, (newest + 2) as Revision);
      await watchUntil(store, '', newest, newest);
      await etcd.stop();
      await etcd.start();
      await eventually(() => write(other, put('b')));
      await eventually(() => write(other, put('b', '2')));
      assert.equal((await watching).length, 3);
    });
  });
});

/** Starts a proxy to a local port. `silence` makes it pass on no more octets, and keep its connections open. */
async function startSilenceable(
  t: TestContext,
  port: number,
): Promise<{ endpoint: string; silence(): void; restore(): void }> {
  const sockets: Socket[] = [];
  let silent = false;
  const server = createServer((near) => {
    if (silent) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    sockets.push(near, far);
    near.pipe(far);
    far.pipe(near);
    for (const socket of [near, far]) socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const silence = () => {
    silent = true;
    for (const socket of sockets) socket.unpipe().pause();
  };
  /** Closes the old connections, and accepts new ones. */
  const restore = () => {
    silent = false;
    for (const socket of sockets.splice(0)) socket.destroy();
  };
  return { endpoint: `http://127.0.0.1:${address.port}`, silence, restore };
}

/** Starts a server that accepts connections and never answers, like an etcd that hangs from its start. */
async function startMute(t: TestContext): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Repeats the attempt until it succeeds. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 60_000; ; await new Promise((resolve) => setTimeout(resolve, 25))) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
  }
}
