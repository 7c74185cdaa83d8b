// Keys: what a builder made is read back, and nothing else is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import * as keys from '../../src/store/keys.ts';

const zone = parseName('0/25.2.0.192.in-addr.arpa');
const odd = parseName('a\\.b.foo.k8s');

test('every key that a builder makes is read back', () => {
  const made = [
    keys.poolKey('p'),
    keys.addressKey('default', parseAddress('10.0.0.1')),
    keys.zoneKey(zone),
    keys.serialKey(zone),
    keys.nameKey(zone, 7, zone),
    keys.nameKey(parseName('foo.k8s'), 1, odd),
    keys.nameKey(parseName('.'), 1, parseName('.')),
    keys.hostKey(odd),
    keys.tokenKey('admin'),
    keys.memberKey('A b/c'),
  ];
  for (const key of made) assert.notEqual(keys.parseKey(key), undefined, key);
});

test("a key that only looks like one is nobody's", () => {
  const junk = [
    'zones/foo.k8s/x',
    'zones/foo%2ek8s',
    'zones/Foo.k8s',
    'hosts/k8s.foo.nginx/x',
    'pools/default/x',
    `${keys.addressKey('default', parseAddress('10.0.0.1'))}/x`,
    'names/foo.k8s/01/k8s.foo.a',
    'tokens/admin/x',
    'nothing/known',
  ];
  for (const key of junk) assert.equal(keys.parseKey(key), undefined, key);
});
