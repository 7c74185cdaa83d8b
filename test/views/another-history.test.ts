// A store that was restored from a copy can have other values at revisions that the views already have. The next load
// then replaces all values of the views.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import { type Revision, serialAt } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { addressKey, addressValue } from '../../src/store/kinds/address.ts';
import { hostKey, hostValue } from '../../src/store/kinds/host.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { serialKey, serialValue } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { Entry } from '../../src/store/store.ts';
import type { Views } from '../../src/views/views.ts';
import { emptyViews } from '../support/control-plane.ts';

type StoredValue = [key: string, value: string, modified: number];

const zone = parseName('z');
const owner = parseName('a.z');
const held = parseAddress('10.0.0.5');
const since = '2026-01-01T00:00:00Z';

function load(views: Views, entries: StoredValue[], revision: number): void {
  views.beginLoad();
  for (const [key, value, modified] of entries) {
    const entry: Entry = { key, value, created: 1 as Revision, modified: modified as Revision };
    views.load(entry);
  }
  views.endLoad(revision as Revision);
}

/**
 * Returns the entries of a store with this address, TTL and serial. The address is also the pool's description, and the
 * owner of the host and of the held address.
 */
function history(address: string, defaultTtl: number, serial: number): StoredValue[] {
  const rrsets = [{ type: parseRecordType('A'), ttl: 60, records: [address] }];
  const pool = { ...poolDefaults, id: 'p', name: 'p', ranges: ['10.0.0.0/24'], description: address };
  const holder = { kind: 'allocation' as const, id: '1', owner: address };
  const record = { address: held, space: 'default', givenBy: 'p', state: 'held' as const, holders: [holder], since };
  const host = { name: owner, zone, addresses: [], aliases: [], ttl: null, ptr: false, tags: {}, createdAt: since };
  return [
    [addressKey('default', held), addressValue.encode(record), 3],
    [hostKey(owner), hostValue.encode({ ...host, owner: address }), 3],
    [nameKey(zone, 1, owner), nameValue.encode({ name: owner, rrsets }), 4],
    [poolKey('p'), poolValue.encode(pool), 3],
    [serialKey(zone), '', serial],
    [zoneKey(zone), zoneValue.encode({ ...zoneDefaults, name: zone, defaultTtl }), 2],
  ];
}

test('after a doubt about the history, a load replaces every value of the views', () => {
  const views = emptyViews();
  load(views, history('192.0.2.1', 60, 9), 9);
  views.distrust('the store is another one');
  load(views, history('192.0.2.2', 120, 5), 5);
  assert.deepEqual(views.zones.name(zone, owner).rrsets[0]?.records, ['192.0.2.2']);
  assert.equal(views.zones.get(zone)?.value.defaultTtl, 120);
  assert.equal(views.zones.serial(zone), 5);
  assert.equal(views.pools.byName('p')?.value.description, '192.0.2.2');
  assert.equal(views.pools.address('default', held)?.value.holders[0]?.owner, '192.0.2.2');
  assert.equal(views.hosts.get(owner)?.value.owner, '192.0.2.2');
  assert.equal(views.obstacle, undefined);
});

test('a load after one that failed deletes what only the failed one has read, and keeps the rest', () => {
  const views = emptyViews();
  const entries = history('192.0.2.1', 60, 9);
  views.beginLoad();
  for (const [key, value, modified] of entries)
    views.load({ key, value, created: 1 as Revision, modified: modified as Revision });
  const isLeft = ([key]: StoredValue) => key !== hostKey(owner) && key !== addressKey('default', held);
  load(views, entries.filter(isLeft), 9);
  assert.equal(views.hosts.get(owner), undefined);
  assert.equal(views.pools.address('default', held), undefined);
  assert.deepEqual(views.zones.name(zone, owner).rrsets[0]?.records, ['192.0.2.1']);
  load(views, entries, 9);
  load(views, entries, 9);
  assert.equal(views.hosts.get(owner)?.modified, 3);
  assert.equal(views.pools.address('default', held)?.modified, 3);
});

test('views report an obstacle to writes from a doubt about the history until the next load has ended', () => {
  const views = emptyViews();
  load(views, history('192.0.2.1', 60, 9), 9);
  views.distrust('the store is another one');
  assert.match(views.obstacle ?? '', /the store is another one/);
  views.beginLoad();
  assert.match(views.obstacle ?? '', /the store is another one/);
});

test('a restored serial stays the same through loads until the zone changes, whichever key is read first', () => {
  const serial = serialAt(7 as Revision);
  const zoneAt = (modified: number): StoredValue => [
    zoneKey(zone),
    zoneValue.encode({ ...zoneDefaults, name: zone }),
    modified,
  ];
  const serialKeyAt = (modified: number): StoredValue => [serialKey(zone), serialValue.encode({ serial }), modified];
  for (const modified of [20, 21]) {
    for (const entries of [
      [zoneAt(20), serialKeyAt(modified)],
      [serialKeyAt(modified), zoneAt(20)],
    ]) {
      const views = emptyViews();
      load(views, entries, 30);
      load(views, entries.toReversed(), 31);
      assert.deepEqual([views.zones.serial(zone), views.zones.changedAt(zone)], [serial, modified]);
      load(views, [zoneAt(20), [serialKey(zone), '', 40]], 41);
      assert.deepEqual([views.zones.serial(zone), views.zones.changedAt(zone)], [40, 40]);
    }
  }
});
