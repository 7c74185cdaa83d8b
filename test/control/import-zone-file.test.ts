// An import changes the whole zone or nothing, also if hosts change meanwhile, another import runs, or the process
// dies.

import assert from 'node:assert/strict';
import { watch } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { decideCreateHost } from '../../src/control/hosts/create-host.ts';
import { decideDeleteHost } from '../../src/control/hosts/delete-host.ts';
import { Committer } from '../../src/control/transaction/commit.ts';
import { cleanGenerations } from '../../src/control/zone-file/clean-generations.ts';
import { ImportMemory } from '../../src/control/zone-file/import-memory.ts';
import type { ImportWanted } from '../../src/control/zone-file/import-wanted.ts';
import { type Imported, importZoneFile } from '../../src/control/zone-file/import-zone-file.ts';
import { decideDeleteZone } from '../../src/control/zones/delete-zone.ts';
import { Refusal } from '../../src/errors.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { importKey } from '../../src/store/kinds/import.ts';
import { nameKind, zoneNamesPrefix } from '../../src/store/kinds/name.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import { OutcomeUnknown, type Store, StoreUnavailable } from '../../src/store/store.ts';
import { adminToken } from '../support/api-client.ts';
import { changedStore } from '../support/changed-store.ts';
import { type ControlPlane, embeddedStore, openReplica, putZone, testActor } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { answersOf, startReplica } from '../support/replica.ts';
import { storeDump, storeEntries } from '../support/store-dump.ts';
import { type Cleanup, temporaryFolder } from '../support/temporary.ts';
import { sameViews } from '../views/same-views.ts';
import { assertWhole, contentsOf } from './whole.ts';

const zone = parseName('foo.k8s');
const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Opens a replica on the store. If no store is passed, opens a new one and creates the zone in it. */
async function prepare(t: Cleanup, store?: Store): Promise<ControlPlane> {
  const replica = await openReplica(t, store ?? (await embeddedStore(t)));
  if (replica.views.zones.get(zone) === undefined) await replica.commit(putZone(zone, { defaultTtl: 120 }));
  return replica;
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

function importing(replica: ControlPlane, text: string, more: Partial<ImportWanted> = {}): Promise<Imported> {
  return importZoneFile({ ...replica, logger }, { actor: testActor, zone, text: once(text), dryRun: false, ...more });
}

const many = (count: number, address: string) => `$GENERATE 1-${count} n-$ A ${address}\n`;

function createHost({ commit }: ControlPlane, name: string, address: string) {
  const more = { aliases: [parseName(`alias-${name}`)], ttl: null, ptr: true, owner: '', tags: {} };
  return commit((context) =>
    decideCreateHost(context, { name: parseName(name), addresses: [parseAddress(address)], ...more }),
  );
}

const recordsAt = ({ views }: ControlPlane, owner: string) =>
  views.zones.name(zone, parseName(owner)).rrsets.map(({ type, records }) => `${type} ${records.join()}`);

const refusalOf = (work: Promise<unknown>): Promise<Refusal> =>
  work.then(
    () => assert.fail('the import was not refused'),
    (error: unknown) => (error instanceof Refusal ? error : Promise.reject(error)),
  );

test('hosts that are created and deleted during imports are neither lost nor restored', {
  timeout: 120_000,
}, async (t) => {
  const near = await prepare(t);
  const far = await prepare(t, near.store);
  await createHost(near, 'goes.foo.k8s', '10.3.0.1');
  const stop = new AbortController();
  const kept: string[] = [];
  const gone: string[] = [];
  const change = async (replica: ControlPlane, net: number) => {
    for (let i = 1; i < 250 && !stop.signal.aborted; i += 1) {
      const name = `host-${net}-${i}.foo.k8s`;
      await createHost(replica, name, `10.${net}.0.${i}`);
      if (i % 3 > 0) kept.push(name);
      else {
        await replica.commit((context) => decideDeleteHost(context, { name: parseName(name), precondition: {} }));
        gone.push(name);
      }
      await delay(3);
    }
  };
  const changes = [change(near, 1), change(far, 2)];
  await delay(50);
  const first = await importing(near, many(5000, '192.0.2.1'));
  await near.commit((context) => decideDeleteHost(context, { name: parseName('goes.foo.k8s'), precondition: {} }));
  await far.views.reached(first.revision);
  const second = await importing(far, many(2000, '192.0.2.2'));
  stop.abort();
  await Promise.all(changes);
  await Promise.all([first.cleaned, second.cleaned]);
  assert.ok(kept.length > 10 && gone.length > 5, `only ${kept.length} hosts were kept, and ${gone.length} deleted`);
  await near.views.reached(far.views.revision);
  await far.views.reached(near.views.revision);
  for (const replica of [near, far]) {
    assert.deepEqual(recordsAt(replica, 'n-2000.foo.k8s'), ['A 192.0.2.2']);
    assert.deepEqual(recordsAt(replica, 'n-2001.foo.k8s'), []);
    for (const name of kept) assert.deepEqual(recordsAt(replica, `alias-${name}`), [`CNAME ${name}.`]);
    for (const name of ['goes.foo.k8s', ...gone]) assert.deepEqual(recordsAt(replica, `alias-${name}`), [], name);
  }
  assert.equal(near.views.zones.counts(zone).names, 2000 + 2 * kept.length);
  assertWhole(contentsOf(await storeEntries(near.store)), { emptyZones: true });
  await sameViews(t, near);
});

test('an import is refused and changes nothing if a host takes a name of the file meanwhile', async (t) => {
  const replica = await prepare(t);
  await importing(replica, 'old A 192.0.2.9\n').then(({ cleaned }) => cleaned);
  let creating: Promise<unknown> | undefined;
  const onProgress: ImportWanted['onProgress'] = ({ phase, done, total }) => {
    if (phase === 'writing' && done === total) creating = createHost(replica, 'n-7.foo.k8s', '10.0.0.7');
  };
  const refusal = await refusalOf(importing(replica, many(500, '192.0.2.1'), { onProgress }));
  await creating;
  assert.deepEqual([refusal.code, refusal.errors?.[0]?.path], ['managed_record', 'line:1']);
  assert.deepEqual(recordsAt(replica, 'n-7.foo.k8s'), ['A 10.0.0.7']);
  assert.deepEqual(recordsAt(replica, 'old.foo.k8s'), ['A 192.0.2.9']);
  await cleanGenerations(replica.store, zone);
  assertWhole(contentsOf(await storeEntries(replica.store)));
  await sameViews(t, replica);
});

test('a host that is deleted after the import has written all names is not restored', async (t) => {
  const replica = await prepare(t);
  await createHost(replica, 'goes.foo.k8s', '10.0.0.7');
  let deleting: Promise<unknown> | undefined;
  const onProgress: ImportWanted['onProgress'] = ({ phase, done, total }) => {
    if (phase !== 'writing' || done !== total) return;
    deleting = replica.commit((context) =>
      decideDeleteHost(context, { name: parseName('goes.foo.k8s'), precondition: {} }),
    );
  };
  const imported = await importing(replica, many(5, '192.0.2.1'), { onProgress });
  await Promise.all([deleting, imported.cleaned]);
  assert.deepEqual(recordsAt(replica, 'n-5.foo.k8s'), ['A 192.0.2.1']);
  assert.deepEqual(recordsAt(replica, 'goes.foo.k8s'), []);
  assertWhole(contentsOf(await storeEntries(replica.store)));
  await sameViews(t, replica);
});

test('a zone that is deleted and created again during its import stays as it was created', async (t) => {
  const replica = await prepare(t);
  let changing: Promise<unknown> | undefined;
  const onProgress: ImportWanted['onProgress'] = ({ phase, done, total }) => {
    if (phase !== 'writing' || done !== total) return;
    changing = replica
      .commit((context) => decideDeleteZone(context, { name: zone, precondition: {} }))
      .then(() => replica.commit(putZone(zone, { defaultTtl: 60 })));
  };
  const refusal = await refusalOf(importing(replica, many(500, '192.0.2.1'), { onProgress }));
  await changing;
  assert.ok(['import_interrupted', 'not_found'].includes(refusal.code), refusal.code);
  assert.deepEqual(
    (await storeEntries(replica.store)).filter(({ key }) => key.startsWith(nameKind.prefix)),
    [],
  );
  assert.equal(replica.views.zones.get(zone)?.value.defaultTtl, 60);
  assert.equal((await importing(replica, many(5, '192.0.2.1'))).written, true);
});

test('an import that has lost its lock after writing all names is interrupted', async (t) => {
  const replica = await prepare(t);
  const commit: Store['commit'] = async (transaction) => {
    const isLast = transaction.operations.some((one) => one.kind === 'put' && one.key === zoneKey(zone));
    if (isLast) await replica.store.commit({ compares: [], operations: [{ kind: 'delete', key: importKey(zone) }] });
    return replica.store.commit(transaction);
  };
  const store = changedStore(replica.store, { commit });
  const committer = new Committer(store, replica.views);
  const refusal = await refusalOf(importing({ ...replica, store, committer }, many(5, '192.0.2.1')));
  assert.equal(refusal.code, 'import_interrupted');
  assert.deepEqual(recordsAt(replica, 'n-5.foo.k8s'), []);
});

test('an import whose zone is deleted and created again before it begins to write is interrupted', async (t) => {
  const replica = await prepare(t);
  const commit: Store['commit'] = async (transaction) => {
    if (transaction.operations.some((one) => one.kind === 'put' && one.key === importKey(zone))) {
      await replica.commit((context) => decideDeleteZone(context, { name: zone, precondition: {} }));
      await replica.commit(putZone(zone));
    }
    return replica.store.commit(transaction);
  };
  const store = changedStore(replica.store, { commit });
  const refusal = await refusalOf(importing({ ...replica, store }, many(5, '192.0.2.1')));
  assert.equal(refusal.code, 'import_interrupted');
  assert.match(refusal.message, /was deleted meanwhile/);
});

test('of two simultaneous imports at most one is refused, and the zone has all names of one file', async (t) => {
  const near = await prepare(t);
  const far = await prepare(t, near.store);
  const outcomes = await Promise.allSettled([
    importing(near, many(1500, '192.0.2.1')),
    importing(far, many(1500, '192.0.2.2')),
  ]);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of refused) assert.equal((reason as Refusal).code, 'import_running');
  assert.ok(refused.length <= 1);
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') await outcome.value.cleaned;
  const records = new Set(Array.from({ length: 1500 }, (_, i) => recordsAt(near, `n-${i + 1}.foo.k8s`).join()));
  assert.equal(records.size, 1, 'the zone has records of both files');
  assertWhole(contentsOf(await storeEntries(near.store)));
});

test('an import into etcd leaves one generation', { timeout: 60_000 }, async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
  t.after(() => store.close());
  const replica = await prepare(t, store);
  await createHost(replica, 'stays.foo.k8s', '10.0.0.7');
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    await importing(replica, many(2500, address)).then(({ cleaned }) => cleaned);
    assert.deepEqual(recordsAt(replica, 'n-2500.foo.k8s'), [`A ${address}`]);
  }
  const names = (await storeEntries(store)).filter(({ key }) => key.startsWith(zoneNamesPrefix(zone)));
  assert.equal(names.length, 2502);
  assert.equal((await importing(replica, many(2500, '192.0.2.2'))).written, false);
  await sameViews(t, replica);
});

test('an import that fails halfway leaves nothing behind', async (t) => {
  const replica = await prepare(t);
  await importing(replica, many(300, '192.0.2.1')).then(({ cleaned }) => cleaned);
  const before = await storeDump(replica.store);
  let commits = 0;
  const store: Store = {
    ...bound(replica.store),
    commit: (transaction) => {
      const writes = transaction.operations.some((one) => 'key' in one && one.key.startsWith(nameKind.prefix));
      return writes && ++commits === 3
        ? Promise.reject(new Error('the disk broke'))
        : replica.store.commit(transaction);
    },
  };
  await assert.rejects(importing({ ...replica, store }, many(1000, '192.0.2.2')), /the disk broke/);
  await cleanGenerations(replica.store, zone);
  assert.deepEqual(await storeDump(replica.store), before);
  await sameViews(t, replica);
});

test('a file that needs more memory than allowed is refused before it is read to its end', async (t) => {
  const replica = await prepare(t);
  const importMemory = new ImportMemory(1_000_000);
  let read = 0;
  async function* endless(): AsyncGenerator<string> {
    for (; ; read += 1) yield `n-${read} TXT ${'x'.repeat(200)}\n`;
  }
  const places = { ...replica, logger, importMemory };
  const refusal = await refusalOf(importZoneFile(places, { actor: testActor, zone, text: endless(), dryRun: true }));
  assert.equal(refusal.code, 'payload_too_large');
  assert.ok(read > 1000 && read < 5000, `${read} records were read`);
  const first = importZoneFile(places, { actor: testActor, zone, text: once(many(2000, '192.0.2.1')), dryRun: true });
  const second = importZoneFile(places, { actor: testActor, zone, text: once(many(2000, '192.0.2.1')), dryRun: true });
  const outcomes = await Promise.allSettled([first, second]);
  assert.deepEqual(
    outcomes.map(({ status }) => status).sort(),
    ['fulfilled', 'rejected'],
    'of two imports that together need too much memory, not exactly one is refused',
  );
  await importZoneFile(places, { actor: testActor, zone, text: once(many(2000, '192.0.2.1')), dryRun: true });
});

for (const phase of ['reading', 'comparing', 'writing'] as const) {
  test(`an import whose client disconnects while it is ${phase} ends, and changes nothing`, {
    timeout: 60_000,
  }, async (t) => {
    const replica = await prepare(t);
    await importing(replica, 'old A 192.0.2.9\n').then(({ cleaned }) => cleaned);
    const before = await storeDump(replica.store);
    const client = new AbortController();
    let last = '';
    const onProgress: ImportWanted['onProgress'] = (progress) => {
      last = progress.phase;
      if (progress.phase === phase) client.abort();
    };
    const text = many(150_000, '192.0.2.1');
    const refusal = await refusalOf(importing(replica, text, { onProgress, signal: client.signal }));
    assert.deepEqual([refusal.code, last], ['import_interrupted', phase]);
    await cleanGenerations(replica.store, zone);
    assert.deepEqual(await storeDump(replica.store), before);
    await sameViews(t, replica);
  });
}

for (const reads of [0, 1, 2, 3]) {
  test(`the names of an import stay that ends after the cleaning has read ${reads} times`, async (t) => {
    const replica = await prepare(t);
    await importing(replica, many(3, '192.0.2.1')).then(({ cleaned }) => cleaned);
    let done = 0;
    const meanwhile = async () => {
      if (done++ === reads) await importing(replica, many(5, '192.0.2.2')).then(({ cleaned }) => cleaned);
    };
    const store = changedStore(replica.store, {
      get: async (...wanted) => meanwhile().then(() => replica.store.get(...wanted)),
      list: async (...wanted) => meanwhile().then(() => replica.store.list(...wanted)),
    });
    await cleanGenerations(store, zone);
    await meanwhile();
    const names = (await storeEntries(replica.store)).filter(({ key }) => key.startsWith(zoneNamesPrefix(zone)));
    assert.equal(names.length, 5);
    await sameViews(t, replica);
  });
}

const never = () => new Promise<never>(() => undefined);

function bound(store: Store): Store {
  const { get, list, commit, watch, grantLease, keepLease, guardLease, revokeLease, close } = store;
  const all = { get, list, commit, watch, grantLease, keepLease, guardLease, revokeLease, close };
  return Object.fromEntries(
    Object.entries(all).map(([name, method]) => [name, method.bind(store)]),
  ) as unknown as Store;
}

suite('an import that waits', { concurrency: true }, () => {
  test('an import that cannot reach the store is refused without waiting for the release of its lock', {
    timeout: 30_000,
  }, async (t) => {
    const replica = await prepare(t);
    let commits = 0;
    const store: Store = {
      ...bound(replica.store),
      commit: (transaction) => {
        const writes = transaction.operations.some((one) => 'key' in one && one.key.startsWith(nameKind.prefix));
        return writes && ++commits > 2
          ? Promise.reject(new OutcomeUnknown('no answer'))
          : replica.store.commit(transaction);
      },
      revokeLease: never,
    };
    await assert.rejects(importing({ ...replica, store }, many(1000, '192.0.2.1')), StoreUnavailable);
  });

  test('an import whose views no longer follow the store is refused', { timeout: 30_000 }, async (t) => {
    const replica = await prepare(t);
    const onProgress: ImportWanted['onProgress'] = ({ phase }) => {
      if (phase === 'comparing') t.mock.method(replica.views, 'reached', never);
    };
    const refusal = await refusalOf(importing(replica, many(1000, '192.0.2.1'), { onProgress }));
    assert.equal(refusal.code, 'store_unavailable');
  });

  test('after a replica was killed during an import, it serves the old zone, and the names of the import can be cleaned', {
    timeout: 120_000,
  }, async (t) => {
    const folder = join(await temporaryFolder(t), 'replica');
    const replica = await startReplica(t, folder);
    await replica.expect(201, 'POST', '/v1/zones', { name: zone });
    await replica.expect(201, 'PUT', `/v1/zones/${zone}/rrsets/old/A`, { records: ['192.0.2.9'] });
    const headers = {
      authorization: `Bearer ${adminToken}`,
      'content-type': 'text/dns',
      accept: 'application/x-ndjson',
    };
    const body = many(30_000, '192.0.2.1');
    // This process must run before the replica, when both want the processor: otherwise the import may end first.
    setPriority(replica.pid, 19);
    const { body: lines } = await fetch(`${replica.url}/v1/zones/${zone}/zonefile`, { method: 'PUT', headers, body });
    let received = '';
    let changes = 0;
    // SQLite writes commits to this file: first that of the lock, then hundreds with names.
    const watcher = watch(join(folder, 'store', 'store.sqlite-wal'), () => {
      if (received.includes('"comparing"') && ++changes === 60) process.kill(replica.pid, 'SIGKILL');
    });
    try {
      for await (const text of (lines ?? assert.fail()).pipeThrough(new TextDecoderStream())) received += text;
    } catch {
      // The answer of a replica that is killed breaks off.
    }
    watcher.close();
    await replica.kill();
    assert.doesNotMatch(received, /result/);
    await replica.start();
    assert.deepEqual(answersOf(await replica.ask(`old.${zone}`, 'A')), ['A 192.0.2.9']);
    assert.equal((await replica.ask(`n-1.${zone}`, 'A')).rcode, 'NXDOMAIN');
    await replica.stop();
    const store = await openEmbeddedStore({ folder: join(folder, 'store') });
    t.after(() => store.close());
    const names = async () => (await storeEntries(store)).filter(({ key }) => key.startsWith(nameKind.prefix)).length;
    const left = await names();
    assert.ok(left > 1, 'the killed replica had written no names');
    assert.equal(await cleanGenerations(store, zone), 0, 'names were deleted while the lock of their import was held');
    await store.commit({ compares: [], operations: [{ kind: 'delete', key: importKey(zone) }] });
    assert.equal(await cleanGenerations(store, zone), left - 1);
    assert.equal(await names(), 1);
  });
});
