// Zone files with characters beyond ASCII, in another encoding than UTF-8, or without any text.
// Cited by src/model/rdata/tokens.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseName } from '../../src/model/name.ts';
import { ZoneFileReader } from '../../src/model/zone-file/reader.ts';
import { samples } from './rdata-samples.ts';

/** Reads the octets in pieces of this size. Returns records as `line owner type`, and notes as `line kind: message`. */
function read(octets: Uint8Array, size = octets.length): string[] {
  const reader = new ZoneFileReader({ origin: parseName('foo.k8s'), defaultTtl: 120 });
  const text = Buffer.from(octets).toString('latin1');
  const items = [];
  for (let at = 0; at < text.length; at += size) items.push(...reader.read(text.slice(at, at + size)));
  return [...items, ...reader.end()].map((item) =>
    item.kind === 'record' ? `${item.line} ${item.owner} ${item.type}` : `${item.line} ${item.kind}: ${item.message}`,
  );
}

const many = '$TTL 300\n@ NS ns\n'.concat('www A 10.0.0.1\r\n'.repeat(40));
const utf16 = (text: string) => Buffer.from(text, 'utf16le');
const utf32 = (text: string) =>
  Buffer.from(Uint32Array.from(text, (character) => character.codePointAt(0) ?? 0).buffer);
const inUtf16 = '1 fault: the file is in UTF-16: convert it to UTF-8';
const inUtf32 = '1 fault: the file is in UTF-32: convert it to UTF-8';

const foreign: [what: string, octets: Uint8Array, fault: string][] = [
  ['UTF-16, little-endian', utf16(`\ufeff${many}`), inUtf16],
  ['UTF-16, big-endian', utf16(`\ufeff${many}`).swap16(), inUtf16],
  ['UTF-16, little-endian, without a mark', utf16(many), inUtf16],
  ['UTF-16, big-endian, without a mark', utf16(many).swap16(), inUtf16],
  ['UTF-16, nothing but the mark', utf16('\ufeff'), inUtf16],
  ['UTF-32, little-endian', utf32(`\ufeff${many}`), inUtf32],
  ['UTF-32, big-endian', utf32(`\ufeff${many}`).swap32(), inUtf32],
  [
    "BIND's raw format",
    Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, ...Buffer.from(many)]),
    "1 fault: the file is in BIND's raw format: convert it to text (named-compilezone -f raw -F text)",
  ],
  ['gzip', gzipSync(many), '1 fault: the file is compressed with gzip: decompress it'],
];

for (const [what, octets, fault] of foreign) {
  test(`a file in a form that we do not read has one fault: ${what}`, () => {
    assert.deepEqual(read(octets), [fault]);
    assert.deepEqual(read(octets, 1), [fault], 'reading octet by octet gives other faults');
  });
}

test('a file of less than four octets is read', () => {
  for (const text of ['\n', ';x', 'a A']) {
    const expected = text === 'a A' ? 1 : 0;
    assert.equal(read(Buffer.from(text)).length, expected, text);
    assert.equal(read(Buffer.from(text), 1).length, expected, text);
  }
});

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const warning =
  'warning: the line has octets that are not UTF-8, which are kept as they are (\\DDD): is the file in another encoding?';

const notUtf8: [what: string, text: string, items: string[]][] = [
  ['an owner', 'm\xfcller A 10.0.0.8', [`1 ${warning}`, '1 m\\252ller.foo.k8s A']],
  ['a name in rdata', 'a A 10.0.0.1\nb CNAME m\xfcller', ['1 a.foo.k8s A', `2 ${warning}`, '2 b.foo.k8s CNAME']],
  ['a quoted text', 'a TXT "x; \xe4"', [`1 ${warning}`, '1 a.foo.k8s TXT']],
  ['an escaped octet', 'a TXT \\;\xe4', [`1 ${warning}`, '1 a.foo.k8s TXT']],
  ['a line of an entry in parentheses', 'a TXT ( "x"\n"\xe4"\n)', [`2 ${warning}`, '1 a.foo.k8s TXT']],
  ['the argument of a directive', '$ORIGIN m\xfcller\na A 10.0.0.1', [`1 ${warning}`, '2 a.m\\252ller.foo.k8s A']],
  ['a comment: nothing to say', 'a TXT "x;" ; B\xfcro', ['1 a.foo.k8s TXT']],
  ['a whole line of comment: nothing to say', '; B\xfcro\na A 10.0.0.1', ['2 a.foo.k8s A']],
  ['an octet that is written as an escape: nothing to say', 'm\\252ller A 10.0.0.8', ['1 m\\252ller.foo.k8s A']],
  ['UTF-8 before a comment that is not: nothing to say', 'm\xc3\xbc A 10.0.0.8 ; \xfc', ['1 xn--m-eha.foo.k8s A']],
];

for (const [what, text, items] of notUtf8) {
  test(`a line that is not UTF-8 has a warning: ${what}`, () => {
    assert.deepEqual(read(latin1(text)), items);
    assert.deepEqual(read(latin1(text), 1), items, 'reading octet by octet gives other warnings');
  });
}

/** Each row: a record, and the fault that quotes it. */
const quoted: [record: string, fault: string][] = [
  ['NAPTR 1 1 "mü" "" "" .', "NAPTR flags: 'mü' is not letters and digits (RFC 3403 §4.1)"],
  [
    'NAPTR 1 1 "u" "" "mü" .',
    "NAPTR regexp: 'mü' is not a substitution: write it as !expression!replacement! or !expression!replacement!i",
  ],
  ['NAPTR 1 1 "\\252" "" "" .', "NAPTR flags: '\\252' is not letters and digits (RFC 3403 §4.1)"],
  ['NAPTR 1 1 "ü\\000\\194\\128" "" "" .', "NAPTR flags: 'ü\\000\\194\\128' is not letters and digits (RFC 3403 §4.1)"],
  ['X25 mü', "X25 address: 'mü' is not at least four digits"],
  ['CLA mü', "CLA adapters: 'mü' is not a word of letters, digits and hyphens"],
  ['CAA 0 mü "x"', "CAA tag: 'mü' is not a CAA tag: only letters and digits are allowed"],
  ['CAA \\# 5 0002c3bc78', "CAA tag: 'ü' is not a CAA tag: only letters and digits are allowed"],
  ['ATMA \\# 3 01c3bc', "ATMA address: 'ü' has other characters than digits"],
  ['SVCB 1 . port=mü', "SVCB parameters: port: 'mü' is not a number from 0 to 65535"],
  ['SVCB 1 . ipv4hint=mü', "SVCB parameters: ipv4hint: 'mü' is not an ipv4 address"],
  ['SVCB 1 . ech=mü', "SVCB parameters: ech: 'mü' is not base64"],
  ['SVCB 1 . mandatory=mü', "SVCB parameters: mandatory: 'mü' is not a known parameter: write it as key0 to key65534"],
  ['SVCB 1 . alpn="m\\\\ü"', "SVCB parameters: alpn: 'm\\ü' has a backslash that is not before a comma or a backslash"],
];

for (const [record, fault] of quoted) {
  test(`a fault quotes the characters of the file: ${record}`, () => {
    assert.deepEqual(read(Buffer.from(`a ${record}`)), [`1 fault: ${fault}`]);
  });
}

/** Yields the samples of all types, each with `mü` in place of a token, inside a token, and beside a token. */
function* withUmlauts(): Generator<string> {
  for (const { type, text } of samples) {
    if (text.length > 300) continue;
    const tokens: string[] = text.match(/(?:\\.|"(?:\\.|[^"\\])*"|[^ "\\])+/gs) ?? [];
    for (const [index, token] of tokens.entries()) {
      const others = [
        'mü',
        '"mü"',
        `${token}mü`,
        token.replace(/"$/, 'mü"'),
        token.replace(/[\w.]+/, 'mü'),
        `mü ${token}`,
      ];
      for (const other of others) yield `a ${type} ${tokens.with(index, other).join(' ')}`;
    }
  }
}

test('no fault shows the octets of a UTF-8 character as characters', () => {
  const lines = [
    ...withUmlauts(),
    'mü mü',
    `${'mü'.repeat(200)} A 10.0.0.1`,
    '$TTL mü',
    '$ORIGIN mü..',
    '$mü x',
    '$GENERATE mü a A 10.0.0.1',
    '$GENERATE 1-2 $\x7bmü} A 10.0.0.1',
    '$GENERATE 1-2 a$\x7b0,mü} A 10.0.0.1',
  ];
  const items = lines.flatMap((line) => read(Buffer.from(line)));
  assert.ok(items.filter((item) => item.includes('ü')).length > 1000);
  assert.deepEqual(
    items.filter((item) => item.includes('Ã')),
    [],
  );
});
