// An unlinked block stays whole as long as a reader may still see it, and is freed when no reader can. These tests go
// step by step in one thread. In readers.test.ts, threads read meanwhile. Cited by src/table/quiescence.ts.

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
  /** Returns a reader, and a function that looks the name up with this reader. */
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

test('a block that a reader has found stays whole until the reader enters again', () => {
  const { writer, put, openReader } = openTable();
  const { reader, find } = openReader();
  reader.enter();
  const found = find();
  put(2);
  for (let turn = 0; turn < 3; turn += 1) {
    assert.equal(writer.collect(), true, 'no block waits to be freed');
    assert.equal(reader.modified(found), 1, 'the block is not whole');
  }
  reader.enter();
  assert.equal(reader.modified(find()), 2);
  assert.equal(writer.collect(), false, 'a block still waits to be freed');
  assert.notEqual(reader.modified(found), 1, 'the block was not freed and overwritten');
});

test('a block that was unlinked between two collections waits for a reader that entered in between', () => {
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

test('an unlinked block waits for a reader that reads, and not for readers that have left or are closed', () => {
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
