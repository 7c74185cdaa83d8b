// The reader of zone files, with tables of test cases: how odd syntax is read, and what is refused. BIND must read the
// same text in the same way.
// Cited by src/model/zone-file/generate.ts.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { refuseFaults } from '../../src/control/zone-file/refuse-faults.ts';
import type { Refusal } from '../../src/errors.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { ZoneFileContents } from '../../src/model/zone-file/contents.ts';
import { Findings } from '../../src/model/zone-file/findings.ts';
import { ZoneFileReader } from '../../src/model/zone-file/reader.ts';
import { formatRrset } from '../../src/model/zone-file/writer.ts';
import { skipWithoutBindTools } from '../support/bind-tools.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { goodSamples } from './rdata-samples.ts';

const origin = parseName('foo.k8s');

/** Reads the pieces one by one. Returns records as `line owner ttl type rdata`, and notes as `line kind: message`. */
function read(...pieces: string[]): string[] {
  return readIn(origin, ...pieces);
}

function readIn(zone: Fqdn, ...pieces: string[]): string[] {
  const reader = new ZoneFileReader({ origin: zone, defaultTtl: 120 });
  const items = [...pieces.flatMap((piece) => [...reader.read(piece)]), ...reader.end()];
  return items.map((item) =>
    item.kind === 'record'
      ? `${item.line} ${item.owner} ${item.ttl} ${item.type} ${item.record}`
      : `${item.line} ${item.kind}: ${item.message}`,
  );
}

/** Encodes the text in UTF-8. Returns a string with one character (U+0000–U+00FF) for each octet. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}

const notUtf8 =
  'warning: the line has octets that are not UTF-8, which are kept as they are (\\DDD): is the file in another encoding?';

const accepted: [what: string, text: string, records: string[]][] = [
  ['a name is relative to the zone', 'a A 10.0.0.1', ['1 a.foo.k8s 120 A 10.0.0.1']],
  ['an absolute name stays', 'a.foo.k8s. A 10.0.0.1', ['1 a.foo.k8s 120 A 10.0.0.1']],
  ['@ is the origin, as owner and in rdata', '@ MX 10 @', ['1 foo.k8s 120 MX 10 foo.k8s.']],
  ['an escaped @ is a label', '\\@ A 10.0.0.1', ['1 \\@.foo.k8s 120 A 10.0.0.1']],
  [
    '$ORIGIN, and a relative one',
    '$ORIGIN x.foo.k8s.\na A 10.0.0.1\n$ORIGIN y\nb NS c',
    ['2 a.x.foo.k8s 120 A 10.0.0.1', '4 b.y.x.foo.k8s 120 NS c.y.x.foo.k8s.'],
  ],
  ['$ORIGIN of the root', '$ORIGIN .\nfoo.k8s NS ns', ['2 foo.k8s 120 NS ns.']],
  [
    'the owner is inherited, also across $ORIGIN',
    'a A 10.0.0.1\n$ORIGIN x.foo.k8s.\n TXT "x"',
    ['1 a.foo.k8s 120 A 10.0.0.1', '3 a.foo.k8s 120 TXT "x"'],
  ],
  [
    'TTL and class in either order, any case',
    'a 60 in A 10.0.0.1\na IN 1H AAAA ::1\na 1 cLaSs1 tXt x',
    ['1 a.foo.k8s 60 A 10.0.0.1', '2 a.foo.k8s 3600 AAAA ::1', '3 a.foo.k8s 1 TXT "x"'],
  ],
  [
    'TTLs with units',
    '$TTL 1w2d3h4m5s\na A 10.0.0.1\nb 1h30m A 10.0.0.1',
    ['2 a.foo.k8s 788645 A 10.0.0.1', '3 b.foo.k8s 5400 A 10.0.0.1'],
  ],
  [
    '$TTL wins over the last TTL',
    '$TTL 7\na 60 A 10.0.0.1\nb A 10.0.0.1',
    ['2 a.foo.k8s 60 A 10.0.0.1', '3 b.foo.k8s 7 A 10.0.0.1'],
  ],
  [
    "without $TTL, and with a SOA that has no TTL: the SOA's minimum, also behind a record with a TTL",
    '@ SOA a b 1 2h 3m 4w 5m\na 60 A 10.0.0.1\nb A 10.0.0.2',
    [
      "1 warning: the file has no $TTL, and its SOA has no TTL: every record without a TTL gets the SOA's minimum, 300",
      '1 foo.k8s 300 SOA a.foo.k8s. b.foo.k8s. 1 7200 180 2419200 300',
      '2 a.foo.k8s 60 A 10.0.0.1',
      '3 b.foo.k8s 300 A 10.0.0.2',
    ],
  ],
  [
    'without $TTL, and with a SOA that has a TTL: the last TTL that was written (RFC 1035 §5.1), with one warning',
    '@ 90 SOA a b 1 1 1 1 5\na A 10.0.0.1\nb 60 A 10.0.0.2\nc A 10.0.0.3',
    [
      '1 foo.k8s 90 SOA a.foo.k8s. b.foo.k8s. 1 1 1 1 5',
      '2 warning: the file has no $TTL: every record without a TTL gets the last TTL before it (RFC 1035 §5.1); here 90',
      '2 a.foo.k8s 90 A 10.0.0.1',
      '3 b.foo.k8s 60 A 10.0.0.2',
      '4 c.foo.k8s 60 A 10.0.0.3',
    ],
  ],
  [
    '$TTL behind a SOA without a TTL',
    '@ SOA a b 1 1 1 1 5\n$TTL 7\na A 10.0.0.1',
    [
      "1 warning: the file has no $TTL, and its SOA has no TTL: every record without a TTL gets the SOA's minimum, 5",
      '1 foo.k8s 5 SOA a.foo.k8s. b.foo.k8s. 1 1 1 1 5',
      '3 a.foo.k8s 7 A 10.0.0.1',
    ],
  ],
  [
    "the SOA's owner without its last dot, and the same name later",
    'Foo.k8s 3600 IN SOA a. b. 1 1 1 1 5\n 60 NS a.\nfoo.k8s 60 A 10.0.0.1\nfoo.k8s. 60 AAAA ::1',
    [
      "1 warning: 'Foo.k8s' is taken for 'foo.k8s.', the zone itself",
      '1 foo.k8s 3600 SOA a. b. 1 1 1 1 5',
      '2 foo.k8s 60 NS a.',
      '3 foo.k8s 60 A 10.0.0.1',
      '4 foo.k8s 60 AAAA ::1',
    ],
  ],
  [
    "@ as the SOA's owner below $ORIGIN of the root, as in old exports of Cloudflare",
    '$ORIGIN .\n@ 3600 IN SOA a. b. 1 1 1 1 5\nwww.foo.k8s. 60 A 10.0.0.1',
    [
      "2 warning: '@' is taken for 'foo.k8s.', the zone itself",
      '2 foo.k8s 3600 SOA a. b. 1 1 1 1 5',
      '3 www.foo.k8s 60 A 10.0.0.1',
    ],
  ],
  [
    'the root as the owner of the SOA stays the root, and a name without its dot is a name below the zone',
    '. 60 SOA a. b. 1 1 1 1 5\nfoo.k8s 60 A 10.0.0.1',
    ['1 . 60 SOA a. b. 1 1 1 1 5', '2 foo.k8s.foo.k8s 60 A 10.0.0.1'],
  ],
  [
    '$ORIGIN of the zone without its last dot',
    '$ORIGIN x\n$ORIGIN FOO.k8s\na 60 A 10.0.0.1',
    ["2 warning: 'FOO.k8s' is taken for 'foo.k8s.', the zone itself", '3 a.foo.k8s 60 A 10.0.0.1'],
  ],
  [
    'ages and settings of Windows DNS',
    '@ [AGE:3731000]\t600\tA\t10.0.0.1\n  [Aging:12] 60 A 10.0.0.2\n@ WINS L1 C2 ( 10.0.0.3 )\n@ 5 IN WINSR L1 a.',
    [
      '1 foo.k8s 600 A 10.0.0.1',
      '2 foo.k8s 60 A 10.0.0.2',
      '3 warning: WINS is a setting of Windows DNS, not a record: it is left out',
      '4 warning: WINSR is a setting of Windows DNS, not a record: it is left out',
    ],
  ],
  [
    'aliases of Route 53',
    '@ 60 AWS ALIAS A x.elb.amazonaws.com. Z1 false\nb 60 A 10.0.0.1',
    [
      '1 warning: an alias of Route 53 is not a DNS record: it is left out; write its addresses, or a CNAME',
      '2 b.foo.k8s 60 A 10.0.0.1',
    ],
  ],
  [
    'bare CRs as line ends',
    '; x\rb 60 A 10.0.0.1\r\rc 60 A 10.0.0.2 ; y\rd 60 A (\r10.0.0.3)\r',
    ['2 b.foo.k8s 60 A 10.0.0.1', '4 c.foo.k8s 60 A 10.0.0.2', '5 d.foo.k8s 60 A 10.0.0.3'],
  ],
  [
    'bare CRs between other line ends, several CRs before LF, and a CR in a comment, which does not end it',
    'a 60 A 10.0.0.1\r\r\nb 60 A 10.0.0.2\rc 60 A 10.0.0.3\r\n; x\rd 60 A 10.0.0.4\n',
    ['1 a.foo.k8s 60 A 10.0.0.1', '2 b.foo.k8s 60 A 10.0.0.2', '2 c.foo.k8s 60 A 10.0.0.3'],
  ],
  [
    'a SOA as RFC 3597 has it',
    '@ SOA \\# 22 0000 00000001 00001e3c 000003e8 0002a300 0000012c\na A 10.0.0.1',
    [
      "1 warning: the file has no $TTL, and its SOA has no TTL: every record without a TTL gets the SOA's minimum, 300",
      '1 foo.k8s 300 SOA . . 1 7740 1000 172800 300',
      '2 a.foo.k8s 300 A 10.0.0.1',
    ],
  ],
  [
    'parentheses over lines, with comments',
    'a ( ; one\n  60\n\n IN A ; two )\n 10.0.0.1 ) ; three\nb 60 A 10.0.0.2',
    ['1 a.foo.k8s 60 A 10.0.0.1', '6 b.foo.k8s 60 A 10.0.0.2'],
  ],
  ['nested and adjacent parentheses', 'a TXT(("x")y)', ['1 a.foo.k8s 120 TXT "x" "y"']],
  ['a quoted semicolon, blank and parenthesis', 'a TXT "x ; (y)" z', ['1 a.foo.k8s 120 TXT "x ; (y)" "z"']],
  ['escapes', 'a\\.b TXT "\\"\\\\" \\; \\065', ['1 a\\.b.foo.k8s 120 TXT "\\"\\\\" ";" "A"']],
  ['octets that are not ASCII', 'a TXT "\xc3\xa4" \xff', [`1 ${notUtf8}`, '1 a.foo.k8s 120 TXT "\\195\\164" "\\255"']],
  [
    'names and texts in UTF-8, and octets that are written as escapes',
    utf8('ü A 10.0.0.1\nA\\195\\188 TXT "\\ü ☃ 😀"\n$ORIGIN Bücher\na MX 10 b.ü'),
    [
      '1 xn--tda.foo.k8s 120 A 10.0.0.1',
      '2 a\\195\\188.foo.k8s 120 TXT "\\195\\188 \\226\\152\\131 \\240\\159\\152\\128"',
      '4 a.xn--bcher-kva.foo.k8s 120 MX 10 b.xn--tda.xn--bcher-kva.foo.k8s.',
    ],
  ],
  [
    'a backslash before an octet that is not ASCII, and an escaped backslash',
    'a TXT \\\xc3\xa9 "\\\xff" \\\\\xff',
    [`1 ${notUtf8}`, '1 a.foo.k8s 120 TXT "\\195\\169" "\\255" "\\\\\\255"'],
  ],
  [
    'line ends of Windows, a byte order mark, tabs, no line end',
    '\xef\xbb\xbfa\tA\t10.0.0.1\r\n\r\n; x\r\nb\tA\t10.0.0.2',
    ['1 a.foo.k8s 120 A 10.0.0.1', '4 b.foo.k8s 120 A 10.0.0.2'],
  ],
  ['unknown types', 'a TYPE64000 \\# 2 abcd', ['1 a.foo.k8s 120 TYPE64000 \\# 2 abcd']],
  [
    'relative names behind numbers with zeros before them, and behind texts that touch',
    'a A6 00 ::1\nb IPSECKEY 10 03 2 c AQID\nd AMTRELAY 10 0 03 e\nf NAPTR 1 1 "u""x""" g',
    [
      '1 a.foo.k8s 120 A6 0 ::1',
      '2 b.foo.k8s 120 IPSECKEY 10 3 2 c.foo.k8s. AQID',
      '3 d.foo.k8s 120 AMTRELAY 10 0 3 e.foo.k8s.',
      '4 f.foo.k8s 120 NAPTR 1 1 "u" "x" "" g.foo.k8s.',
    ],
  ],
  [
    'relative names in SRV, SOA and CNAME',
    'a SRV 1 2 3 b\nc CNAME d.e',
    ['1 a.foo.k8s 120 SRV 1 2 3 b.foo.k8s.', '2 c.foo.k8s 120 CNAME d.e.foo.k8s.'],
  ],
  ['$GENERATE', '$GENERATE 1-3/2 h-$ A 10.0.0.$', ['1 h-1.foo.k8s 120 A 10.0.0.1', '1 h-3.foo.k8s 120 A 10.0.0.3']],
  [
    '$GENERATE with offsets, widths and bases',
    `$GENERATE 9-10 \${1,3}-\${0,2,x}-$$ 60 IN CNAME \${-9}.\${0,3,n}`,
    ['1 010-09-$.foo.k8s 60 CNAME 0.9.0.foo.k8s.', '1 011-0a-$.foo.k8s 60 CNAME 1.a.0.foo.k8s.'].map((line) =>
      line.replace('-$.', '-\\$.'),
    ),
  ],
  [
    '$GENERATE with negative results',
    `$GENERATE 0-1 a\${-1}-\${-1,3}-\${-1,0,x} 60 CNAME \${-12,1,N}`,
    [
      '1 a-1--01-ffffffff.foo.k8s 60 CNAME 4.f.f.f.f.f.f.f.foo.k8s.',
      '1 a0-000-0.foo.k8s 60 CNAME 5.f.f.f.f.f.f.f.foo.k8s.',
    ],
  ],
  ['$GENERATE with quoted rdata', '$GENERATE 1-1 m$ MX "10 x$"', ['1 m1.foo.k8s 120 MX 10 x1.foo.k8s.']],
  [
    'a TTL of more than 2^31 − 1 counts as 0',
    'a 2147483648 A 10.0.0.1',
    ['1 warning: the TTL 2147483648 is more than 2^31 − 1: it counts as 0 (RFC 2181 §8)', '1 a.foo.k8s 0 A 10.0.0.1'],
  ],
  [
    'a $TTL of more than 2^31 − 1 counts as 0',
    '$TTL 3000000000\na A 10.0.0.1',
    ['1 warning: the TTL 3000000000 is more than 2^31 − 1: it counts as 0 (RFC 2181 §8)', '2 a.foo.k8s 0 A 10.0.0.1'],
  ],
];

for (const [what, text, records] of accepted) {
  test(`a zone file is read correctly: ${what}`, () => {
    assert.deepEqual(read(text), records);
    assert.deepEqual(read(...text), records, 'reading octet by octet gives other records');
  });
}

const refused: [text: string, line: number, message: RegExp][] = [
  ['$INCLUDE other', 1, /\$INCLUDE is refused/],
  ['$FOO bar', 1, /not a known directive/],
  [' A 10.0.0.1', 1, /no owner/],
  ['a', 1, /no type/],
  ['a A', 1, /./],
  ['a A 10.0.0.1 10.0.0.2', 1, /./],
  ['a CH TXT x', 1, /class CH/],
  ['a FOO x', 1, /not a known record type/],
  ['a ANY x', 1, /./],
  ['a OPT x', 1, /OPT/],
  ['\na TXT "x', 2, /quote/],
  ['\na TXT "x\ry"', 2, /quote/],
  ['\na TXT "x\ry z\rb A 10.0.0.1', 2, /quote/],
  ['\na TXT ("x\ry")', 2, /quote/],
  ['\na TXT x\\\ry', 2, /escape/],
  ['a TXT x)', 1, /parenthesis/],
  ['b A 10.0.0.1\na ( A\n 10.0.0.1', 2, /parenthesis is not closed/],
  [`${'a.'.repeat(126)}a A 10.0.0.1`, 1, /octets/],
  [`${'a'.repeat(64)} A 10.0.0.1`, 1, /label/],
  ['a 1x A 10.0.0.1', 1, /not a duration/],
  ['$TTL 99999999999', 1, /2\^32/],
  ['$GENERATE 3-1 a$ A 10.0.0.1', 1, /range/],
  ['$GENERATE 0-1000000 a$ A 10.0.0.1', 1, /1000001 numbers; 1000000/],
  [`$GENERATE 1-3 a\${1,2,q} A 10.0.0.1`, 1, /placeholder/],
  ['$GENERATE 250-300 a$ A 10.0.0.$', 1, /./],
  [`$GENERATE 1-3 a\${2147483647} A 10.0.0.1`, 1, /makes 2147483648 of 1/],
  [`$GENERATE 1-3 a\${0,128} A 10.0.0.1`, 1, /wider than 127/],
  [`$GENERATE 1-300 a TXT ${'$x'.repeat(30_000)}`, 1, /makes records of up to \d+ characters; at most 65535/],
  [`$GENERATE 1-1000000 a$ TXT "${'x'.repeat(600)}"`, 1, /makes \d+ characters; at most 536870912/],
  [`$GENERATE 0-3 a\${1 A 10.0.0.1`, 1, /closing brace/],
  ['"a" A 10.0.0.1', 1, /quoted/],
  [utf8('ü- A 10.0.0.1'), 1, /UTS 46/],
  ['\xfc A 10.0.0.1\n\xc3\xbc- CNAME x', 2, /UTS 46/],
  ['a A 10.0.0.1\\', 1, /escape/],
];

test("the zone's name without its last dot may be in Unicode", () => {
  const zone = parseName('bücher.test');
  const soa = '60 IN SOA a. b. 1 1 1 1 5';
  const taken = (line: number, token: string) =>
    `${line} warning: '${token}' is taken for 'xn--bcher-kva.test.', the zone itself`;
  assert.deepEqual(
    readIn(zone, utf8(`Bücher.test ${soa}\nbücher.test 60 A 10.0.0.1\nxn--bcher-kva.test 60 AAAA ::1`)),
    [
      taken(1, 'Bücher.test'),
      '1 xn--bcher-kva.test 60 SOA a. b. 1 1 1 1 5',
      '2 xn--bcher-kva.test 60 A 10.0.0.1',
      '3 xn--bcher-kva.test 60 AAAA ::1',
    ],
  );
  assert.deepEqual(readIn(zone, utf8(`$ORIGIN BÜCHER.test\n@ ${soa}\nä 60 A 10.0.0.1`)), [
    taken(1, 'BÜCHER.test'),
    '2 xn--bcher-kva.test 60 SOA a. b. 1 1 1 1 5',
    '3 xn--4ca.xn--bcher-kva.test 60 A 10.0.0.1',
  ]);
});

test('names may be relative in the rdata of every type', () => {
  const cut = (token: string): string => (/^[a-z0-9_-][a-z0-9._-]*\.$/.test(token) ? token.slice(0, -1) : token);
  for (const { type, canonical = '' } of goodSamples) {
    const relative = canonical.split(' ').map(cut).join(' ');
    assert.deepEqual(read(`$ORIGIN .\na 60 ${type} ${relative}`), [`2 a 60 ${type} ${canonical}`]);
  }
});

test('text that is not a zone file is reported once with its line, and reading continues', () => {
  for (const [text, line, message] of refused) {
    const items = read(`${text}\nlast A 10.9.9.9`).filter((item) => /fault/.test(item));
    assert.equal(items.length, 1, `${text}: ${items}`);
    assert.match(items[0] ?? '', new RegExp(`^${line} fault: `), text);
    assert.match(items[0] ?? '', message, text);
  }
  assert.deepEqual(
    read('bad..name A 10.0.0.1\n TXT "its own"\nb A 10.0.0.2').length,
    2,
    'a record that inherits a bad owner is reported too',
  );
  assert.equal(read('x'.repeat(2 ** 21)).length, 1);
  assert.equal(read(`a TXT (${' "x"\n'.repeat(2 ** 20)}`).length, 1);
});

function contentsOf(text: string): { contents: ZoneFileContents; findings: Findings } {
  const findings = new Findings();
  const contents = new ZoneFileContents(origin, findings);
  const reader = new ZoneFileReader({ origin, defaultTtl: 120 });
  for (const item of [...reader.read(`${text}\n`), ...reader.end()]) {
    if (item.kind === 'record') contents.add(item);
    else if (item.kind === 'fault') findings.fault(item.line, item.message);
    else findings.warn(item.line, item.message);
  }
  contents.checkWhole();
  for (const owner of contents.names.keys()) {
    contents.rrsetsAt(owner, []);
    contents.checkTargets(owner, new Map());
  }
  return { contents, findings };
}

const together: [what: string, text: string, faults: number, warnings: number][] = [
  ['a CNAME beside other data', 'a CNAME b\na A 10.0.0.1', 1, 0],
  ['two CNAMEs', 'a CNAME b\na CNAME c', 1, 0],
  ['a CNAME twice the same', 'a CNAME b\na CNAME b', 0, 0],
  ['a CNAME at the apex', '@ CNAME b', 1, 0],
  ['data below a DNAME', 'a DNAME x.\nb.c.a A 10.0.0.1', 1, 0],
  ['data beside a DNAME', 'a DNAME x.\na A 10.0.0.1', 0, 0],
  ['a DNAME beside NS, not at the apex', 'a DNAME x.\na NS x.', 1, 0],
  ['a DNAME at the apex, with NS', '@ DNAME x.\n@ NS y.', 0, 0],
  ['glue below a delegation', 'a NS ns.a\nns.a A 10.0.0.1\nns.a AAAA ::1', 0, 0],
  ['a delegation by a wildcard (RFC 4592 §4.2)', '*.a NS x.', 0, 1],
  ['a nameserver without an address', '@ NS ns', 0, 1],
  ['nameservers with addresses', '@ NS ns\n@ NS ns2\n@ NS x.\nns A 10.0.0.1\nns2 AAAA ::1', 0, 0],
  ['a nameserver with the address of a wildcard', '@ NS ns\n* A 10.0.0.1', 0, 0],
  ['a nameserver that is an alias (RFC 2181 §10.3)', '@ NS ns\nns CNAME x.\na NS ns', 0, 2],
  ['a mail exchange that is an alias', 'a MX 10 m\nm CNAME x.', 0, 1],
  ['a delegation without glue', 'a NS ns.a\nb NS ns.c', 0, 1],
  ['data below a delegation', 'a NS x.\nb.a TXT x', 0, 1],
  ['data at a delegation', `a NS x.\na TXT x\nc NS x.\nc DS 1 8 2 ${'00'.repeat(32)}`, 0, 1],
  ['records outside the zone', 'a A 10.0.0.1\na.example. A 10.0.0.1\nxfoo.k8s. A 10.0.0.1', 0, 2],
  ['only records outside the zone', 'a.example. A 10.0.0.1\nb.example. A 10.0.0.1', 1, 2],
  ['the SOA of another zone', '@ 60 NS ns.example.\nexample. 60 SOA a b 1 1 1 1 1', 1, 0],
  ['the SOA of the zone above', '$ORIGIN k8s.\n@ 60 SOA a b 1 1 1 1 1\nfoo 60 A 10.0.0.1', 1, 0],
  ['no records', '; nothing', 1, 0],
  ['two SOAs', '@ 1 SOA a b 1 1 1 1 1\n@ 1 SOA a b 2 1 1 1 1', 1, 0],
  ['a SOA again at the end', '@ 1 SOA a b 1 1 1 1 1\na 1 A 10.0.0.1\n@ 1 SOA a b 1 1 1 1 1', 0, 0],
  ['a SOA below the apex', 'a 1 SOA a b 1 1 1 1 1', 1, 0],
  [
    'keys that validators ignore (RFC 4034 §2.1)',
    'a DNSKEY 257 2 8 AQID\nb DNSKEY 1 3 8 AQID\nc CDNSKEY 257 1 8 AQID',
    0,
    3,
  ],
  ['keys that validators use, and a request to delete the DS', 'a DNSKEY 257 3 8 AQID\nb CDNSKEY 0 3 0 AA==', 0, 0],
  ['TTLs that differ', 'a 60 A 10.0.0.1\na 30 A 10.0.0.2', 0, 1],
  ['a record too large for a message', `a TXT ${`${'x'.repeat(254)} `.repeat(256)}`, 1, 0],
  ['an RRset too large for a message', '$GENERATE 1-9000 a TXT x$', 1, 0],
];

for (const [what, text, faults, warnings] of together) {
  test(`the records of a zone are checked together: ${what}`, () => {
    const { findings } = contentsOf(text);
    assert.deepEqual([findings.faults, findings.warnings], [faults, warnings]);
  });
}

test('an entry of a megabyte is refused without reading all of it', () => {
  const megabyte = 1024 * 1024;
  const limit = /an entry has more than 655360 characters|has \d+ characters|makes records of up to/;
  for (const text of [
    `${'a'.repeat(megabyte)} A 10.0.0.1`,
    `${'\\\\'.repeat(megabyte / 2)}. A 10.0.0.1`,
    `${'\\\\'.repeat(100_000)}. A 10.0.0.1`,
    `a CNAME ${'a.'.repeat(100_000)}`,
    `a NSEC b ${'A '.repeat(megabyte)}`,
    `$GENERATE 1000-2000 ${'$x'.repeat(40_000)} A 10.0.0.1`,
    `$GENERATE 1-1000 a$ TXT ${'"$" '.repeat(50_000)}`,
  ]) {
    const items = read(text);
    assert.equal(items.length, 1, text.slice(0, 40));
    assert.match(items[0] ?? '', limit, text.slice(0, 40));
  }
});

test('the first hundred records outside the zone are listed, and the others are counted', () => {
  const outside = Array.from({ length: 150 }, (_, index) => `a${index}.example. A 10.0.0.1`);
  const { findings } = contentsOf(['a A 10.0.0.1', ...outside, '*.a NS b.', '*.b NS b.'].join('\n'));
  assert.equal(findings.warnings, 152);
  const listed = findings.listWarnings();
  assert.equal(listed.length, 103);
  assert.deepEqual(listed.at(-1), { line: 101, message: '50 more records outside the zone are left out' });
  assert.deepEqual(
    listed.slice(-3, -1).map(({ line }) => line),
    [152, 153],
  );
});

test('an RRset with different TTLs gets the smallest (RFC 2181 §5.2)', () => {
  const { contents } = contentsOf('a 60 A 10.0.0.2\na 30 A 10.0.0.1\na 90 A 10.0.0.3');
  assert.deepEqual(contents.rrsetsAt(parseName('a.foo.k8s'), []), [
    { type: 'A', ttl: 30, records: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] },
  ]);
});

test('faults are listed with their lines up to a limit, and the others are counted', () => {
  const faultsOf = (count: number): Refusal => {
    try {
      refuseFaults(contentsOf('a A x\n'.repeat(count)).findings);
    } catch (error) {
      return error as Refusal;
    }
    return assert.fail('the file was not refused');
  };
  assert.deepEqual(
    faultsOf(2000).errors?.map(({ path }) => path),
    Array.from({ length: 2000 }, (_, index) => `line:${index + 1}`),
  );
  const { errors = [], message } = faultsOf(12_000);
  assert.equal(errors.length, 10_000);
  assert.match(message, /the first 10000 of 12000 faults/);
  const { findings } = contentsOf(`a A ${'x'.repeat(100_000)}`);
  assert.throws(
    () => refuseFaults(findings),
    ({ errors: [one] = [] }: Refusal) => (one?.message.length ?? 0) < 1000,
  );
});

test('the estimate of memory counts names, RRsets and records', () => {
  const held = (text: string) => contentsOf(text).contents.held;
  const one = held('a A 10.0.0.1');
  assert.ok(one > 100, `${one}`);
  assert.equal(held('a A 10.0.0.1\na A 10.0.0.1'), one, 'a duplicate record adds to the estimate');
  assert.ok(held('a A 10.0.0.1\na A 10.0.0.2') > one + 'A 10.0.0.2'.length);
  assert.ok(held('a A 10.0.0.1\nb A 10.0.0.2') >= 2 * one);
  assert.ok(held(`a TXT ${'x '.repeat(5000)}`) > 20_000);
});

test('any text is read without an exception, and cutting it into pieces makes no difference', () => {
  const word = fc.constantFrom(
    'a',
    '@',
    '(',
    ')',
    '"',
    ';',
    '\\',
    '$',
    '$TTL',
    '$ORIGIN',
    '$GENERATE',
    '1-3',
    '60',
    'IN',
    'A',
    'TXT',
    'CNAME',
    'SOA',
    '10.0.0.1',
    `\${1,2,x}`,
    '\xff',
    '\\300',
  );
  const space = fc.constantFrom(' ', '\t', '\n', '\r\n', '');
  const text = fc.array(fc.tuple(word, space), { maxLength: 40 }).map((parts) => parts.flat().join(''));
  fc.assert(
    fc.property(text, fc.nat(60), (whole, cut) =>
      assert.deepEqual(read(whole.slice(0, cut), whole.slice(cut)), read(whole)),
    ),
    { numRuns: 2000 },
  );
});

test('BIND reads the same records from the same text', { skip: skipWithoutBindTools() }, async (t) => {
  const folder = await temporaryFolder(t);
  const text = [
    '$TTL 1h',
    '@ SOA ns1 admin ( 1 2h ; comment',
    ' 3m 4w 5m )',
    ' NS ns1',
    'ns1 A 192.0.2.1',
    ...accepted
      .filter(
        ([what]) =>
          !/without a TTL|SOA|Windows|Route 53|bare CRs|beyond|\$ORIGIN|byte order|inherited|\$TTL|unknown types|escapes/.test(
            what,
          ),
      )
      .map(
        ([, one], index) =>
          `$ORIGIN z${index}.foo.k8s.\n${one.replaceAll('cLaSs1', 'IN').replaceAll('foo.k8s.', `z${index}.foo.k8s.`)}`,
      ),
    '$ORIGIN e.foo.k8s.',
    'a TXT "\\"\\\\" \\; \\065',
    '$ORIGIN .',
    'deep.foo.k8s TXT root',
  ].join('\n');
  const file = join(folder, 'zone');
  const canonical = (one: string): string[] => {
    const { contents, findings } = contentsOf(one);
    assert.equal(findings.faults, 0, JSON.stringify(findings));
    const lines = [...contents.names].flatMap(([owner]) =>
      contents.rrsetsAt(owner as Fqdn, []).map((rrset) => formatRrset(owner, rrset)),
    );
    return lines.join('').trim().split('\n').sort();
  };
  writeFileSync(file, text, 'latin1');
  const compiled = execFileSync('named-compilezone', ['-q', '-k', 'ignore', '-i', 'none', '-o', '-', 'foo.k8s', file], {
    encoding: 'latin1',
  });
  assert.deepEqual(canonical(text), canonical(compiled));
});
