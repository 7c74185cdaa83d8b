// Records from values of other programs in the SkyDNS layout: at exact names, and as the RFCs say. Bad values are
// reported, and the others still become records.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../../src/model/invalid-value.ts';
import { parseName } from '../../../src/model/name.ts';
import { readForeignValue } from '../../../src/model/skydns/foreign-records.ts';
import { foreignRrsets } from '../../../src/model/skydns/foreign-rrsets.ts';
import { parseService } from '../../../src/model/skydns/service.ts';

const zone = parseName('lab.test');

function read(path: string, value: object | string, within = zone) {
  const json = typeof value === 'string' ? value : JSON.stringify(value);
  const found = readForeignValue('/skydns', within, `/skydns/${path}`, json);
  return found && [found.owner, ...found.records.map(({ type, ttl, record }) => `${ttl} ${type} ${record}`)];
}

const cases: [path: string, value: object, expected: string[] | undefined][] = [
  ['test/lab/a/09e07676', { host: '10.0.0.1', ttl: 60, targetstrip: 1, group: 'g' }, ['a.lab.test', '60 A 10.0.0.1']],
  ['test/lab/a/x', { host: '10.0.0.1' }, ['x.a.lab.test', '300 A 10.0.0.1']],
  ['test/lab/A', { host: '2001:DB8::1', ttl: 0 }, ['a.lab.test', '300 AAAA 2001:db8::1']],
  ['test/lab/a', { host: '::ffff:10.0.0.1' }, ['a.lab.test', '300 A 10.0.0.1']],
  ['test/lab/w/2048f253', { host: 'a.lab.test', targetstrip: 1 }, ['w.lab.test', '300 CNAME a.lab.test.']],
  ['test/lab/a', { host: 'b', port: 80 }, ['a.lab.test', '300 SRV 10 100 80 b.']],
  [
    'test/lab/a',
    { host: '10.0.0.1', port: 80, weight: 7 },
    ['a.lab.test', '300 A 10.0.0.1', '300 SRV 10 7 80 a.lab.test.'],
  ],
  ['test/lab/a', { host: 'mx', mail: true, priority: 5 }, ['a.lab.test', '300 MX 5 mx.']],
  ['test/lab/a', { host: 'b', text: 'x' }, ['a.lab.test', '300 TXT "x"']],
  ['test/lab/a', { host: '10.0.0.1', text: 'x' }, ['a.lab.test', '300 A 10.0.0.1']],
  ['test/lab/a', { text: '"heritage=external-dns"' }, ['a.lab.test', '300 TXT "\\"heritage=external-dns\\""']],
  ['test/lab/dns/apex/a1', { host: '10.0.0.4' }, ['lab.test', '300 A 10.0.0.4']],
  ['test/lab/*/1', { host: '10.0.0.4', targetstrip: 1 }, ['*.lab.test', '300 A 10.0.0.4']],
  ['test/lab/dns/stub/x/1', { host: '10.0.0.53', port: 53 }, undefined],
  ['test/lab/a', { host: '10.0.0.1', unknown: [1], text: null }, ['a.lab.test', '300 A 10.0.0.1']],
];

for (const [path, value, expected] of cases)
  test(`${path} ${JSON.stringify(value)}`, () => assert.deepEqual(read(path, value), expected));

test('in a reverse zone, a value with a name is a PTR', () => {
  const within = parseName('10.in-addr.arpa');
  assert.deepEqual(read('arpa/in-addr/10/0/0/1', { host: 'a.lab.test' }, within), [
    '1.0.0.10.in-addr.arpa',
    '300 PTR a.lab.test.',
  ]);
});

const faulty: [path: string, value: object | string, message: RegExp][] = [
  ['test/lab/a', '{', /not JSON/],
  ['test/lab/a', '[]', /not a JSON object/],
  ['test/lab/a', {}, /neither 'host' nor 'text'/],
  ['test/lab/a', { host: 'a..b' }, /empty label/],
  ['test/lab//a', { host: 'b' }, /label that is empty/],
  ['test/lab/a.b', { host: 'b' }, /a dot/],
  ['test/lab/a', { host: 'b', targetstrip: 2 }, /leads out of the zone/],
  ['test/lab/dns/apex', { host: 'b' }, /must be an address/],
];

for (const [path, value, message] of faulty)
  test(`bad: ${path} ${JSON.stringify(value)}`, () =>
    assert.throws(
      () => read(path, value),
      (error) => error instanceof InvalidValue && message.test(error.message),
    ));

test('all faults of a value are named', () => {
  const value = { host: 1, port: 65_536, ttl: -1, mail: 'yes', priority: 1.5 };
  assert.throws(
    () => parseService(JSON.stringify(value)),
    (error) => error instanceof InvalidValue && error.others.length === 4,
  );
});

/** Returns the RRsets and the faults at a.lab.test. */
function together(values: object[], ...ownTypes: string[]) {
  const found = values.map((value, index) =>
    readForeignValue('/skydns', zone, `/skydns/test/lab/a/${index}`, JSON.stringify({ targetstrip: 1, ...value })),
  );
  const place = { zone, owner: parseName('a.lab.test'), ownTypes: new Set(ownTypes) };
  const { rrsets, faults } = foreignRrsets(
    place,
    found.filter((one) => one !== undefined),
  );
  return [
    ...rrsets.map(({ type, ttl, records, manager }) => `${manager} ${ttl} ${type} ${records}`),
    ...faults.map(({ key, reason }) => `${key.slice(-1)}: ${reason}`),
  ];
}

test('values of one name become RRsets with the lowest TTL, each record once', () => {
  const values = [{ host: '10.0.0.2', ttl: 60 }, { host: '10.0.0.1', ttl: 30 }, { host: '10.0.0.2' }, { text: 'x' }];
  assert.deepEqual(together(values), ['skydns 30 A 10.0.0.1,10.0.0.2', 'skydns 300 TXT "x"']);
});

test('of records that cannot stand together, some are left out and named', () => {
  const alias = { host: 'b' };
  assert.deepEqual(together([alias, { host: '10.0.0.1' }]), [
    'skydns 300 A 10.0.0.1',
    '0: a.lab.test has other records: a CNAME cannot stand beside them',
  ]);
  assert.deepEqual(together([alias, alias, { host: 'c' }]), [
    'skydns 300 CNAME b.',
    '2: a.lab.test has another CNAME record: a name has one at most',
  ]);
  assert.match(together([alias], 'A').join(), /has other records/);
  assert.match(together([{ text: 'x' }], 'CNAME').join(), /CNAME record of its own/);
  assert.match(together([{ text: 'x' }], 'TXT').join(), /TXT records of its own/);
});
