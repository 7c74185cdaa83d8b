// The views have the same contents whether they loaded the store, followed it or loaded it again, also if some values
// are wrong.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Logger } from '../../src/model/logger.ts';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { Entry, Operation, Store } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';
import { beginning, commands } from '../control/commands.ts';
import { embeddedStore, emptyViews, openReplica } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { readViews } from './same-views.ts';

/** Loads the entries of a test into the views, as follow.ts loads those of a store. */
function loadInto(views: Views, entries: readonly Entry[], revision: Revision): void {
  const zonesLast = (entry: Entry) => Number(entry.key.startsWith('zones/'));
  views.beginLoad();
  for (const entry of entries.toSorted((a, b) => zonesLast(a) - zonesLast(b))) views.load(entry);
  views.endLoad(revision);
}

test('views that load again after random changes, or follow them, have the same contents as newly loaded views', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const histories = fc.array(fc.array(commands, { maxLength: 15 }), { minLength: 2, maxLength: 4 });
  const property = fc.asyncProperty(histories, async (stretches) => {
    const path = join(folder, String(++runs));
    const store = await openEmbeddedStore({ folder: path });
    const following = await openReplica({ after: () => {} }, store);
    const reloaded = emptyViews();
    try {
      for (const decide of beginning) await following.commit(decide);
      for (const stretch of stretches) {
        for (const { decide } of stretch) await following.attempt(decide);
        const entries = await storeEntries(store);
        const fresh = emptyViews();
        loadInto(fresh, entries, following.views.revision);
        loadInto(reloaded, entries, following.views.revision);
        const now = Date.now();
        const expected = readViews(fresh, entries, now);
        assert.deepEqual(readViews(reloaded, entries, now), expected);
        assert.deepEqual(readViews(following.views, entries, now), expected);
      }
    } finally {
      await following.close();
      await store.close();
      await rm(path, { recursive: true, force: true });
    }
  });
  await fc.assert(property, { numRuns: 40, endOnFailure: true });
});

const k8s = parseName('k8s');
const zone = { name: k8s, ...zoneDefaults };
const pool = {
  id: 'p',
  name: 'p',
  ranges: ['10.0.0.0/24'],
  exclude: [],
  autoAssign: true,
  priority: 0,
  avoidBuggyIps: false,
  allowFirstLast: true,
  strategy: 'lowest' as const,
  coolDownSeconds: 0,
  drain: false,
  space: 'default',
  description: '',
  tags: {},
};
const address = { address: '10.0.0.5', space: 'default', pool: 'p', state: 'held', since: '2026-01-01T00:00:00Z' };
const holder = { kind: 'allocation', id: '1', owner: '' };
const text = (name: string) => ({ name: parseName(name), rrsets: [{ type: 'TXT', ttl: 1, records: ['"x"'] }] });
const host = {
  name: 'h.k8s',
  zone: 'k8s',
  addresses: [],
  aliases: [],
  ttl: null,
  ptr: true,
  owner: '',
  tags: {},
  createdAt: '',
};
const hexOf5 = '00000000000000000000ffff0a000005';

/** Keys and values that no replica writes. A replica must serve the values of all other keys. */
const bad: Record<string, unknown> = {
  [poolKey('p-text')]: 'no JSON',
  [poolKey('p-ranges')]: { v: 1, ...pool, name: 'p-ranges', ranges: ['x'] },
  [poolKey('p-name')]: { v: 1, ...pool, name: 'p' },
  [poolKey('p-version')]: { v: 2, ...pool, name: 'p-version' },
  [`addresses/default/${hexOf5}`]: { v: 1, ...address, address: '10.0.0.6', holders: [holder] },
  [`addresses/other/${hexOf5}`]: { v: 1, ...address, holders: [holder] },
  [`addresses/time/${hexOf5}`]: { v: 1, ...address, space: 'time', holders: [{ ...holder, expiresAt: 'soon' }] },
  [`addresses/since/${hexOf5}`]: { v: 1, ...address, space: 'since', since: '', holders: [holder] },
  [`addresses/none/${hexOf5}`]: { v: 1, ...address, space: 'none', holders: [] },
  [hostKey(parseName('one.k8s'))]: { v: 1, ...host },
  [hostKey(parseName('two.k8s'))]: {
    v: 1,
    ...host,
    name: 'two.k8s',
    addresses: [{ address: 'x', pool: null, space: 'default' }],
  },
  [zoneKey(parseName('bad'))]: { v: 1, ...zone, name: 'bad', nameservers: ['a b'] },
  [zoneKey(parseName('lies'))]: { v: 1, ...zone },
  [nameKey(k8s, 1, parseName('rdata.k8s'))]: {
    v: 1,
    name: 'rdata.k8s',
    rrsets: [{ type: 'A', ttl: 1, records: ['x'] }],
  },
  [nameKey(k8s, 1, parseName('lies.k8s'))]: { v: 1, ...text('other.k8s') },
  [nameKey(k8s, 1, parseName('outside.example'))]: { v: 1, ...text('outside.example') },
  [memberKey('nowhere')]: { v: 1, replica: 'nowhere', dns: ['nowhere'] },
};
/** Keys that no kind parses. */
const strange = ['hosts/%zz', 'zones/%', 'members/%ff', 'addresses/default/xyz', 'names/k8s', 'elsewhere/x'];
const good: [string, string][] = [
  [zoneKey(k8s), zoneValue.encode(zone)],
  [serialKey(k8s), ''],
  [poolKey('p'), poolValue.encode(pool)],
  [memberKey('else'), memberValue.encode({ replica: 'else', dns: ['192.0.2.1:53'] })],
  ...['a.k8s', 'b.k8s'].map((name): [string, string] => {
    const rrsets = [{ type: 'TXT' as never, ttl: 1, records: ['"x"'] }];
    return [nameKey(k8s, 1, parseName(name)), nameValue.encode({ name: parseName(name), rrsets })];
  }),
];

function put(entries: Iterable<readonly [string, string]>): Operation[] {
  return [...entries].map(([key, value]) => ({ kind: 'put', key, value }));
}

const badEntries = [
  ...Object.entries(bad).map(
    ([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  ),
  ...strange.map((key) => [key, '{}'] as const),
];

for (const way of ['loaded', 'followed', 'loaded again'] as const) {
  test(`bad keys and values that are ${way} are each reported until they are deleted, and others are served`, async (t) => {
    const store: Store = await embeddedStore(t);
    const errors: string[] = [];
    const logger: Logger = {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (...line) => errors.push(JSON.stringify(line)),
    };
    const commit = async (operations: Operation[]) => (await store.commit({ compares: [], operations })).revision;
    const everything = async (views: Views) => {
      const { entries, revision } = await store.list('');
      loadInto(views, entries, revision);
    };

    const views = emptyViews(logger);
    if (way === 'loaded') await commit([...put(good), ...put(badEntries)]);
    else await commit(put(good));
    const replica = way === 'loaded again' ? undefined : await openReplica(t, store, logger);
    const seen = replica?.views ?? views;
    if (way !== 'loaded') {
      if (replica === undefined) await everything(views);
      const revision = await commit(put(badEntries));
      if (replica === undefined) await everything(views);
      await seen.reached(revision);
    }
    assert.deepEqual([...seen.faults.keys()].sort(), Object.keys(bad).sort());
    for (const key of Object.keys(bad))
      assert.ok(
        errors.some((one) => one.includes(key)),
        `${key} is not in the log`,
      );
    if (replica === undefined) {
      const reported = () => errors.filter((one) => /"(pools|addresses|hosts)\//.test(one)).length;
      const before = reported();
      await everything(views);
      assert.equal(reported(), before, 'a further load reports the same values again');
    }
    const isWell = (used: bigint) => {
      assert.deepEqual(
        [...seen.pools.list()].map(({ value }) => value.name),
        ['p'],
      );
      assert.deepEqual(
        [...seen.zones.list()].map(({ value }) => value.name),
        ['k8s'],
      );
      assert.deepEqual([...seen.hosts.list()], []);
      assert.equal(seen.pools.usage('p', Date.now())?.ipv4.used, used);
      for (const name of ['a.k8s', 'b.k8s']) assert.equal(seen.zones.name(k8s, parseName(name)).rrsets.length, 1);
      assert.equal(seen.zones.counts(k8s).names, 2);
    };
    // Who holds an unreadable address is unknown, so it does not count as free.
    isWell(1n);
    const revision = await commit(badEntries.map(([key]) => ({ kind: 'delete', key })));
    if (replica === undefined) await everything(views);
    await seen.reached(revision);
    assert.deepEqual([...seen.faults], []);
    isWell(0n);
  });
}

test('when a value becomes unreadable, the value before it is served until it can be read again', async (t) => {
  const store = await embeddedStore(t);
  await store.commit({ compares: [], operations: put(good) });
  const { views } = await openReplica(t, store);
  const key = nameKey(k8s, 1, parseName('a.k8s'));
  const write = async (value: string) =>
    views.reached((await store.commit({ compares: [], operations: put([[key, value]]) })).revision);
  await write('no JSON');
  assert.deepEqual(views.zones.name(k8s, parseName('a.k8s')).rrsets[0]?.records, ['"x"']);
  await write(
    nameValue.encode({ name: parseName('a.k8s'), rrsets: [{ type: 'TXT' as never, ttl: 1, records: ['"y"'] }] }),
  );
  assert.deepEqual(views.zones.name(k8s, parseName('a.k8s')).rrsets[0]?.records, ['"y"']);
  assert.equal(views.faults.size, 0);
});

test('waiting for a revision ends when the views have applied it, in the order of the revisions', async (t) => {
  const store = await embeddedStore(t);
  const { views } = await openReplica(t, store);
  const order: string[] = [];
  const waiting = [2, 1].map(async (step) => {
    await views.reached((views.revision + step) as Revision);
    order.push(String(step));
  });
  await store.commit({ compares: [], operations: put(good) });
  await store.commit({
    compares: [],
    operations: put([[poolKey('q'), poolValue.encode({ ...pool, id: 'q', name: 'q', ranges: ['10.1.0.0/24'] })]]),
  });
  await Promise.all(waiting);
  assert.deepEqual(order, ['1', '2']);
  assert.equal(views.zones.serial(k8s), views.revision - 1);
});
