// A store that is backed up and restored has the same contents: all data that control, the API and DNS can read, also
// the serial of each zone.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseName } from '../../src/model/name.ts';
import { type Serial, serialAt } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { idempotencyKey } from '../../src/store/kinds/idempotency.ts';
import { importKey } from '../../src/store/kinds/import.ts';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import { nameKey, nameKind, nameValue } from '../../src/store/kinds/name.ts';
import { offsetKey } from '../../src/store/kinds/offset.ts';
import { outboxKind, outboxValue } from '../../src/store/kinds/outbox.ts';
import { serialKey, serialValue } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import { showRevisions } from '../../src/store/shown-revisions.ts';
import type { Operation, Store } from '../../src/store/store.ts';
import { beginning, commands } from '../control/commands.ts';
import { put, write } from '../store/contract.ts';
import { audit } from '../support/audit-trail.ts';
import { backupOf, entriesIn, restoreInto } from '../support/backups.ts';
import { embeddedStore, openReplica, putZone } from '../support/control-plane.ts';
import { storeEntries } from '../support/store-dump.ts';
import { type Cleanup, inScope, temporaryFolder } from '../support/temporary.ts';
import { readViews } from '../views/same-views.ts';

/** Returns the contents of the views of a store, without revisions and generations: these differ after a restore. */
async function contentsOf(scope: Cleanup, store: Store, now: number): Promise<unknown> {
  const { views, close } = await openReplica(scope, store);
  const names = (await storeEntries(store)).filter(({ key }) => nameKind.parse(key) !== undefined);
  const contents = readViews(views, names, now);
  const serials = [...views.zones.list()].map(({ value: { name } }) => [name, views.zones.serial(name)]);
  await close();
  const without = (key: string, value: unknown) =>
    key === 'modified' || key === 'generation' ? undefined : typeof value === 'bigint' ? String(value) : value;
  return { contents: JSON.parse(JSON.stringify(contents, without)), serials };
}

async function openIn(scope: Cleanup, folder: string): Promise<Store> {
  const store = await openEmbeddedStore({ folder });
  scope.after(() => store.close());
  return store;
}

test('after random histories a restored store has the same contents, also when it is restored once more', async (t) => {
  const folder = await temporaryFolder(t);
  let runs = 0;
  const property = fc.asyncProperty(fc.array(commands, { maxLength: 40 }), async (history) => {
    await inScope(async (scope) => {
      const path = () => join(folder, String(++runs));
      const store = await openIn(scope, path());
      const replica = await openReplica(scope, store);
      for (const decide of beginning) await replica.commit(decide);
      for (const { decide } of history) await replica.attempt(decide);
      await replica.close();
      const now = Date.now();
      const expected = await contentsOf(scope, store, now);
      let from = showRevisions(store);
      for (const _ of [1, 2]) {
        const own = await openIn(scope, path());
        await restoreInto(own, await backupOf(from));
        const to = showRevisions(own);
        assert.deepEqual(await contentsOf(scope, to, now), expected);
        assert.ok((await to.list('')).revision > (await from.list('')).revision);
        from = to;
      }
    });
  });
  await fc.assert(property, { numRuns: 15 });
});

test('a backup has the names that are served, as the first generation, and no keys on a lease', async (t) => {
  const store = await embeddedStore(t);
  const [zone, gone, broken] = ['z', 'gone', 'broken'].map(parseName) as [Name, Name, Name];
  const [owner, other] = [parseName('a.z'), parseName('b.z')];
  const value = (name: Name) =>
    nameValue.encode({ name, rrsets: [{ type: 'TXT' as never, ttl: 1, records: ['"x"'] }] });
  const names: Operation[] = [
    put(nameKey(zone, 7, owner), value(owner)),
    put(nameKey(zone, 6, owner), value(owner)),
    put(nameKey(zone, 8, other), value(other)),
    put(nameKey(gone, 1, parseName('a.gone')), value(parseName('a.gone'))),
    put(nameKey(broken, 3, parseName('a.broken')), value(parseName('a.broken'))),
  ];
  const leased: Operation[] = [
    put(memberKey('one'), memberValue.encode({ replica: 'one', dns: [] })),
    put(importKey(zone), ''),
    put(idempotencyKey('admin', 'key'), 'an answer'),
  ];
  const zones = [
    put(zoneKey(zone), zoneValue.encode({ ...zoneDefaults, name: zone, generation: 7 })),
    put(zoneKey(broken), 'cannot be read'),
    put(serialKey(gone)),
    put('unknown/kind', 'x\ny"\\\u2028'),
  ];
  const serial = await write(store, put(serialKey(zone)));
  const revision = await write(store, ...names, ...leased, ...zones);
  assert.deepEqual(
    [...(await entriesIn(await backupOf(store)))].sort(),
    [
      [nameKey(broken, 3, parseName('a.broken')), value(parseName('a.broken'))],
      [nameKey(zone, 1, owner), value(owner)],
      // The zone was written after its key of the serial, so the serial is that of the zone's revision.
      [serialKey(zone), serialValue.encode({ serial: serialAt(revision) })],
      [serialKey(broken), serialValue.encode({ serial: serialAt(revision) })],
      ['unknown/kind', 'x\ny"\\\u2028'],
      [zoneKey(zone), zoneValue.encode({ ...zoneDefaults, name: zone, generation: 1 })],
      [zoneKey(broken), 'cannot be read'],
    ].sort(),
  );
  assert.ok(serial < revision);
});

test('a zone that has not changed since it was restored has its serial in the next backup too', async (t) => {
  const store = await embeddedStore(t);
  const zone = parseName('z');
  const value = serialValue.encode({ serial: 5 as Serial });
  await write(
    store,
    put(zoneKey(zone), zoneValue.encode({ ...zoneDefaults, name: zone })),
    put(serialKey(zone), value),
  );
  assert.equal((await entriesIn(await backupOf(store))).get(serialKey(zone)), value);
});

test('events that wait for the ledger keep their ids, also when they are restored again', async (t) => {
  const store = await embeddedStore(t);
  const replica = await openReplica(t, store, undefined, audit);
  await replica.commit(putZone(parseName('z')));
  await replica.commit(putZone(parseName('y')));
  await replica.close();
  const { entries } = await store.list(outboxKind.prefix);
  const expected = entries.map(({ key, modified }) => [key, modified]);
  assert.equal(expected.length, 2);
  let from = store;
  for (const _ of [1, 2]) {
    const own = await embeddedStore(t);
    await restoreInto(own, await backupOf(from));
    from = showRevisions(own);
    const restored = (await from.list(outboxKind.prefix)).entries;
    assert.deepEqual(
      restored.map(({ key, value }) => [key, outboxValue.decode(value).revision]),
      expected,
    );
    assert.deepEqual(
      restored.map(({ value }) => outboxValue.decode(value).decisions),
      entries.map(({ value }) => outboxValue.decode(value).decisions),
    );
  }
  await write(store, put(expected[0]?.[0] as string, 'cannot be read'));
  assert.equal((await entriesIn(await backupOf(store))).get(expected[0]?.[0] as string), 'cannot be read');
});

test('a backup has one revision while others write, and the embedded store keeps that revision until it is made', async (t) => {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(t), keepRevisions: 10 });
  t.after(() => store.close());
  const round = (number: number) =>
    Promise.all(Array.from({ length: 40 }, (_, part) => write(store, put(`hosts/${part * 100}`, `${number}`))));
  for (let part = 0; part < 4000; part += 100)
    await write(store, ...Array.from({ length: 100 }, (_, one) => put(`hosts/${part + one}`, '0')));
  let stop = false;
  const writing = (async () => {
    for (let number = 1; !stop; number++) await round(number);
  })();
  const values = new Set((await entriesIn(await backupOf(store))).values());
  stop = true;
  await writing;
  // Each round is 40 transactions. At one revision, values of at most two rounds are visible.
  assert.ok(values.size <= 3, `the backup has values of ${values.size} rounds`);
  assert.ok((await store.get('hosts/0'))?.value !== '0');
});

test('a restored store has its own offset, not that of the store that was backed up', async (t) => {
  const own = await embeddedStore(t);
  const first = await embeddedStore(t);
  const replica = await openReplica(t, first);
  await replica.commit(putZone(parseName('z')));
  await restoreInto(own, await backupOf(first));
  const again = await backupOf(showRevisions(own));
  assert.ok(![...(await entriesIn(again)).keys()].includes(offsetKey));
});

type Name = ReturnType<typeof parseName>;
