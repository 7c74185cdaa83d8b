// The fast reader of the values of names without special characters. It reads the same as the complete check, and
// leaves all other values to that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import type { NamedRrsets, Rrset } from '../../src/model/rrset.ts';
import { readPlainRrsets } from '../../src/store/codec/plain-rrsets.ts';
import { nameKey, nameKind, nameValue } from '../../src/store/kinds/name.ts';

const name = parseName('web-1.foo.k8s');
const values: NamedRrsets[] = [
  { name, rrsets: [{ type: 'A', ttl: 300, records: ['192.0.2.1'] }] },
  { name, rrsets: [{ type: 'CNAME', ttl: 300, records: ['web-2.foo.k8s.'], manager: 'host' }] },
  { name, rrsets: [{ type: 'A', ttl: 0, records: ['192.0.2.1', '192.0.2.2'], manager: 'host' }] },
  {
    name,
    rrsets: [
      { type: 'A', ttl: 999_999_999, records: ['192.0.2.1'], manager: 'host' },
      { type: 'AAAA', ttl: 300, records: ['2001:db8::1', '2001:db8::2'] },
      { type: 'MX', ttl: 7, records: ['10 mail.foo.k8s.'] },
    ],
  },
] as NamedRrsets[];
const texts = values.map((value) => nameValue.encode(value));

test('the values of plain names are read, with what was written', () => {
  for (const [index, text] of texts.entries()) assert.deepEqual(readPlainRrsets(text, name), values[index]?.rrsets);
});

test('values that need more are left to the complete check', () => {
  const others: [string, Fqdn][] = [
    [nameValue.encode({ name, rrsets: [{ type: 'TXT', ttl: 1, records: ['"x"'] } as Rrset] }), name],
    [nameValue.encode({ name, rrsets: [{ type: 'A', ttl: 2 ** 31 - 1, records: ['192.0.2.1'] } as Rrset] }), name],
    [nameValue.encode({ name, rrsets: [{ type: 'CNAME', ttl: 1, records: ['a.k8s.'] } as Rrset] }), name],
    [texts[0] as string, parseName('web-2.foo.k8s')],
    [texts[0] as string, parseName('web-1.foo.k8')],
    ['{"v":1,"name":"web-1.foo.k8s","rrsets":[]}', name],
    ['{"v":1,"name":"web-1.foo.k8s","rrsets":[{"type":"A","ttl":300,"records":[]}]}', name],
    ['{"v":1,"name":"web-1.foo.k8s","rrsets":[{"type":"A","ttl":300,"records":["192.0.2.1"],"manager":"zone"}]}', name],
  ];
  for (const [text, asked] of others) assert.equal(readPlainRrsets(text, asked), undefined, text);
});

test('a text with any one character changed is refused, or read as JSON says', () => {
  const characters = ['', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '9', '-', '.', 'e', ' ', '\n', '\u007f', 'é'];
  for (const text of texts) {
    for (let at = 0; at <= text.length; at += 1) {
      for (const character of characters) {
        for (const rest of [at, at + 1]) checkReading(text.slice(0, at) + character + text.slice(rest));
      }
    }
  }
});

/** Asserts that the fast reader refuses the text, or reads what JSON.parse reads and what the schema allows. */
function checkReading(text: string): void {
  const rrsets = readPlainRrsets(text, name);
  if (rrsets === undefined) return;
  assert.deepEqual({ v: 1, name, rrsets }, JSON.parse(text), text);
  assert(rrsets.length > 0, text);
  for (const { ttl, records } of rrsets) assert(ttl < 2 ** 31 && records.length > 0, text);
}

test('the keys that the builder makes are parsed, in any order', () => {
  const zones = ['foo.k8s', 'bar.k8s', 'oo.k8s', '.', '10.in-addr.arpa', 'a\\.b.k8s'].map((text) => parseName(text));
  const owners = [
    'foo.k8s',
    'a.foo.k8s',
    'b.a.foo.k8s',
    '*.foo.k8s',
    'xfoo.k8s',
    'c.oo.k8s',
    '.',
    'k8s',
    'a\\.b.foo.k8s',
  ]
    .concat([`${'a'.repeat(63)}.foo.k8s`, '1.2.3.10.in-addr.arpa', Array(127).fill('x').join('.')])
    .map((text) => parseName(text));
  const subjects = zones.flatMap((zone) =>
    [1, 12].flatMap((generation) => owners.map((owner) => ({ zone, generation, owner }))),
  );
  const keyOf = ({ zone, generation, owner }: (typeof subjects)[number]) => nameKey(zone, generation, owner);
  for (const before of subjects.slice(0, 40)) {
    for (const subject of subjects) {
      nameKind.parse(keyOf(before));
      assert.deepEqual(nameKind.parse(keyOf(subject)), subject);
    }
  }
});

test('a key that no builder makes is not parsed after another key of its generation', () => {
  const generation = 'names/foo.k8s/1/';
  assert.notEqual(nameKind.parse(`${generation}k8s.foo.a`), undefined);
  const junk = ['A', 'k8s.foo.A', 'k8s.foo.a/x', 'k8s.foo.ä', 'k8s.foo. ', 'k8s.foo.a"'];
  for (const rest of junk) assert.equal(nameKind.parse(generation + rest), undefined, rest);
});

test('a name that is not valid is refused after another name of its generation', () => {
  const first = { zone: parseName('foo.k8s'), generation: 1, owner: name };
  for (const owner of ['a..foo.k8s', '.a.foo.k8s', `${'a'.repeat(64)}.foo.k8s`, `${'x.'.repeat(127)}k8s`] as Fqdn[]) {
    assert.notEqual(nameKind.parse(nameKey(first.zone, 1, name)), undefined);
    const subject = nameKind.parse(nameKey(first.zone, 1, owner));
    assert.deepEqual(subject, { ...first, owner });
    const text = (texts[0] as string).replace(name, owner);
    assert.throws(() => nameKind.read({ ...first, owner }, text), { name: 'InvalidValue' }, owner);
  }
});
