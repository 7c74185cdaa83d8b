// Zones, serials and nameservers change while the table is full. Each zone without room is one fault, the others are
// served, and all are served when there is room again.
// Cited by src/views/zone-view.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { StoreEvent } from '../../src/store/store.ts';
import { openTableReader } from '../../src/table/reader.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';
import { Views } from '../../src/views/views.ts';

const large = parseName('large.example');
const small = parseName('small.example');
const fillerName = (index: number) => parseName(`f-${index}.${large}`);

function fixture() {
  const errors: unknown[] = [];
  const logger = { debug: () => {}, info: () => {}, warn: () => {}, error: (fields: unknown) => errors.push(fields) };
  const table = createTable({ bytes: 2 ** 20 });
  const writer = createTableWriter(table, { poison: true });
  const views = new Views(writer, () => ({ label: 'self', addresses: [] }), logger);
  views.beginLoad();
  views.endLoad(0 as Revision);
  let revision = 0;
  const apply = (events: StoreEvent[]) => views.apply({ revision: revision as Revision, events });
  const put = (key: string, value: string) => {
    revision += 1;
    const entry = { key, value, created: revision as Revision, modified: revision as Revision };
    apply([{ kind: 'put', entry }]);
  };
  const remove = (...keys: string[]) => {
    revision += 1;
    apply(keys.map((key) => ({ kind: 'delete', key })));
  };
  /** Adds names until one finds no room. */
  const fill = () => {
    for (let index = 0; ; index += 1) {
      const key = nameKey(large, 1, fillerName(index));
      const rrsets = [{ type: 'A' as never, ttl: 60, records: ['10.0.0.1'] }];
      put(key, nameValue.encode({ name: fillerName(index), rrsets }));
      if (!views.faults.has(key)) continue;
      assert.equal(views.faults.get(key)?.code, 'table_full');
      remove(key);
      return index;
    }
  };
  const empty = (count: number) => {
    remove(...Array.from({ length: count }, (_, index) => nameKey(large, 1, fillerName(index))));
    for (let i = 0; i < 5; i += 1) views.zones.collect();
  };
  const nameservers = (zone: typeof large) =>
    views.zones.implied(zone).find(({ rrset }) => rrset.type === 'NS')?.rrset.records;
  return { table, writer, views, errors, put, remove, fill, empty, nameservers, revision: () => revision as Revision };
}

function zoneText(zone: typeof large, nameservers: string[] = [], generation = 1): string {
  const names = nameservers.map(parseName);
  return zoneValue.encode({ name: zone, ...zoneDefaults, nameservers: names, generation });
}

const manyAddresses = Array.from({ length: 1000 }, (_, i) => `[2001:db8::${(i + 1).toString(16)}]:53`);
const member = (replica: string) => memberValue.encode({ replica, dns: manyAddresses });

test('nameservers renamed in a full table are one fault for each zone, and are served when there is room again', () => {
  const { views, errors, put, remove, fill, empty, nameservers } = fixture();
  put(zoneKey(large), zoneText(large));
  put(zoneKey(small), zoneText(small));
  put(memberKey('old'), memberValue.encode({ replica: 'old', dns: ['192.0.2.1:53'] }));
  assert.deepEqual(nameservers(small), [`ns-old.${small}.`, `ns-self.${small}.`]);
  const count = fill();
  errors.length = 0;
  put(memberKey('new'), member('new'));
  remove(memberKey('old'));
  assert.deepEqual([...views.faults.keys()].sort(), [zoneKey(large), zoneKey(small)].sort());
  assert.ok([...views.faults.values()].every(({ code }) => code === 'table_full'));
  for (let i = 0; i < 5; i += 1) views.zones.collect();
  assert.equal(errors.length, 2, 'not exactly one log line for each zone after several attempts');
  assert.ok(views.zones.name(large, fillerName(0)).modified > 0, 'a name that was served before is gone');
  empty(count);
  assert.deepEqual([...views.faults], []);
  for (const zone of [large, small]) {
    assert.deepEqual(nameservers(zone), [`ns-new.${zone}.`, `ns-self.${zone}.`]);
    const owners = views.zones.implied(zone).map(({ owner }) => owner);
    assert.deepEqual(
      owners,
      [zone, zone, parseName(`ns-new.${zone}`)],
      'the addresses of a removed replica are still there',
    );
  }
});

test('the fault of a zone whose settings find no room ends when there is room, that of an unreadable value does not', () => {
  const { views, put, fill, empty, nameservers, revision } = fixture();
  put(zoneKey(large), zoneText(large));
  put(zoneKey(small), zoneText(small));
  const count = fill();
  const long = `${'x'.repeat(60)}.`.repeat(3);
  const many = Array.from({ length: 13 }, (_, i) => `n-${i}.${long}example`);
  put(zoneKey(small), zoneText(small, many));
  assert.equal(views.faults.get(zoneKey(small))?.code, 'table_full');
  assert.deepEqual(
    views.zones.get(small)?.modified,
    revision(),
    'the zone cannot be changed or deleted at its newest revision',
  );
  put(zoneKey(large), zoneText(large, many));
  put(zoneKey(large), '{}');
  assert.equal(views.faults.get(zoneKey(large))?.code, 'value_unreadable');
  empty(count);
  assert.deepEqual([...views.faults.keys()], [zoneKey(large)]);
  for (const zone of [large, small]) assert.equal(nameservers(zone)?.length, 13);
});

test('a generation that waits for room is given up when the zone has another generation', () => {
  const { views, put, remove, fill, empty, nameservers } = fixture();
  put(zoneKey(large), zoneText(large));
  put(zoneKey(small), zoneText(small));
  const kept = parseName(`kept.${small}`);
  const rrsets = [{ type: 'A' as never, ttl: 60, records: ['10.0.0.1'] }];
  put(nameKey(small, 2, kept), nameValue.encode({ name: kept, rrsets }));
  const count = fill();
  const long = `${'x'.repeat(60)}.`.repeat(3);
  const many = Array.from({ length: 13 }, (_, i) => `n-${i}.${long}example`);
  put(zoneKey(small), zoneText(small, many));
  remove(...Array.from({ length: 10 }, (_, index) => nameKey(large, 1, fillerName(index))));
  views.zones.collect();
  assert.deepEqual([...views.faults.keys()], [zoneKey(small)]);
  put(zoneKey(small), zoneText(small, [], 2));
  assert.deepEqual([...views.faults], []);
  empty(count);
  assert.deepEqual([...views.faults], []);
  assert.deepEqual(nameservers(small), [`ns-self.${small}.`]);
  assert.deepEqual(views.zones.name(small, kept).rrsets[0]?.records, ['10.0.0.1']);
});

test('a generation that found no room takes no memory, and the generation before it is freed with the zone', () => {
  const { writer, views, put, remove, fill, empty } = fixture();
  put(zoneKey(large), zoneText(large));
  const before = fill();
  empty(before);
  const long = `${'x'.repeat(60)}.`.repeat(3);
  const many = Array.from({ length: 13 }, (_, i) => `n-${i}.${long}example`);
  for (let round = 0; round < 3; round += 1) {
    put(zoneKey(small), zoneText(small));
    const owners = Array.from({ length: 200 }, (_, i) => parseName(`kept-${i}.${small}`));
    const rrsets = [{ type: 'A' as never, ttl: 60, records: ['10.0.0.1'] }];
    for (const name of owners) put(nameKey(small, 2, name), nameValue.encode({ name, rrsets }));
    const count = fill();
    put(zoneKey(small), zoneText(small, many, 2));
    assert.deepEqual([...views.faults.keys()], [zoneKey(small)]);
    assert.ok(writer.servedZone(small) !== undefined, 'the previous generation is not served');
    if (round > 0) put(zoneKey(small), zoneText(small, [], 3));
    remove(zoneKey(small), ...owners.map((name) => nameKey(small, 2, name)));
    assert.equal(writer.servedZone(small), undefined);
    empty(count);
  }
  const after = fill();
  assert.ok(after > before - 10, `${after} names fit, ${before} did before`);
});

test('a serial that finds no room is served when there is room again', () => {
  const { table, views, put, fill, empty, revision } = fixture();
  put(zoneKey(large), zoneText(large));
  const count = fill();
  // While this reader reads, no block that was replaced is freed.
  const reader = openTableReader(table.buffer);
  reader.enter();
  for (let i = 0; i < 20_000 && views.faults.size === 0; i += 1) put(serialKey(large), '');
  assert.deepEqual([...views.faults.keys()], [serialKey(large)]);
  const wanted = revision();
  reader.leave();
  empty(count);
  assert.deepEqual([...views.faults], []);
  const soa = views.zones.implied(large).find(({ rrset }) => rrset.type === 'SOA');
  assert.equal(soa?.rrset.records[0]?.split(' ')[2], String(wanted));
});

test('a zone that finds no room during a load has its serial when a later load finds room', () => {
  const { views, put, fill, empty, revision } = fixture();
  put(zoneKey(large), zoneText(large));
  // The long name needs a block of a size for which the table has no page yet.
  const long = parseName(`${`${'x'.repeat(60)}.`.repeat(3)}example`);
  const count = fill();
  const zoneModified = revision();
  const serial = (zoneModified + 1) as Revision;
  const load = (fillers: number) => {
    views.beginLoad();
    const entry = (key: string, value: string, modified: Revision) =>
      views.load({ key, value, created: modified, modified });
    for (let index = 0; index < fillers; index += 1) {
      const rrsets = [{ type: 'A' as never, ttl: 60, records: ['10.0.0.1'] }];
      const name = fillerName(index);
      entry(nameKey(large, 1, name), nameValue.encode({ name, rrsets }), (index + 2) as Revision);
    }
    entry(serialKey(long), '', serial);
    entry(zoneKey(large), zoneText(large), 1 as Revision);
    entry(zoneKey(long), zoneText(long), zoneModified);
    views.endLoad(serial);
  };
  load(count);
  assert.deepEqual([...views.faults.keys()], [zoneKey(long)]);
  assert.equal(views.zones.get(long), undefined);
  empty(count);
  load(0);
  assert.deepEqual([...views.faults], []);
  assert.equal(views.zones.serial(long), serial);
});
