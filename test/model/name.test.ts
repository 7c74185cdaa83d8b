// Names: presentation form, wire form, limits, escapes, and whether a name is within another.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import {
  ancestry,
  type Fqdn,
  formatRelativeName,
  isAbsolute,
  isWithin,
  labelsOf,
  nameFromWire,
  nameToWire,
  parentOf,
  parseName,
  parseRelativeName,
} from '../../src/model/name.ts';
import { hostKey, hostKind } from '../../src/store/kinds/host.ts';
import { nameKey, nameKind } from '../../src/store/kinds/name.ts';
import { zoneKey, zoneKind } from '../../src/store/kinds/zone.ts';

const octet = fc.oneof(
  fc.integer({ min: 0x61, max: 0x7a }),
  fc.constantFrom(...Buffer.from('.\\@"(;) *_-$AZ09\0\xff/%', 'latin1')),
);
const label = fc.array(octet, { minLength: 1, maxLength: 63 }).map((octets) => Uint8Array.from(octets));
/** Generates lists of labels as octets. With its length octets, a list has at most 255 octets. */
const labels = fc
  .array(
    fc.oneof(
      label,
      fc.array(octet, { minLength: 1, maxLength: 3 }).map((octets) => Uint8Array.from(octets)),
    ),
    { maxLength: 8 },
  )
  .filter((all) => all.reduce((sum, one) => sum + one.length + 1, 1) <= 255);

function wireOf(all: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([...all.flatMap((one) => [one.length, ...one]), 0]);
}
const lower = (octets: Uint8Array) => octets.map((one) => (one >= 0x41 && one <= 0x5a ? one + 32 : one));
const nameOf = (all: readonly Uint8Array[]) => nameFromWire(wireOf(all)).name;

test('labels of any octets convert from wire form to a name and back, in lower case', () => {
  fc.assert(
    fc.property(labels, fc.nat(5), (all, before) => {
      const wire = Uint8Array.from([...Array(before).fill(7), ...wireOf(all), 9, 9]);
      const { name, length } = nameFromWire(wire, before);
      assert.equal(length, wireOf(all).length);
      assert.deepEqual(nameToWire(name), wireOf(all.map(lower)));
      assert.equal(labelsOf(name).length, all.length);
      assert.equal([...ancestry(name)].length, all.length + 1);
    }),
  );
});

test('a name parses to itself, with or without the last dot, and in upper case too', () => {
  fc.assert(
    fc.property(labels, (all) => {
      const name = nameOf(all);
      assert.equal(parseName(name), name);
      if (name === '.') return;
      assert.equal(parseName(`${name}.`), name);
      assert.ok(isAbsolute(`${name}.`));
      assert.deepEqual(nameToWire(parseName(name.toUpperCase())), nameToWire(name));
    }),
  );
});

test('a name converts to relative form and back, and is within itself and its ancestors, and within no other name', () => {
  fc.assert(
    fc.property(labels, fc.nat(8), labels, (all, from, others) => {
      const name = nameOf(all);
      const zone = nameOf(all.slice(from));
      assert.ok(isWithin(name, zone));
      assert.equal(parseRelativeName(formatRelativeName(name, zone), zone), name);
      assert.equal(parseRelativeName(name === '.' ? '.' : `${name}.`, zone), name);
      const other = nameOf(others);
      assert.equal(isWithin(other, zone), [...ancestry(other)].includes(zone));
      if (other !== '.') assert.equal(parentOf(other), nameOf(others.slice(1)));
    }),
  );
});

test('a store key of any name parses back to the name, the zone and the generation', () => {
  fc.assert(
    fc.property(labels, fc.nat(8), (all, from) => {
      const owner = nameOf(all);
      const zone = nameOf(all.slice(from));
      assert.deepEqual(hostKind.parse(hostKey(owner)), { host: owner });
      assert.deepEqual(zoneKind.parse(zoneKey(zone)), { zone });
      assert.deepEqual(nameKind.parse(nameKey(zone, 7, owner)), { zone, generation: 7, owner });
      assert.match(nameKey(zone, 7, owner), /^[ -~]*$/);
    }),
  );
});

test('a name is read with its escapes and written in one form, and other texts are refused', () => {
  const same: [string, string][] = [
    ['WWW.Example.', 'www.example'],
    ['a\\.b.c', 'a\\.b.c'],
    ['\\119\\119w', 'www'],
    ['\\065b', 'ab'],
    ['a\\ b', 'a\\032b'],
    ['\\@.x', '\\@.x'],
    ['a\\\\.', 'a\\\\'],
    ['.', '.'],
    ['*.x', '*.x'],
    [`${'a'.repeat(63)}.x`, `${'a'.repeat(63)}.x`],
    [`${'a.'.repeat(126)}a`, `${'a.'.repeat(126)}a`],
    [`${'\\255'.repeat(63)}`, `${'\\255'.repeat(63)}`],
  ];
  for (const [text, name] of same) assert.equal(parseName(text), name, text);
  const wrong = [
    '',
    '..',
    'a..b',
    '.a',
    'a\\',
    'a\\25',
    'a\\256',
    'a b',
    'a\tb',
    'ä\\.',
    'a\u0000',
    'a'.repeat(64),
    `${'a.'.repeat(127)}a`,
    `${'a.'.repeat(127)}a.`,
  ];
  for (const text of wrong) assert.throws(() => parseName(text), InvalidValue, JSON.stringify(text));
  assert.equal(parseRelativeName('@', 'x' as Fqdn), 'x');
  assert.equal(parseRelativeName('\\@', 'x' as Fqdn), '\\@.x');
  assert.equal(parseRelativeName('a\\.', 'x' as Fqdn), 'a\\..x');
  assert.equal(parseRelativeName('a\\\\.', 'x' as Fqdn), 'a\\\\');
  assert.throws(() => parseRelativeName('a'.repeat(63), `${'b.'.repeat(100)}c` as Fqdn), InvalidValue);
});

test('any text, and any octets, either parse to a name or throw InvalidValue', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[\\.a@0-9]*$/)),
      fc.uint8Array({ maxLength: 300 }),
      (text, wire) => {
        const parsers: (() => Fqdn)[] = [
          () => parseName(text),
          () => nameFromWire(wire).name,
          () => parseRelativeName(text, 'x' as Fqdn),
        ];
        for (const parse of parsers) {
          try {
            const name = parse();
            assert.equal(parseName(name), name);
            assert.ok(nameToWire(name).length <= 255);
          } catch (error) {
            if (!(error instanceof InvalidValue)) throw error;
          }
        }
      },
    ),
    { numRuns: 1000 },
  );
});
