// A host is stored whole or not at all: at every revision, in every change of the watch, and after the process is
// killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decideChangeHost } from '../../src/control/hosts/change-host.ts';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import { decidePutPool } from '../../src/control/pools/put-pool.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { firstRevision } from '../../src/model/revision.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { assertWhole, contentsOf } from './whole.ts';

const zone = parseName('k8s');

async function prepare({ commit }: ControlPlane): Promise<void> {
  await commit(putZone(zone));
  await commit((context) =>
    decidePutPool(context, {
      name: 'p',
      precondition: {},
      change: () => ({
        id: 'p',
        name: 'p',
        ranges: ['10.0.0.0/24', '2001:db8::/64'],
        ...poolDefaults,
      }),
    }),
  );
}

/** Watches all changes from the first revision to the last. Calls `check` with each and the entries at its revision. */
async function replay(store: Store, check: (entries: Map<string, string>, change: Change) => void): Promise<void> {
  const { revision: last } = await store.list('', { limit: 1 });
  const entries = new Map<string, string>();
  const stop = new AbortController();
  for await (const change of store.watch('', firstRevision, stop.signal)) {
    for (const event of change.events) {
      if (event.kind === 'put') entries.set(event.entry.key, event.entry.value);
      else entries.delete(event.key);
    }
    check(entries, change);
    if (change.revision >= last) stop.abort();
  }
}

const wholeOf = (entries: Map<string, string>) => contentsOf([...entries].map(([key, value]) => ({ key, value })));

test('hosts, addresses, A, AAAA, PTR and aliases agree at every revision', async (t) => {
  const store = await embeddedStore(t);
  const replica = await openReplica(t, store);
  const { commit } = replica;
  await prepare(replica);
  const lives = Array.from({ length: 30 }, async (_, index) => {
    const name = parseName(`h${index}.k8s`);
    const wanted = { name, aliases: [parseName(`a${index}.k8s`)], ttl: null, ptr: true, owner: '', tags: {} };
    await commit((context) => decideCreateHost(context, { ...wanted, families: ['ipv4', 'ipv6'] }));
    const next = { ...wanted, name: parseName(`r${index}.k8s`), addresses: [parseAddress(`192.0.2.${index}`)] };
    await commit((context) => decideChangeHost(context, { name, precondition: {}, change: () => next }));
    if (index % 3 > 0) await commit((context) => decideDeleteHost(context, { name: next.name, precondition: {} }));
  });
  await Promise.all(lives);
  let revisions = 0;
  await replay(store, (entries) => {
    assertWhole(wholeOf(entries), { emptyZones: true });
    revisions += 1;
  });
  assert.ok(revisions > 5);
  assert.equal(wholeOf(new Map((await storeEntries(store)).map(({ key, value }) => [key, value]))).hosts.size, 10);
});

test('creating, changing and deleting a host makes one revision each', async (t) => {
  const store = await embeddedStore(t);
  const replica = await openReplica(t, store);
  await prepare(replica);
  const wanted = {
    name: parseName('h.k8s'),
    aliases: [parseName('a.k8s'), parseName('b.k8s')],
    ttl: null,
    ptr: true,
    owner: '',
    tags: {},
  };
  const start = replica.views.revision;
  await replica.commit((context) => decideCreateHost(context, { ...wanted, families: ['ipv4', 'ipv6'] }));
  await replica.commit((context) => decideDeleteHost(context, { name: wanted.name, precondition: {} }));
  assert.equal(replica.views.revision, start + 2);
  const touched: number[] = [];
  await replay(store, (_, { revision, events }) => void (revision > start && touched.push(events.length)));
  // The keys are the host, two addresses, its name with A and AAAA, two aliases, two PTRs, two reverse zones and three
  // serials.
  assert.deepEqual(touched, [13, 13]);
});

test('a process that is killed during writes leaves only whole hosts, and its store can be used again', async (t) => {
  const folder = await temporaryFolder(t);
  const first = await openEmbeddedStore({ folder });
  const replica = await openReplica(t, first);
  await prepare(replica);
  await replica.close();
  await first.close();
  for (const milliseconds of [5, 40, 90, 150]) {
    const writer = fileURLToPath(new URL('./host-writer.ts', import.meta.url));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', writer, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    await Promise.race([
      once(child.stdout, 'data'),
      ended.then(([code]) => assert.fail(`the writer ended with ${code}`)),
    ]);
    await delay(milliseconds);
    child.kill('SIGKILL');
    await ended;
    const store = await openEmbeddedStore({ folder });
    const contents = contentsOf(await storeEntries(store));
    assertWhole(contents, { emptyZones: true });
    // Deletes the hosts that the killed process left, so that the next process finds free addresses.
    const cleaner = await openReplica(t, store);
    for (const name of contents.hosts.keys())
      await cleaner.commit((context) => decideDeleteHost(context, { name, precondition: {} }));
    await cleaner.close();
    await store.close();
  }
});
