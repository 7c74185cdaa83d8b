// The names of a zone one after another, while others come and go in between.

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

/** The names that an iteration meets; `meanwhile` is called after each. */
function met({ writer, zone }: ReturnType<typeof zoneOf>, meanwhile: (name: Fqdn) => void): string[] {
  const names: string[] = [];
  for (const { name } of writer.nodes(zone)) {
    names.push(name.replace(/\.example$/, ''));
    assert.ok(names.length < 10, 'it ends');
    meanwhile(name);
  }
  return names;
}

test('a name that is deleted when it is met takes the empty names above it along, and those that stay are met', () => {
  const table = zoneOf('first', 'deep.in.the.tree', 'last');
  const names = met(table, (name) => {
    if (name === 'deep.in.the.tree.example') table.remove('deep.in.the.tree');
  });
  assert.deepEqual(names, ['last', 'deep.in.the.tree', 'first']);
});

test('the name that would be met next is deleted: the one after it is met', () => {
  const table = zoneOf('first', 'second', 'third');
  const names = met(table, (name) => {
    if (name === 'third.example') table.remove('second');
  });
  assert.deepEqual(names, ['third', 'first']);
});

test('a name that is new is not met, and its memory is not taken for the next', () => {
  const table = zoneOf('first', 'second', 'third');
  const names = met(table, (name) => {
    if (name !== 'third.example') return;
    table.remove('second');
    for (let i = 0; i < 100; i += 1) table.put(`new${i}`);
  });
  assert.deepEqual(names, ['third', 'first']);
});

test('a zone that is withdrawn has no next name', () => {
  const table = zoneOf('first', 'second');
  const names = met(table, () => {
    table.writer.withdrawZone(table.zone);
    while (table.writer.collect());
  });
  assert.deepEqual(names, ['second']);
});
