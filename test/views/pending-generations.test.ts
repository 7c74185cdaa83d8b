// Generations of a zone in memory. A new generation is built beside the current one, and takes its place in one step. A
// generation that is not needed is freed, also if a load reads it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { Entry, StoreEvent } from '../../src/store/store.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';
import { Views } from '../../src/views/views.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const zone = parseName('foo.k8s');
const ownerOf = (index: number) => parseName(`n-${index}.foo.k8s`);
const count = 500;

function zoneEntry(generation: number, revision: number): Entry {
  const more = { ...zoneDefaults, nameservers: [parseName('ns.example')] };
  const value = zoneValue.encode({ name: zone, ...more, generation });
  return { key: zoneKey(zone), value, created: 1 as Revision, modified: revision as Revision };
}

function nameEntries(generation: number, revision: number, address: string): Entry[] {
  return Array.from({ length: count }, (_, index) => {
    const rrsets = [{ type: 'A' as never, ttl: 60, records: [address] }];
    const value = nameValue.encode({ name: ownerOf(index), rrsets });
    const key = nameKey(zone, generation, ownerOf(index));
    return { key, value, created: revision as Revision, modified: revision as Revision };
  });
}

function fixture() {
  const writer = createTableWriter(createTable({ bytes: 2 ** 24 }), { poison: true });
  const views = new Views(writer, () => ({ label: 'test', addresses: [] }), silent);
  const load = (entries: Entry[], revision: number) => {
    views.beginLoad();
    for (const entry of entries) views.load(entry);
    views.endLoad(revision as Revision);
  };
  const apply = (revision: number, events: StoreEvent[]) => views.apply({ revision: revision as Revision, events });
  const put = (revision: number, entries: Entry[]) =>
    apply(
      revision,
      entries.map((entry) => ({ kind: 'put', entry })),
    );
  const remove = (revision: number, entries: Entry[]) =>
    apply(
      revision,
      entries.map(({ key }) => ({ kind: 'delete', key })),
    );
  const used = () => {
    while (writer.collect());
    return writer.usedBytes;
  };
  const address = () => views.zones.name(zone, ownerOf(7)).rrsets[0]?.records[0];
  return { views, load, put, remove, used, address };
}

const first = nameEntries(1, 1, '10.0.0.1');
const later = nameEntries(20, 20, '10.0.0.2');

test('a generation is served only when the zone names it, and the memory of the old one is freed', () => {
  const { views, load, put, remove, used, address } = fixture();
  load([...first, zoneEntry(1, 1)], 1);
  const before = used();
  put(20, later);
  assert.equal(address(), '10.0.0.1');
  assert.ok(used() > before * 1.5);
  put(21, [zoneEntry(20, 21)]);
  assert.equal(address(), '10.0.0.2');
  assert.equal(views.zones.counts(zone).names, count);
  assert.equal(used(), before);
  remove(22, first);
  assert.equal(used(), before);
  assert.deepEqual([address(), views.zones.counts(zone).names, views.faults.size], ['10.0.0.2', count, 0]);
  put(23, first.slice(0, 3));
  assert.equal(used(), before, 'a generation older than the zone takes memory');
});

test('the memory of a pending generation is freed when the generation is deleted', () => {
  const { views, load, put, remove, used } = fixture();
  load([...first, zoneEntry(1, 1)], 1);
  const before = used();
  put(20, later);
  assert.deepEqual([...views.zones.withLeftovers()], [zone]);
  remove(21, later);
  assert.equal(used(), before);
  assert.deepEqual([...views.zones.withLeftovers()], []);
});

test('a load keeps generations that are newer than that of the zone, until a later load no longer finds them', () => {
  const { views, load, put, used, address } = fixture();
  const pending = nameEntries(30, 30, '10.0.0.3');
  load([...later, zoneEntry(20, 21)], 21);
  const before = used();
  load([...first, ...later, ...pending, zoneEntry(20, 21)], 40);
  assert.ok(used() > before * 1.5 && used() < before * 2.5);
  load([...later, ...pending, zoneEntry(20, 21)], 41);
  assert.equal(address(), '10.0.0.2');
  put(42, [zoneEntry(30, 42)]);
  assert.deepEqual([address(), views.zones.counts(zone).names], ['10.0.0.3', count]);
  const again = nameEntries(50, 50, '10.0.0.5');
  put(50, again);
  load([...pending, zoneEntry(30, 42)], 60);
  assert.equal(used(), before);
  load([...first, zoneEntry(1, 70)], 70);
  assert.deepEqual(
    [address(), views.zones.counts(zone).names],
    ['10.0.0.1', count],
    'a zone that was created again is not served',
  );
  assert.equal(used(), before);
});
