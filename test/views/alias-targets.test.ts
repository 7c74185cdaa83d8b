// The view that finds CNAME records by their targets. It follows every change, and only zones with a limited number of
// such records.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import type { Manager, Rrset } from '../../src/model/rrset.ts';
import { AliasTargets, maxAliasesFollowed } from '../../src/views/alias-targets.ts';

const alias = (target: string, manager?: Manager): Rrset[] => [
  { type: 'CNAME' as RecordType, ttl: 60, records: [`${target}.`], ...(manager && { manager }) },
];
const [a, b, x, y] = ['a.z', 'b.z', 'x.z', 'y.z'].map(parseName) as [Fqdn, Fqdn, Fqdn, Fqdn];

test('the owners of CNAME records are found by target, through every change', () => {
  const targets = new AliasTargets();
  targets.change(a, [], alias(x));
  targets.change(b, [], alias(x));
  assert.deepEqual(targets.ownersOf(x), [a, b]);
  targets.change(a, alias(x), alias(y));
  assert.deepEqual([targets.ownersOf(x), targets.ownersOf(y)], [[b], [a]]);
  targets.change(b, alias(x), []);
  targets.change(a, alias(y), alias(y));
  assert.deepEqual([targets.ownersOf(x), targets.ownersOf(y)], [[], [a]]);
});

test('the targets below a name are found, and no others', () => {
  const targets = new AliasTargets();
  const names = ['x.z', 'a.x.z', 'a.b.x.z', '*.x.z', 'ax.z', 'x.zz', 'a\\.x.z', 'a.x\\.z', 'x'].map(parseName);
  for (const [index, name] of names.entries()) targets.change(parseName(`n${index}`), [], alias(name));
  const below = (...tops: string[]) => [...targets.below(new Set(tops.map(parseName)))].sort();
  assert.deepEqual(below('x.z'), ['*.x.z', 'a.b.x.z', 'a.x.z']);
  assert.deepEqual(below('z'), ['*.x.z', 'a.b.x.z', 'a.x.z', 'a\\.x.z', 'ax.z', 'x.z']);
  assert.deepEqual(below('b.x.z'), ['a.b.x.z']);
  assert.deepEqual(below('nothing'), []);
  assert.deepEqual(below('b.x.z', 'zz'), ['a.b.x.z', 'x.zz']);
  assert.deepEqual(below('.'), names.toSorted());
  targets.change(parseName('n1'), alias('a.x.z'), []);
  assert.deepEqual(below('x.z'), ['*.x.z', 'a.b.x.z']);
});

test('CNAME records that hosts manage do not count', () => {
  const targets = new AliasTargets();
  targets.change(a, [], alias(x, 'host'));
  assert.deepEqual(targets.ownersOf(x), []);
  targets.change(a, alias(x, 'host'), alias(x));
  assert.deepEqual(targets.ownersOf(x), [a]);
});

test('the view does not follow a zone with more CNAME records than the limit', () => {
  const targets = new AliasTargets();
  for (let index = 0; index < maxAliasesFollowed; index += 1) targets.change(`n${index}.z` as Fqdn, [], alias(x));
  assert.equal(targets.ownersOf(x).length, maxAliasesFollowed);
  targets.change(a, [], alias(y));
  targets.change(a, alias(y), []);
  assert.deepEqual([targets.ownersOf(x), targets.ownersOf(y)], [[], []]);
});
