// Zone files that are not UTF-8: in another encoding, or not text at all.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseName } from '../../src/model/name.ts';
import { ZoneFileReader } from '../../src/model/zone-file/reader.ts';

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
  test(`a file in a form that is not read has one fault: ${what}`, () => {
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
