// Rdata: presentation form to wire and back, with named-rrchecker and dns-packet as decoders that are not ours.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { InvalidValue, Refusal } from '../../src/errors.ts';
import { type Holder, mayShare } from '../../src/model/allocation.ts';
import { nameFromWire } from '../../src/model/name.ts';
import { formatRdata, parseRdata } from '../../src/model/rdata/rdata.ts';
import {
  parseRecordType,
  type RecordType,
  recordTypeCode,
  recordTypeName,
} from '../../src/model/rdata/record-types.ts';
import { parseRecords } from '../../src/model/rrset.ts';

const type = (name: string) => parseRecordType(name);
const hex = (wire: Uint8Array) => Buffer.from(wire).toString('hex');

const octets = fc.array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.nat(255)), { maxLength: 40 });
const escaped = octets.map((all) => all.map((one) => `\\${String(one).padStart(3, '0')}`).join(''));
const nameText = fc.oneof(
  fc.constantFrom('.', 'mail.example.', '_sip._tcp.foo.k8s.', 'a\\.b.example.', 'a\\\\.', '\\000\\255.x.'),
  fc.array(fc.stringMatching(/^[a-z0-9_-]{1,20}$/), { minLength: 1, maxLength: 5 }).map((all) => `${all.join('.')}.`),
);
const u8 = fc.nat(255).map(String);
const u16 = fc.nat(65_535).map(String);
const words = fc.array(
  fc.nat(65_535).map((word) => word.toString(16)),
  { minLength: 8, maxLength: 8 },
);
const line = (...parts: fc.Arbitrary<string>[]) => fc.tuple(...parts).map((all) => all.join(' '));

const texts: Record<string, fc.Arbitrary<string>> = {
  A: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((all) => all.join('.')),
  AAAA: fc.oneof(
    words.map((all) => all.join(':')),
    fc.constantFrom('::', '::1', '::ffff:1.2.3.4', '1:0:0:2::3', '::1.2.3.4'),
  ),
  NS: nameText,
  CNAME: nameText,
  PTR: nameText,
  MX: line(u16, nameText),
  SRV: line(u16, u16, u16, nameText),
  TXT: fc
    .array(
      escaped.map((text) => `"${text}"`),
      { minLength: 1, maxLength: 4 },
    )
    .map((all) => all.join(' ')),
  CAA: line(
    u8,
    fc.constantFrom('issue', 'issuewild', 'iodef', 'x1'),
    escaped.map((text) => `"${text}"`),
  ),
};

for (const [name, text] of Object.entries(texts)) {
  test(`${name}: what is parsed is formatted canonically, and parses to the same octets`, () => {
    fc.assert(
      fc.property(text, (given) => {
        const wire = parseRdata(type(name), given);
        const canonical = formatRdata(type(name), wire);
        assert.equal(hex(parseRdata(type(name), canonical)), hex(wire));
        assert.equal(formatRdata(type(name), parseRdata(type(name), canonical)), canonical);
        assert.equal(hex(parseRdata(type(name), `\\# ${wire.length} ${hex(wire)}`)), hex(wire));
      }),
    );
  });
}

test('octets of any type are formatted so that they parse again, or refused', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.keys(texts), 'SOA', 'TYPE65280', 'TYPE65280'),
      fc.uint8Array({ maxLength: 60 }),
      (name, wire) => {
        let canonical: string;
        try {
          canonical = formatRdata(type(name), wire);
        } catch (error) {
          if (error instanceof InvalidValue) return;
          throw error;
        }
        assert.equal(formatRdata(type(name), parseRdata(type(name), canonical)), canonical);
      },
    ),
    { numRuns: 3000 },
  );
});

test('any text is rdata or an InvalidValue', () => {
  const any = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\"# 0-9a-f.:;()]*$/));
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(texts), 'TYPE65280'), any, (name, text) => {
      try {
        formatRdata(type(name), parseRdata(type(name), text));
      } catch (error) {
        if (!(error instanceof InvalidValue)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});

test('what is wrong is refused', () => {
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

test('a type is its number, by name where it has one', () => {
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

test('dns-packet reads the octets as we mean them', () => {
  const cases: [string, string, unknown][] = [
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:db8::1', '2001:db8::1'],
    ['NS', 'ns.example.', 'ns.example'],
    ['CNAME', 'c.example.', 'c.example'],
    ['PTR', 'p.example.', 'p.example'],
    ['MX', '10 mail.example.', { preference: 10, exchange: 'mail.example' }],
    ['SRV', '1 2 53 s.example.', { priority: 1, weight: 2, port: 53, target: 's.example' }],
    ['TXT', '"one" two', [Buffer.from('one'), Buffer.from('two')]],
    ['CAA', '128 issue "ca.example"', { flags: 128, tag: 'issue', value: 'ca.example', issuerCritical: true }],
  ];
  for (const [name, text, data] of cases)
    assert.deepEqual(dataIn(type(name), parseRdata(type(name), text)), data, name);
});

/** The rdata in an answer message, as dns-packet reads it. */
function dataIn(recordType: RecordType, rdata: Uint8Array): unknown {
  const head = [0, 1, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(recordTypeCode(recordType), 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(rdata.length, 8);
  return decode(Buffer.concat([Uint8Array.from(head), fixed, rdata])).answers[0]?.data;
}

const checker = '/usr/bin/named-rrchecker';
const noChecker = existsSync(checker) ? false : 'no named-rrchecker: install bind9-utils';
if (noChecker && process.env.CI === 'true') throw new Error(noChecker);

/** BIND's own reading of a record: its octets, as generic rdata. */
async function bindReads(name: string, text: string): Promise<string> {
  const child = spawn(checker, ['-u', '-o', '.'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  child.stdin.end(`IN ${name} ${text}\n`);
  await new Promise((resolve) => child.on('close', resolve));
  return said.trim();
}

test('BIND reads every record as we do, what we were given and what we made of it', { skip: noChecker }, async () => {
  for (const [name, text] of Object.entries(texts)) {
    const samples = fc.sample(text, { numRuns: 12, seed: 7 });
    const checks = samples.flatMap((given) => {
      const wire = parseRdata(type(name), given);
      return [given, formatRdata(type(name), wire)].map(async (one) => {
        const said = await bindReads(name, one);
        const [, length, octetsSaid = ''] = /\\# (\d+)(.*)$/s.exec(said) ?? assert.fail(`${name} ${one}: ${said}`);
        assert.equal(Number(length), wire.length, `${name} ${one}`);
        assert.equal(octetsSaid.replace(/[\s()]/g, '').toLowerCase(), hex(wire), `${name} ${one}`);
      });
    });
    await Promise.all(checks);
  }
});

test('records are sorted and distinct; a CNAME is one; together they fit into a message', () => {
  assert.deepEqual(parseRecords(type('MX'), ['20 B.', '10 a.', '10 A.', '\\# 5 000a 016100'], ''), ['10 a.', '20 b.']);
  assert.throws(() => parseRecords(type('CNAME'), ['a.', 'b.'], ''), Refusal);
  assert.deepEqual(parseRecords(type('CNAME'), ['a.', 'A.'], ''), ['a.']);
  const many = (count: number) => [...Array(count).keys()].map((one) => `10.0.${one >> 8}.${one & 255}`);
  assert.equal(parseRecords(type('A'), many(4000), '').length, 4000);
  assert.throws(() => parseRecords(type('A'), many(4100), '/records'), Refusal);
});

test('rdata names are lower-cased and whole', () => {
  assert.equal(nameFromWire(parseRdata(type('PTR'), 'Nginx.Foo.K8S.')).name, 'nginx.foo.k8s');
});

test('holders share by one key and different ports, and a host shares with nobody', () => {
  const holder = (more: object): Holder => ({ kind: 'allocation', id: '1', owner: '', ...more });
  const tcp = (port: number) => [{ protocol: 'tcp' as const, port }];
  const one = holder({ sharingKey: 'k', ports: tcp(1) });
  assert.ok(mayShare([one], holder({ sharingKey: 'k', ports: tcp(2) })));
  assert.ok(mayShare([one], holder({ sharingKey: 'k', ports: [{ protocol: 'udp', port: 1 }] })));
  for (const newcomer of [
    { sharingKey: 'k', ports: tcp(1) },
    { sharingKey: 'other', ports: tcp(2) },
    { sharingKey: 'k' },
    { sharingKey: 'k', ports: [] },
    { ports: tcp(2) },
    {},
  ]) {
    assert.ok(!mayShare([one], holder(newcomer)), JSON.stringify(newcomer));
  }
  assert.ok(!mayShare([one, holder({ sharingKey: 'k', ports: tcp(2) })], holder({ sharingKey: 'k', ports: tcp(2) })));
  assert.ok(!mayShare([{ kind: 'host', host: 'h' as never, owner: '' }], holder({ sharingKey: 'k', ports: tcp(1) })));
});
