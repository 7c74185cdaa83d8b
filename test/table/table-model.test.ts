// Compares the table with plain Maps after every step of random histories: names, empty non-terminals, wildcards,
// delegations, zones and memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ancestry, type Fqdn, isWithin, parentOf, parseName } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { Rrset } from '../../src/model/rrset.ts';
import type { Soa } from '../../src/model/zone.ts';
import { none, type ZoneId } from '../../src/table/layout.ts';
import type { TableRrset } from '../../src/table/node-data.ts';
import { TableReader } from '../../src/table/reader.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../src/table/writer.ts';

type Node = { rrsets: TableRrset[]; modified: Revision };

class Model {
  readonly built = new Map<ZoneId, { name: Fqdn; nodes: Map<Fqdn, Node> }>();
  readonly served = new Map<Fqdn, ZoneId>();
}

const zoneNames = ['example', 'sub.example', 'a.sub.example', 'other'].map(parseName);
const relativeNames = [
  '',
  'a.',
  '*.',
  'b.a.',
  'c.b.a.',
  '*.a.',
  'x.*.a.',
  'd.',
  '_tcp.d.',
  'long-label-0123456789-0123456789.d.',
];

const ns: Rrset = { type: 'NS' as RecordType, ttl: 60, records: ['ns1.example.', 'ns2.example.'], manager: 'zone' };
const contents: TableRrset[][] = [
  [{ type: 'A' as RecordType, ttl: 300, records: ['192.0.2.1'], manager: 'host' }],
  [
    { type: 'A' as RecordType, ttl: 2 ** 31 - 1, records: ['192.0.2.1', '192.0.2.2'] },
    { type: 'TXT' as RecordType, ttl: 0, records: ['"one" "two"', `"${'x'.repeat(255)}"`] },
    { type: 'AAAA' as RecordType, ttl: 1, records: ['2001:db8::1'] },
    { type: 'TYPE65280' as RecordType, ttl: 5, records: ['\\# 3 abcdef', '\\# 0'] },
  ],
  [ns],
  [{ type: 'DNAME' as RecordType, ttl: 60, records: ['other.'] }],
  [{ type: 'CNAME' as RecordType, ttl: 60, records: ['a\\.b.example.'] }],
  [
    { type: 'A' as RecordType, ttl: 9, records: ['192.0.2.1', '192.0.2.2'], manager: 'host', inheritsTtl: true },
    { type: 'AAAA' as RecordType, ttl: 9, records: ['2001:db8::1'], manager: 'host' },
    { type: 'TXT' as RecordType, ttl: 9, records: [`"${'x'.repeat(255)}"`], inheritsTtl: true },
    ns,
  ],
  [
    { type: 'A' as RecordType, ttl: 9, records: ['192.0.2.1'], manager: 'host', inheritsTtl: true },
    { type: 'RRSIG' as RecordType, ttl: 9, records: ['A 13 2 60 20380101000000 20200101000000 1 example. AQID'] },
  ],
];

export const soa: Soa = {
  ttl: 3600,
  primary: parseName('ns1.example'),
  responsible: parseName('hostmaster.example'),
  serial: 1,
  refresh: 7200,
  retry: 600,
  expire: 1209600,
  minimum: 300,
};

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('put' as const), zone: fc.nat(5), name: fc.nat(9), content: fc.nat(6) }),
  },
  { weight: 7, arbitrary: fc.record({ do: fc.constant('delete' as const), zone: fc.nat(5), name: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('create' as const), zone: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('publish' as const), zone: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), zone: fc.nat(5) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('default ttl' as const),
      zone: fc.nat(5),
      ttl: fc.constantFrom(9, 2 ** 31 - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('collect' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

test('the table has the same contents as a Map after every step', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const table = createTable({ bytes: 2 ** 21 });
      const writer = createTableWriter(table, { poison: true });
      const reader = new TableReader(table.buffer, -1);
      const start = writer.usedBytes;
      const model = new Model();
      for (const [i, action] of steps.entries()) {
        run(action, i + 1, writer, model);
        compare(writer, reader, model);
      }
      for (const [zone, { nodes }] of model.built) {
        for (const name of nodes.keys()) writer.deleteNode(zone, name);
        writer.withdrawZone(zone);
      }
      while (writer.collect());
      assert.equal(writer.usedBytes, start);
    }),
    { numRuns: 200 },
  );
});

function run(action: Step, i: number, writer: TableWriter, model: Model): void {
  if (action.do === 'collect') {
    writer.collect();
    return;
  }
  if (action.do === 'create') {
    const name = zoneNames[action.zone] as Fqdn;
    if (model.built.size < 6) model.built.set(writer.createZone(name), { name, nodes: new Map() });
    return;
  }
  const zone = [...model.built.keys()][action.zone];
  const built = zone === undefined ? undefined : model.built.get(zone);
  if (zone === undefined || built === undefined) return;
  if (action.do === 'withdraw') {
    writer.withdrawZone(zone);
    model.built.delete(zone);
    if (model.served.get(built.name) === zone) model.served.delete(built.name);
  } else if (action.do === 'default ttl') {
    for (const _ of writer.setDefaultTtl(zone, action.ttl));
    for (const node of built.nodes.values()) {
      node.rrsets = node.rrsets.map((rrset) => (rrset.inheritsTtl === true ? { ...rrset, ttl: action.ttl } : rrset));
    }
  } else if (action.do === 'publish') {
    writer.putSoa(zone, { ...soa, serial: i });
    assert.deepEqual(writer.getSoa(zone), { ...soa, serial: i });
    writer.publishZone(zone);
    const old = model.served.get(built.name);
    if (old !== undefined && old !== zone) model.built.delete(old);
    model.served.set(built.name, zone);
  } else {
    const name = parseName(`${relativeNames[action.name]}${built.name}`);
    if (action.do === 'put') {
      const rrsets = contents[action.content] as TableRrset[];
      const modified = (i * 2 ** 33 + i) as Revision;
      writer.putNode(zone, name, rrsets, modified);
      built.nodes.set(name, { rrsets, modified });
    } else assert.equal(writer.deleteNode(zone, name), built.nodes.delete(name));
  }
}

const codes = new Map([
  ['A', 1],
  ['NS', 2],
  ['CNAME', 5],
  ['TXT', 16],
  ['AAAA', 28],
  ['DNAME', 39],
  ['RRSIG', 46],
  ['TYPE65280', 65280],
]);
const inOrder = (rrsets: readonly TableRrset[]) =>
  [...rrsets].sort((a, b) => (codes.get(a.type) as number) - (codes.get(b.type) as number));

/** Returns the RRset as the table gives it back. */
const asRead = ({ inheritsTtl: _, ...rrset }: TableRrset): Rrset => rrset;

function compare(writer: TableWriter, reader: TableReader, model: Model): void {
  for (const [zone, { name: apex, nodes }] of model.built) {
    const existing = new Set<Fqdn>([apex]);
    for (const name of nodes.keys()) {
      for (const above of ancestry(name)) if (isWithin(above, apex)) existing.add(above);
    }
    for (const relative of relativeNames) {
      const name = parseName(`${relative}${apex}`);
      const node = nodes.get(name);
      const expected = node && { rrsets: inOrder(node.rrsets).map(asRead), modified: node.modified };
      assert.deepEqual(writer.getNode(zone, name), expected);
      compareNode(reader, zone, name, existing, nodes);
      const below = [...nodes.keys()].filter((other) => other !== name && isWithin(other, name));
      assert.deepEqual([...writer.nodesBelow(zone, name)].map((listed) => listed.name).sort(), below.sort());
    }
    const listed = [...writer.nodes(zone)].map((node) => [node.name, node.modified]);
    const expected = [...nodes].map(([name, node]) => [name, node.modified]);
    assert.deepEqual(listed.sort(), expected.sort());
    const hasCuts = [...nodes].some(([name, node]) =>
      node.rrsets.some(({ type }) => (type === 'NS' && name !== apex) || type === 'DNAME'),
    );
    assert.equal(reader.hasCuts(zone), hasCuts);
  }
  const key = reader.newKey();
  for (const name of [...zoneNames, parseName('deep.b.a.sub.example'), parseName('none')]) {
    key.setName(name);
    const above = [...ancestry(name)].find((zone) => model.served.has(zone));
    assert.equal(reader.findZone(key, 0), above === undefined ? none : model.served.get(above));
    assert.equal(writer.servedZone(name), model.served.get(name));
  }
}

function compareNode(reader: TableReader, zone: ZoneId, name: Fqdn, existing: Set<Fqdn>, nodes: Map<Fqdn, Node>): void {
  const key = reader.newKey();
  key.setName(name);
  const node = reader.findNode(zone, key, 0);
  assert.equal(node !== none, existing.has(name), name);
  if (node === none) return;
  assert.equal(reader.data(node) !== none, nodes.has(name));
  assert.equal(reader.findWildcard(zone, node, key, 0) !== none, existing.has(`*.${name}` as Fqdn));
  const parent = reader.parent(node);
  assert.equal(parent === none, node === reader.apex(zone));
  if (parent === none) return;
  key.setName(parentOf(name) as Fqdn);
  assert.equal(reader.findNode(zone, key, 0), parent);
}
