// International names: their mapping by UTS 46, and refusals. The tables of UTS 46 are loaded with the first such name.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { unicodeNameOf } from '../../src/model/international-name.ts';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { parseName, parseRelativeName } from '../../src/model/name.ts';

const same: [unicode: string, name: string, shown?: string][] = [
  ['münchen.de', 'xn--mnchen-3ya.de'],
  ['MÜNCHEN.de.', 'xn--mnchen-3ya.de', 'münchen.de'],
  ['mu\u0308nchen.de', 'xn--mnchen-3ya.de', 'münchen.de'],
  ['faß.de', 'xn--fa-hia.de'],
  ['日本語。jp', 'xn--wgv71a119e.jp', '日本語.jp'],
  ['_dmarc.ü.example', '_dmarc.xn--tda.example'],
  ['_ü.example', 'xn--_-eha.example'],
  ['*.ü.example', '*.xn--tda.example'],
  ['_tcp.אב.example', '_tcp.xn--4dbc.example'],
  ['☃.example', 'xn--n3h.example'],
  ['a\\.b.ü', 'a\\.b.xn--tda'],
];

test('a Unicode name becomes A-labels by UTS 46, and is shown in Unicode', () => {
  for (const [unicode, name, shown = unicode] of same) {
    assert.equal(parseName(unicode), name);
    assert.equal(unicodeNameOf(name), shown);
  }
});

test('characters that UTS 46 maps to ASCII become ASCII', () => {
  assert.equal(parseName('\u212Aube.ＥＸＡＭＰＬＥ'), 'kube.example');
  assert.equal(parseName('a\u00adb.example'), 'ab.example');
});

test('a relative Unicode name is accepted', () => {
  assert.equal(parseRelativeName('bücher', parseName('ü.example')), 'xn--bcher-kva.xn--tda.example');
  assert.equal(parseRelativeName('bücher.ü.example.', parseName('ü.example')), 'xn--bcher-kva.xn--tda.example');
});

test('names that UTS 46 does not allow are refused', () => {
  const wrong = [
    '-ü',
    'ü-',
    'ab--ü',
    'xn--ü',
    'a\u200db',
    '\u0308a',
    'ü a',
    'ü\\.a',
    'ü\\255',
    '\\ü',
    'ü..a',
    '.ü',
    '\u00ad.a',
    '\uff02ü',
    'אa',
    '\ud800',
    '\u0080',
    'ü'.repeat(64),
    `${'ü.'.repeat(60)}a`,
    'ü'.repeat(100_000),
  ];
  for (const text of wrong) assert.throws(() => parseName(text), InvalidValue, JSON.stringify(text.slice(0, 80)));
});

test('names without a valid A-label have no Unicode form', () => {
  for (const name of ['a.example', 'xn--zz.de', 'xn--a.de', 'xn--mnchen-3ya\\.x', 'a\\.xn--', '.'])
    assert.equal(unicodeNameOf(name), undefined, name);
  assert.equal(unicodeNameOf('xn--zz.xn--tda'), 'xn--zz.ü');
});

test('the Unicode form of any accepted name is the same name', () => {
  const label = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (parts) => {
      try {
        const name = parseName(parts.join('.'));
        assert.equal(parseName(name), name);
        assert.equal(parseName(unicodeNameOf(name) ?? name), name);
      } catch (error) {
        if (!(error instanceof InvalidValue)) throw error;
      }
    }),
  );
});

test('names in ASCII do not load the tables of UTS 46', () => {
  const text = `
    import { parseName } from './src/model/name.ts';
    import { unicodeNameOf } from './src/model/international-name.ts';
    import { createRequire } from 'node:module';
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((file) => file.includes('tr46'));
    unicodeNameOf(parseName('a.example'));
    console.log(loaded());
    parseName('ü.example');
    console.log(loaded());
  `;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' });
  assert.equal(printed, 'false\ntrue\n');
});
