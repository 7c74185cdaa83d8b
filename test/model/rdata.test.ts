// Rdata that is refused, the names and numbers of types, and the longest rdata. rdata-types.test.ts tests reading and
// writing; rdata-bind.test.ts and rdata-decoders.test.ts compare us with other implementations.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { formatRdata, maxWrittenText, parseRdata } from '../../src/model/rdata/rdata.ts';
import { recordTypeCode, recordTypeName, parseRecordType as type } from '../../src/model/rdata/record-types.ts';

test('wrong rdata is refused', () => {
  const wrong: [string, string[]][] = [
    [
      'A',
      [
        '',
        '1.2.3',
        '1.2.3.',
        '.1.2.3',
        '1..2.3',
        '1.2.3.4.5',
        '1.2.3.04',
        '00.1.2.3',
        '1.2.3.256',
        '1.2.3.4/',
        '1.2.3.٤',
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

const hex = (octets: number, count: number) => octets.toString(16).padStart(2, '0').repeat(count);
/** A type bitmap, in hex, with all 65,536 types. */
const allTypes = Array.from({ length: 256 }, (_, window) => `${hex(window, 1)}20${hex(255, 32)}`).join('');
/** A name of 255 octets, in hex. Its text has each octet of a label as `\DDD`. */
const longName = `${`3f${hex(1, 63)}`.repeat(3)}3d${hex(1, 61)}00`;

/** Each row: a type, and rdata in hex whose text is the longest, or nearly the longest, for this type. */
const longest: [type: string, hex: string][] = [
  ['CSYNC', `${hex(255, 6)}${allTypes}`],
  ['NSEC', `${longName}${allTypes}`],
  ['NSEC3', `01ffffffff${hex(255, 255)}14${hex(255, 20)}${allTypes}`],
  ['WKS', `fffffffffa${hex(255, 8192)}`],
  ['TXT', `ff${hex(1, 255)}`.repeat(255)],
  ['CAA', `ff0161${hex(1, 65_532)}`],
  ['URI', `${hex(255, 4)}${hex(1, 65_531)}`],
  ['SVCB', `ffff00fe00fff4${hex(1, 65_524)}`],
  ['SVCB', `ffff000004fff4${hex(255, 65_524)}`],
  ['APL', `00012004${hex(255, 4)}`.repeat(8191)],
  ['HIP', `01020001ffff${longName.repeat(256)}`],
  ['TYPE65280', hex(255, 65_535)],
];

for (const [name, octets] of longest) {
  test(`the longest rdata of ${name} is read as it is written: ${octets.slice(0, 20)}…`, () => {
    const wire = Uint8Array.from(Buffer.from(octets, 'hex'));
    const text = formatRdata(type(name), wire);
    assert.ok(text.length <= maxWrittenText, `${text.length} characters`);
    assert.deepEqual(Buffer.from(parseRdata(type(name), text)).toString('hex'), octets);
    assert.deepEqual(Buffer.from(parseRdata(type(name), `\\# ${wire.length} ${octets}`)).toString('hex'), octets);
  });
}

test('the names of all types, and all ports, are read, and written in fewer characters', () => {
  const numbers = Array.from({ length: 65_536 }, (_, number) => number);
  const types = numbers.map(recordTypeName).join(' ');
  for (const [name, text, octets] of [
    ['CSYNC', `4294967295 65535 ${types}`, `${hex(255, 6)}${allTypes}`],
    ['WKS', `255.255.255.255 10 ${numbers.join(' ')}`, `ffffffff0a${hex(255, 8192)}`],
  ] as const) {
    const wire = parseRdata(type(name), text);
    assert.equal(Buffer.from(wire).toString('hex'), octets);
    assert.equal(formatRdata(type(name), wire), `\\# ${wire.length} ${octets}`);
  }
});

test('long rdata in the form of RFC 3597 gets names in lower case too', () => {
  const octets = `02414203434f4d00${allTypes}`;
  const wire = parseRdata(type('NSEC'), `\\# ${octets.length / 2} ${octets}`);
  assert.equal(Buffer.from(wire.subarray(0, 8)).toString('latin1'), '\x02ab\x03com\0');
});
