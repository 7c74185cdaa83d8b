// The values that we write into the SkyDNS layout. Each record has one value, whose key depends only on the record. A
// reader of the layout gets the same records back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidValue } from '../../../src/model/invalid-value.ts';
import { parseName } from '../../../src/model/name.ts';
import type { RecordType } from '../../../src/model/rdata/record-types.ts';
import { parseRecords, type Rrset } from '../../../src/model/rrset.ts';
import { readForeignValue } from '../../../src/model/skydns/foreign-records.ts';
import { foreignRrsets } from '../../../src/model/skydns/foreign-rrsets.ts';
import { ownValues } from '../../../src/model/skydns/own-values.ts';
import { isOwnValue } from '../../../src/model/skydns/service.ts';

const prefix = '/skydns';
const zone = parseName('lab.test');
const reverseZone = parseName('10.in-addr.arpa');

function rrset(type: string, records: string[], ttl = 60): Rrset {
  return { type: type as RecordType, ttl, records: parseRecords(type as RecordType, records) };
}

/** Returns keys without the prefix → values without the fields that all have. */
function written(owner: string, one: Rrset, within = zone): Record<string, object> {
  const values = ownValues({ prefix, zone: within, owner: parseName(owner) }, one);
  return Object.fromEntries(
    [...values].map(([key, json]) => {
      assert.ok(isOwnValue(json));
      const { owner: _, ttl, ...rest } = JSON.parse(json);
      assert.equal(ttl, Math.max(1, one.ttl));
      return [key.slice(prefix.length).replace(/[0-9a-f]{10}$/, '#'), rest];
    }),
  );
}

const cases: [owner: string, rrset: Rrset, expected: Record<string, object>][] = [
  ['a.lab.test', rrset('A', ['10.0.0.1']), { '/test/lab/a/#': { host: '10.0.0.1', targetstrip: 1 } }],
  ['lab.test', rrset('A', ['10.0.0.1']), { '/test/lab/dns/apex/#': { host: '10.0.0.1', targetstrip: 1 } }],
  ['*.lab.test', rrset('AAAA', ['2001:db8::1']), { '/test/lab/*/#': { host: '2001:db8::1', targetstrip: 1 } }],
  ['w.lab.test', rrset('CNAME', ['a.lab.test.']), { '/test/lab/w': { host: 'a.lab.test' } }],
  [
    't.lab.test',
    rrset('TXT', ['"a \\"b\\" \\\\ \\009"']),
    { '/test/lab/t/#': { text: 'a "b" \\\\ \\009', targetstrip: 1 } },
  ],
  ['lab.test', rrset('MX', ['20 m.lab.test.']), { '/test/lab/#': { host: 'm.lab.test', priority: 20, mail: true } }],
  ['m.lab.test', rrset('MX', ['0 m.lab.test.']), { '/test/lab/m/#': { host: 'm.lab.test', priority: 1, mail: true } }],
  ['s.lab.test', rrset('SRV', ['5 0 0 m.lab.test.']), { '/test/lab/s/#': { host: 'm.lab.test', priority: 5 } }],
  ['ns.dns.lab.test', rrset('A', ['10.0.0.1']), { '/test/lab/dns/ns/#': { host: '10.0.0.1', targetstrip: 1 } }],
  ['a.lab.test', rrset('CAA', ['0 issue "x"']), {}],
  ['lab.test', rrset('NS', ['ns.lab.test.']), {}],
];

for (const [owner, one, expected] of cases) {
  test(`${owner} ${one.type} ${one.records}`, () => assert.deepEqual(written(owner, one), expected));
}

test('if one priority is 0, all are raised by one; if one weight of several is 0, it becomes 1', () => {
  const values = written('s.lab.test', rrset('SRV', ['0 0 1 a.', '0 5 2 b.'])); // both end in #
  assert.deepEqual(Object.values(values), [{ host: 'b', port: 2, priority: 1, weight: 5 }]);
  const all = ownValues({ prefix, zone, owner: parseName('s.lab.test') }, rrset('SRV', ['0 0 1 a.', '9 5 2 b.']));
  const shown = [...all.values()].map((json) => JSON.parse(json)).map(({ priority, weight }) => [priority, weight]);
  assert.deepEqual(shown.sort(), [
    [1, 1],
    [10, 5],
  ]);
});

test('a record that stays keeps its key, also with another TTL', () => {
  const place = { prefix, zone, owner: parseName('a.lab.test') };
  const keys = (one: Rrset) => [...ownValues(place, one).keys()];
  const [first] = keys(rrset('A', ['10.0.0.1'], 60));
  assert.ok(keys(rrset('A', ['10.0.0.1', '10.0.0.2'], 300)).includes(first as string));
});

const unfit: [owner: string, rrset: Rrset, message: RegExp][] = [
  ['1.0.0.10.in-addr.arpa', rrset('PTR', ['a.', 'b.']), /room for one PTR/],
  ['w.lab.test', rrset('CNAME', ['10.0.0.1.']), /takes the name 10\.0\.0\.1 for an address/],
  ['w.lab.test', rrset('MX', ['0 .']), /of the root/],
  ['w.lab.test', rrset('MX', ['0 a.', '65535 b.']), /priorities 0 and 65535/],
  ['t.lab.test', rrset('TXT', ['"a" "b"']), /one string/],
  ['t.lab.test', rrset('TXT', ['""']), /empty TXT/],
  ['t.lab.test', rrset('TXT', [`"${'\\009'.repeat(64)}"`]), /special characters/],
  ['a\\.b.lab.test', rrset('A', ['10.0.0.1']), /escaped character/],
  ['a/b.lab.test', rrset('A', ['10.0.0.1']), /slash/],
  ['x.apex.dns.lab.test', rrset('A', ['10.0.0.1']), /uses x\.apex\.dns\.lab\.test for itself/],
  ['x.stub.dns.lab.test', rrset('TXT', ['"a"']), /for itself/],
  ['x.ns.dns.lab.test', rrset('CNAME', ['a.']), /only addresses/],
];

for (const [owner, one, message] of unfit) {
  test(`refused: ${owner} ${one.type} ${one.records[0]?.slice(0, 20)}`, () =>
    assert.throws(
      () => ownValues({ prefix, zone, owner: parseName(owner) }, one),
      (error) => error instanceof InvalidValue && message.test(error.message),
    ));
}

const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,9}[a-z0-9]$/);
const target = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `${labels.join('.')}.`);
const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => `10.${octets.join('.')}`);
const number = fc.integer({ min: 1, max: 65_535 });
const quoted = (octets: Uint8Array) =>
  `"${[...octets].map((octet) => `\\${String(octet).padStart(3, '0')}`).join('')}"`;
const text = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map(quoted),
  fc.integer({ min: 1, max: 700 }).map((length) => {
    const all = 'x'.repeat(length);
    return (all.match(/.{1,255}/g) ?? []).map((part) => `"${part}"`).join(' ');
  }),
);
const several = (record: fc.Arbitrary<string>) => fc.array(record, { minLength: 1, maxLength: 5 });
const srv = fc.tuple(number, number, number, target).map((fields) => fields.join(' '));
const contents: fc.Arbitrary<[string, string[]]> = fc.oneof(
  several(ipv4).map((records): [string, string[]] => ['A', records]),
  several(fc.ipV6()).map((records): [string, string[]] => ['AAAA', records]),
  several(text).map((records): [string, string[]] => ['TXT', records]),
  several(fc.tuple(number, target).map((fields) => fields.join(' '))).map((r): [string, string[]] => ['MX', r]),
  several(srv).map((records): [string, string[]] => ['SRV', records]),
  target.map((record): [string, string[]] => ['CNAME', [record]]),
  target.map((record): [string, string[]] => ['PTR', [record]]),
);

test('our values give the same records when they are read as values of others', () => {
  fc.assert(
    fc.property(contents, label, fc.integer({ min: 1, max: 86_400 }), ([type, records], first, ttl) => {
      const within = type === 'PTR' ? reverseZone : zone;
      const owner = parseName(`${first}.${within}`);
      const one = rrset(type, records, ttl);
      const values = ownValues({ prefix, zone: within, owner }, one);
      const read = [...values].map(([key, json]) => readForeignValue(prefix, within, key, json));
      const isNamed = type === 'MX' || type === 'SRV';
      // The last part of these keys is not part of the name. These values do not say so with `targetstrip`, because
      // CoreDNS would then shorten the target.
      const named = read.map((value) => {
        assert.ok(value !== undefined);
        return isNamed ? { ...value, owner: parseName(value.owner.slice(value.owner.indexOf('.') + 1)) } : value;
      });
      assert.ok(named.every((value) => value.owner === owner));
      const { rrsets, faults } = foreignRrsets({ zone: within, owner, ownTypes: new Set() }, named);
      assert.deepEqual(faults, []);
      assert.deepEqual(rrsets, [{ ...one, manager: 'skydns' }]);
    }),
    { numRuns: 500 },
  );
});
