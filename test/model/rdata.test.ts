// Rdata that is refused, and the names and numbers of types. Reading and writing: rdata-types.test.ts. Comparisons with
// other implementations: rdata-bind.test.ts, rdata-decoders.test.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { parseRdata } from '../../src/model/rdata/rdata.ts';
import { recordTypeCode, recordTypeName, parseRecordType as type } from '../../src/model/rdata/record-types.ts';

test('wrong rdata is refused', () => {
  const wrong: [string, string[]][] = [
    [
      'A',
      [
        '',
        '1.2.3',
        '::1',
        '::ffff:1.2.3.4',
        '1.2.3.4 1.2.3.4',
        '\\# 3 010203',
        '\\# 4 0102030',
        '\\# 0x4 01020304',
        '\\# "" ',
      ],
    ],
    ['AAAA', ['1.2.3.4', '::1%1', '\\# 4 01020304']],
    ['MX', ['10', '65536 a.', '-1 a.', '1e1 a.', '10 a', '10 a. b.']],
    ['SRV', ['1 2 3', '1 2 a.', '0 0 0 a b.']],
    ['TXT', ['', '"open', 'a"b', 'a;b', '(a)', '\\300', '\\', 'a\nb', `"${'x'.repeat(256)}"`]],
    ['CAA', ['256 issue "x"', '0 is-sue "x"', '0 "" "x"', '0 issue', '\\# 2 0000', '\\# 4 00022020']],
    ['NS', ['a', '@', 'a..', '\\# 2 01', '\\# 3 c00c00']],
    ['TYPE65280', ['10 a.', '\\#', '\\# 1', `\\# 65536 ${'00'.repeat(65_536)}`]],
  ];
  for (const [name, all] of wrong) {
    for (const text of all)
      assert.throws(() => parseRdata(type(name), text), InvalidValue, `${name} ${text.slice(0, 40)}`);
  }
  for (const name of [
    '',
    'TYPE',
    'TYPE65536',
    'TYPE0',
    'OPT',
    'ANY',
    'AXFR',
    'TYPE41',
    'TYPE251',
    'NOPE',
    'TYPE1x',
    'constructor',
  ]) {
    assert.throws(() => type(name), InvalidValue, name);
  }
});

test('a type can be written by number, and is stored by name if it has one', () => {
  for (const [name, code] of [
    ['a', 1],
    ['TYPE1', 1],
    ['type0028', 28],
    ['TYPE65535', 65_535],
  ] as const) {
    assert.equal(recordTypeCode(type(name)), code);
    assert.equal(recordTypeName(code), type(name));
  }
});
