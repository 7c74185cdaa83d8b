// The revisions of a restored store are shown with an offset added. Such a store keeps the contract of stores. It
// refuses every call while a backup is being restored into it.

import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { after, type Revision } from '../../src/model/revision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { offsetKey, offsetValue } from '../../src/store/kinds/offset.ts';
import { showRevisions } from '../../src/store/shown-revisions.ts';
import { Compacted, HistoryLost, RestoreUnfinished, type Store } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { skipWithoutEtcd, startEtcd } from '../support/etcd.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { put, storeContract, watchUntil, write } from './contract.ts';

const offset = 5_000_000_000;
const keepRevisions = 2000;
const sha256 = 'a'.repeat(64);

const skip = skipWithoutEtcd();

/** Shows the revisions of a store with an offset. The offset is at a key that the tests of the contract do not list. */
async function openWithOffset(t: TestContext, store: Store, key: string): Promise<Store> {
  await write(store, put(key, offsetValue.encode({ offset })));
  const shown = showRevisions(store, { key });
  t.after(() => shown.close());
  return shown;
}

storeContract('embedded, with an offset', false, async (t) => {
  const folder = await temporaryFolder(t);
  return {
    open: async () => openWithOffset(t, await openEmbeddedStore({ folder, keepRevisions }), '/offset'),
    absolute: '/elsewhere',
    compact: async (store) => {
      await Promise.all(Array.from({ length: keepRevisions + 200 }, () => write(store, put('filler'))));
    },
  };
});

/** Returns a store, and the same store with the offset added to its revisions. */
async function restoredStore(t: TestContext, opened?: Store) {
  const store = opened ?? (await embeddedStore(t));
  await write(store, put(offsetKey, offsetValue.encode({ offset })));
  return { store, shown: showRevisions(store) };
}

describe('a restored store', () => {
  const titled = 'has revisions above the offset, and never those of the store that was backed up';
  it(`on embedded ${titled}`, (t) => hasNoOlder(t));
  it(`on etcd ${titled}`, { skip }, async (t) => {
    const etcd = await startEtcd();
    t.after(() => etcd.close());
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/test' });
    t.after(() => store.close());
    await hasNoOlder(t, store);
  });

  async function hasNoOlder(t: TestContext, store?: Store) {
    const { shown } = await restoredStore(t, store);
    const revision = await write(shown, put('a', 'one'));
    assert.ok(revision > offset);
    assert.equal((await shown.get('a'))?.modified, revision);
    for (const old of [1, offset - 1, offset] as Revision[]) {
      await assert.rejects(shown.list('', { at: old }), Compacted);
      await assert.rejects(watchUntil(shown, '', old, revision), Compacted);
      for (const kind of ['created', 'modified'] as const) {
        const { committed } = await shown.commit({ compares: [{ kind, key: 'a', revision: old }], operations: [] });
        assert.equal(committed, false, `${kind} at ${old}`);
      }
      const quiet = await shown.commit({ compares: [{ kind: 'quiet', prefix: '', since: old }], operations: [] });
      assert.equal(quiet.committed, false, `quiet since ${old}`);
    }
  }

  it('reports previous entries with the offset added to their revisions', async (t) => {
    const { shown } = await restoredStore(t);
    const first = await write(shown, put('a', 'one'));
    const second = await write(shown, put('a', 'two'));
    const watched = shown.watch('', second, new AbortController().signal, { previous: true });
    for await (const { events } of watched) {
      assert.deepEqual(events, [
        {
          kind: 'put',
          entry: { key: 'a', value: 'two', created: first, modified: second },
          previous: { key: 'a', value: 'one', created: first, modified: first },
        },
      ]);
      break;
    }
  });

  it('refuses every read and write while the backup is being written, and none afterwards', async (t) => {
    const store = await embeddedStore(t);
    await write(store, put(offsetKey, offsetValue.encode({ offset, restoring: { sha256, written: 7 } })));
    const shown = showRevisions(store);
    const calls = [
      () => shown.get('a'),
      () => shown.list(''),
      () => shown.commit({ compares: [], operations: [put('a')] }),
      () => watchUntil(shown, '', after(offset as Revision), 1 as Revision),
    ];
    for (const call of calls) await assert.rejects(call, RestoreUnfinished);
    await write(store, put(offsetKey, offsetValue.encode({ offset })));
    assert.ok((await write(shown, put('a'))) > offset);
  });

  it('ends a watch with HistoryLost when a backup is restored under it, and then has the new offset', async (t) => {
    const store = await embeddedStore(t);
    const shown = showRevisions(store);
    const start = await write(shown, put('a'));
    const watching = watchUntil(shown, '', after(start), Number.MAX_SAFE_INTEGER as Revision);
    await write(store, put(offsetKey, offsetValue.encode({ offset })));
    await assert.rejects(watching, HistoryLost);
    assert.ok((await write(shown, put('b'))) > offset);
  });

  it('reads its offset again after the history was lost', async (t) => {
    const { store } = await restoredStore(t);
    let isLost = false;
    const losing = changedStore(store, {
      get: (key) => (isLost ? Promise.reject(new HistoryLost('the test says so')) : store.get(key)),
    });
    const shown = showRevisions(losing);
    assert.ok((await write(shown, put('a'))) > offset);
    isLost = true;
    await assert.rejects(shown.get('a'), HistoryLost);
    isLost = false;
    await write(store, put(offsetKey, offsetValue.encode({ offset: 2 * offset })));
    assert.ok((await write(shown, put('a'))) > 2 * offset);
  });

  it('cannot be read if its offset cannot be', async (t) => {
    const store = await embeddedStore(t);
    await write(store, put(offsetKey, 'five'));
    await assert.rejects(showRevisions(store).get('a'), /the key revisions\/offset cannot be read/);
  });
});
