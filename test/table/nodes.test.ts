// An iteration over the names of a zone, while names are added and deleted in between.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';

function zoneOf(...names: string[]) {
  const writer = createTableWriter(createTable({ bytes: 2 ** 24 }), { poison: true });
  const zone = writer.createZone(parseName('example'));
  const put = (name: string) => {
    const rrset = { type: parseRecordType('TXT'), ttl: 60, records: ['"x"'] };
    writer.putNode(zone, parseName(`${name}.example`), [rrset], 1 as Revision);
  };
  const remove = (name: string) => {
    writer.deleteNode(zone, parseName(`${name}.example`));
    while (writer.collect());
  };
  for (const name of names) put(name);
  return { writer, zone, put, remove };
}

/** Iterates over the names of the zone. Calls `meanwhile` after each name. Returns the names that it met. */
function met({ writer, zone }: ReturnType<typeof zoneOf>, meanwhile: (name: Fqdn) => void): string[] {
  const names: string[] = [];
  for (const { name } of writer.nodes(zone)) {
    names.push(name.replace(/\.example$/, ''));
    assert.ok(names.length < 10, 'the iteration does not end');
    meanwhile(name);
  }
  return names;
}

test('an iteration continues if the name that it meets is deleted, with the empty names above this name', () => {
  const table = zoneOf('first', 'deep.in.the.tree', 'last');
  const names = met(table, (name) => {
    if (name === 'deep.in.the.tree.example') table.remove('deep.in.the.tree');
  });
  assert.deepEqual(names, ['last', 'deep.in.the.tree', 'first']);
});

test('if the next name is deleted, the iteration continues with the name after that', () => {
  const table = zoneOf('first', 'second', 'third');
  const names = met(table, (name) => {
    if (name === 'third.example') table.remove('second');
  });
  assert.deepEqual(names, ['third', 'first']);
});

test('a name that is added during an iteration is not met, also if it takes the memory of the next name', () => {
  const table = zoneOf('first', 'second', 'third');
  const names = met(table, (name) => {
    if (name !== 'third.example') return;
    table.remove('second');
    for (let i = 0; i < 100; i += 1) table.put(`new${i}`);
  });
  assert.deepEqual(names, ['third', 'first']);
});

test('an iteration ends when its zone is withdrawn', () => {
  const table = zoneOf('first', 'second');
  const names = met(table, () => {
    table.writer.withdrawZone(table.zone);
    while (table.writer.collect());
  });
  assert.deepEqual(names, ['second']);
});

test('a new default TTL reaches each RRset that inherits it, with names added and deleted between its slices', () => {
  const writer = createTableWriter(createTable({ bytes: 2 ** 24 }), { poison: true });
  const zone = writer.createZone(parseName('example'));
  const name = (i: number) => parseName(`h${i}.example`);
  const put = (i: number, ttl: number, inherits: boolean) => {
    const rrset = {
      type: parseRecordType('A'),
      ttl,
      records: ['192.0.2.1'],
      ...(inherits && { inheritsTtl: true as const }),
    };
    writer.putNode(zone, name(i), [rrset], 1 as Revision);
  };
  const ttlOf = (i: number) => writer.getNode(zone, name(i))?.rrsets[0]?.ttl;
  const count = 5000;
  for (let i = 0; i < count; i += 1) put(i, 60, i % 2 === 0);
  let slices = 0;
  for (const _ of writer.setDefaultTtl(zone, 9)) {
    slices += 1;
    writer.deleteNode(zone, name(slices));
    put(count + slices, 9, true);
    writer.collect();
  }
  assert.ok(slices > 1, 'the work is done in one slice');
  for (let i = slices + 1; i < count; i += 1) assert.equal(ttlOf(i), i % 2 === 0 ? 9 : 60);
  for (let i = 1; i <= slices; i += 1) assert.deepEqual([ttlOf(i), ttlOf(count + i)], [undefined, 9]);
});
