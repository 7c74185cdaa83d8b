// Each kind of key parses the keys that its builder makes, and no others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { activityKey } from '../../src/store/kinds/activity.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { flushKey } from '../../src/store/kinds/flush.ts';
import { forwarderKey } from '../../src/store/kinds/forwarder.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { idempotencyKey } from '../../src/store/kinds/idempotency.ts';
import { importKey } from '../../src/store/kinds/import.ts';
import { leaderKey } from '../../src/store/kinds/leader.ts';
import { ledgerHomeKey } from '../../src/store/kinds/ledger.ts';
import { memberKey } from '../../src/store/kinds/member.ts';
import { nameKey } from '../../src/store/kinds/name.ts';
import { offsetKey } from '../../src/store/kinds/offset.ts';
import { outboxKey } from '../../src/store/kinds/outbox.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { renumberingKey } from '../../src/store/kinds/renumbering.ts';
import { resolverKey } from '../../src/store/kinds/resolver.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { skydnsStateKey } from '../../src/store/kinds/skydns.ts';
import { tokenKey } from '../../src/store/kinds/token.ts';
import { zoneKey } from '../../src/store/kinds/zone.ts';
import { kindModules, storedKinds } from './stored-kinds.ts';

const zone = parseName('0/25.2.0.192.in-addr.arpa');
const odd = parseName('a\\.b.foo.k8s');
const address = parseAddress('10.0.0.1');

const parsedBy = (key: string): string[] =>
  storedKinds.filter((kind) => kind.parse(key) !== undefined).map(({ name }) => name);

const made: [kind: string, key: string, subject: object][] = [
  ['pool', poolKey('p'), { pool: 'p' }],
  ['address', addressKey('default', address), { space: 'default', address }],
  ['zone', zoneKey(zone), { zone }],
  ['serial', serialKey(zone), { zone }],
  ['import', importKey(zone), { zone }],
  ['name', nameKey(zone, 7, zone), { zone, generation: 7, owner: zone }],
  ['name', nameKey(parseName('foo.k8s'), 1, odd), { zone: 'foo.k8s', generation: 1, owner: odd }],
  ['name', nameKey(parseName('.'), 1, parseName('.')), { zone: '.', generation: 1, owner: '.' }],
  ['host', hostKey(odd), { host: odd }],
  ['token', tokenKey('admin'), { token: 'admin' }],
  ['renumbering', renumberingKey('p'), { pool: 'p' }],
  ['resolver', resolverKey('office'), { resolver: 'office' }],
  ['forwarder', forwarderKey(odd), { zone: odd }],
  ['flush', flushKey(odd), { zone: odd }],
  ['skydns', skydnsStateKey(parseName('lab.test')), { zone: 'lab.test' }],
  ['activity', activityKey('admin'), { token: 'admin' }],
  ['member', memberKey('A b/c'), { replica: 'A b/c' }],
  ['offset', offsetKey, {}],
  ['leader', leaderKey('ledger'), { task: 'ledger' }],
  ['ledger', ledgerHomeKey, { entry: 'home' }],
  ['outbox', outboxKey('01KGZ8V1CR9Q4M3Z7T2B5X6Y0W'), { ulid: '01KGZ8V1CR9Q4M3Z7T2B5X6Y0W' }],
  ['idempotency', idempotencyKey('admin', 'a/ü%'), { token: 'admin', key: 'a/ü%' }],
];

test('every key that a builder makes is parsed by its own kind and by no other', () => {
  for (const [name, key, subject] of made) {
    assert.deepEqual(parsedBy(key), [name], key);
    assert.deepEqual(storedKinds.find((kind) => kind.name === name)?.parse(key), subject, key);
  }
});

test('every file in src/store/kinds exports the kind of its name, with a prefix of its own and a sample in this test', () => {
  assert.deepEqual(
    storedKinds.map((kind) => kind?.name),
    [...kindModules.keys()],
  );
  for (const { prefix } of storedKinds) assert.match(prefix, /^[a-z]+\/$/);
  assert.equal(new Set(storedKinds.map(({ prefix }) => prefix)).size, storedKinds.length);
  assert.deepEqual([...new Set(made.map(([name]) => name))].sort(), [...kindModules.keys()].sort());
});

test('no kind parses a key that no builder makes', () => {
  const junk = [
    'zones/foo.k8s/x',
    'zones/foo%2ek8s',
    'zones/Foo.k8s',
    'hosts/k8s.foo.nginx/x',
    'pools/default/x',
    `${addressKey('default', address)}/x`,
    'names/foo.k8s/01/k8s.foo.a',
    'names/foo.k8s',
    'tokens/admin/x',
    'members/%',
    'nothing/known',
    'pools',
    'revisions/other',
  ];
  for (const key of junk) assert.deepEqual(parsedBy(key), [], key);
});
