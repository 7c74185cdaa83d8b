// What was unlinked stays whole for a reader that may still see it, and is freed once none can. Step by step in one
// thread; with threads that read meanwhile: readers.test.ts. Cited by src/table/quiescence.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import { openTableReader } from '../../src/table/reader.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';

const name = parseName('a.example');

function openTable() {
  const table = createTable({ bytes: 2 ** 24 });
  const writer = createTableWriter(table, { poison: true });
  const zone = writer.createZone(parseName('example'));
  const put = (revision: number) => {
    const rrset = { type: parseRecordType('TXT'), ttl: 60, records: [`"${revision}"`] };
    writer.putNode(zone, name, [rrset], revision as Revision);
  };
  const soa = { primary: name, responsible: name, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1, ttl: 1 };
  writer.putSoa(zone, soa);
  put(1);
  writer.publishZone(zone);
  /** A reader, and how it looks the name up. */
  const openReader = () => {
    const reader = openTableReader(table.buffer);
    const key = reader.newKey();
    const find = () => {
      key.setName(name);
      return reader.data(reader.findNode(reader.findZone(key, 0), key, 0));
    };
    return { reader, find };
  };
  return { writer, put, openReader };
}

test('a reader that is reading keeps what it found, until it begins to read anew', () => {
  const { writer, put, openReader } = openTable();
  const { reader, find } = openReader();
  reader.enter();
  const found = find();
  put(2);
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal(writer.collect(), true, 'it waits to be freed');
    assert.equal(reader.modified(found), 1, 'it is whole');
  }
  reader.enter();
  assert.equal(reader.modified(find()), 2);
  assert.equal(writer.collect(), false, 'nothing waits any more');
  assert.notEqual(reader.modified(found), 1, 'it is freed, and overwritten');
});

test('what was unlinked between two collections waits for a reader that came in between', () => {
  const { writer, put, openReader } = openTable();
  const { reader, find } = openReader();
  put(2);
  writer.collect();
  reader.enter();
  const found = find();
  put(3);
  writer.collect();
  assert.equal(reader.modified(found), 2);
  reader.leave();
  assert.equal(writer.collect(), false);
  assert.notEqual(reader.modified(found), 2);
});

test('a reader that sleeps, or is closed, holds up nobody; one that reads holds up what others have left', () => {
  const { writer, put, openReader } = openTable();
  const [asleep, closed, reading] = [openReader(), openReader(), openReader()];
  for (const { reader } of [asleep, closed, reading]) reader.enter();
  const found = reading.find();
  asleep.reader.leave();
  closed.reader.close();
  put(2);
  assert.equal(writer.collect(), true);
  assert.equal(reading.reader.modified(found), 1);
  reading.reader.leave();
  assert.equal(writer.collect(), false);
  assert.notEqual(reading.reader.modified(found), 1);
});
