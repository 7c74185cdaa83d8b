// A write to a full table throws and changes nothing, and later writes that fit succeed. Also tests deletions during an
// iteration.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { ZoneId } from '../../src/table/layout.ts';
import { createTable, TableFull } from '../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../src/table/writer.ts';

const a = [{ type: 'A' as RecordType, ttl: 300, records: ['192.0.2.1'] }];
const revision = 1 as Revision;

/** Puts names until the table is full. Returns how many names had room. */
function fill(writer: TableWriter, zone: ZoneId, name: (i: number) => Fqdn): number {
  for (let i = 0; ; i += 1) {
    const used = writer.usedBytes;
    try {
      writer.putNode(zone, name(i), a, revision);
    } catch (error) {
      assert.ok(error instanceof TableFull);
      assert.equal(writer.getNode(zone, name(i)), undefined);
      assert.ok(writer.usedBytes <= used, 'the failed write left something in the table');
      return i;
    }
  }
}

test('a full table throws TableFull, keeps its names whole, and has the same room after deletions', () => {
  const writer = createTableWriter(createTable({ bytes: 2 ** 20 }), { poison: true });
  const zone = writer.createZone(parseName('example'));
  const name = (i: number) => parseName(`host-${i}.a.b.c.example`);
  const first = fill(writer, zone, name);
  assert.ok(first > 1000);
  for (let i = 0; i < first; i += 1) assert.ok(writer.getNode(zone, name(i)));
  for (let i = 0; i < first; i += 1) assert.ok(writer.deleteNode(zone, name(i)));
  assert.equal(fill(writer, zone, name), first);
});

test('a served zone stays when its next generation does not fit', () => {
  const writer = createTableWriter(createTable({ bytes: 2 ** 20 }), { poison: true });
  const name = (i: number) => parseName(`host-${i}.example`);
  const served = writer.createZone(parseName('example'));
  writer.putSoa(served, {
    ttl: 1,
    primary: name(1),
    responsible: name(1),
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 1,
  });
  for (let i = 0; i < 4000; i += 1) writer.putNode(served, name(i), a, revision);
  writer.publishZone(served);
  for (let round = 0; round < 5; round += 1) {
    const aside = writer.createZone(parseName('example'));
    fill(writer, aside, name);
    writer.withdrawZone(aside);
  }
  for (let i = 0; i < 4000; i += 1) assert.ok(writer.getNode(served, name(i)));
  assert.equal(writer.servedZone(parseName('example')), served);
});

test('names can be deleted during an iteration, also all names without the newest stamp', () => {
  const writer = createTableWriter(createTable({ bytes: 2 ** 23 }), { poison: true });
  const start = writer.usedBytes;
  const zone = writer.createZone(parseName('example'));
  const name = (i: number) => parseName(`host-${i}.x${i % 7}.example`);
  for (let i = 0; i < 5000; i += 1) writer.putNode(zone, name(i), a, revision);
  for (let i = 0; i < 5000; i += 3) assert.ok(writer.stamp(zone, name(i), 7));
  assert.equal(writer.stamp(zone, parseName('x1.example'), 7), false, 'an empty non-terminal was stamped');
  let met = 0;
  for (const node of writer.nodes(zone)) {
    met += 1;
    if (node.stamp !== 7) writer.deleteNode(zone, node.name);
    if (met % 100 === 0) writer.collect();
  }
  assert.equal(met, 5000);
  assert.equal([...writer.nodes(zone)].length, Math.ceil(5000 / 3));

  const half = writer.nodes(zone);
  const seen = [half.next().value?.name];
  for (const { name: other } of [...writer.nodes(zone)].filter((_, i) => i % 2 === 1)) writer.deleteNode(zone, other);
  while (writer.collect());
  for (const node of half) seen.push(node.name);
  assert.equal(seen.length, Math.ceil(Math.ceil(5000 / 3) / 2));

  const cut = writer.nodes(zone);
  cut.next();
  writer.withdrawZone(zone);
  assert.equal(cut.next().done, true);
  while (writer.collect());
  assert.equal(writer.usedBytes, start);
});
