// Lists of many items with filters that match few of them: the event loop turns after each slice. Counts the items that
// are read in one turn, not the time. Cited by src/model/in-slices.ts and src/control/zones/list-rrsets.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseAddress } from '../../src/model/address.ts';
import type { Host } from '../../src/model/host.ts';
import { parseName } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import type { Operation } from '../../src/store/store.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';

const maxSlice = 1000;

/** Counts how much work is done in all, and the most that is done in one turn of the event loop. */
class TurnCounter {
  total = 0;
  most = 0;
  #inTurn = 0;
  #running = true;

  count(items: number): void {
    this.total += items;
    this.#inTurn += items;
    this.most = Math.max(this.most, this.#inTurn);
  }

  async run(): Promise<void> {
    while (this.#running) {
      this.#inTurn = 0;
      await nextTurn();
    }
  }

  end(): void {
    this.#running = false;
  }
}

const zone = parseName('foo.k8s');
const hostAt = (number: number): Host => ({
  name: parseName(`h${String(number).padStart(5, '0')}.foo.k8s`),
  zone,
  addresses: [
    {
      address: parseAddress(`10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`),
      givenBy: null,
      space: 'default',
    },
  ],
  aliases: [],
  ttl: null,
  ptr: false,
  owner: 'team-a',
  tags: {},
  createdAt: '2026-01-01T00:00:00Z',
});

test('no filter reads more than a slice of the hosts in one turn of the event loop', async (t) => {
  const { api, views } = await servedApi(t);
  const hosts = 20_500;
  for (let number = 0; number < hosts; number += 1) views.hosts.put(hostAt(number), 1 as Revision);
  const list = views.hosts.list.bind(views.hosts);
  let counter = new TurnCounter();
  views.hosts.list = function* (...range) {
    for (const host of list(...range)) {
      counter.count(1);
      yield host;
    }
  };
  const filters = {
    '': [1, hosts],
    'search=none': [0, 0],
    'name=none.foo.k8s': [0, 0],
    'address=192.0.2.1': [0, 0],
    'within=192.0.2.0/24': [0, 0],
    'owner=team-b': [0, 0],
    'pool=none': [0, 0],
    'tag=none': [0, 0],
    'zone=foo.k8s&search=H20': [1, 500],
    'zone=k8s': [0, 0],
    'within=10.0.80.0/24': [1, 20_500 - 80 * 256],
  };
  for (const [filter, [items, total]] of Object.entries(filters)) {
    counter = new TurnCounter();
    const turns = counter.run();
    const page = await api.ok<{ items: unknown[]; total: number }>(
      200,
      'GET',
      `/v1/hosts?limit=1&total=true${filter && '&'}${filter}`,
    );
    counter.end();
    await turns;
    assert.deepEqual([page.items.length, page.total], [items, total], filter);
    assert.ok(counter.total >= hosts, `${filter}: ${counter.total} hosts are read`);
    assert.ok(counter.most <= maxSlice, `${filter}: ${counter.most} hosts are read in one turn`);
  }
});

test('a filter by zone reads no hosts of other zones', async (t) => {
  const { api, views } = await servedApi(t);
  for (let number = 0; number < 100; number += 1) views.hosts.put(hostAt(number), 1 as Revision);
  for (const text of ['foo', 'foo.k8s', 'a.foo-bar.k8s', 'z.fop.k8s', 'foo.k9s'])
    views.hosts.put({ ...hostAt(0), name: parseName(text) }, 1 as Revision);
  const namesBelow = (top: string, after?: string) =>
    [...views.hosts.list(after === undefined ? undefined : parseName(after), [parseName(top)])].map(
      ({ value }) => value.name,
    );
  assert.deepEqual(namesBelow('foo.k8s').length, 101);
  assert.equal(namesBelow('foo.k8s')[0], 'foo.k8s');
  assert.deepEqual(namesBelow('foo.k8s', 'foo.k8s').length, 100);
  assert.deepEqual(namesBelow('foo.k8s', 'h00097.foo.k8s'), ['h00098.foo.k8s', 'h00099.foo.k8s']);
  assert.deepEqual(namesBelow('fop.k8s'), ['z.fop.k8s']);
  assert.equal(namesBelow('.').length, 105);
  const { items } = await api.ok<{ items: unknown[] }>(200, 'GET', '/v1/hosts?zone=bar');
  assert.deepEqual(items, []);
});

test('no filter reads more than a slice of the names of a zone in one turn of the event loop', async (t) => {
  const store = await embeddedStore(t);
  let counter = new TurnCounter();
  const counting = changedStore(store, {
    list: async (...wanted) => {
      const page = await store.list(...wanted);
      counter.count(page.entries.length);
      return page;
    },
  });
  const { api, views } = await servedApi(t, { store: counting });
  await api.ok(201, 'POST', '/v1/zones', { name: zone });
  const names = 3000;
  let revision = 0 as Revision;
  for (let start = 0; start < names; start += 125) {
    const operations = Array.from({ length: 125 }, (_, index): Operation => {
      const name = parseName(`n${start + index}.foo.k8s`);
      const rrsets = [{ type: 'A' as RecordType, ttl: 60, records: ['192.0.2.1'] }];
      return { kind: 'put', key: nameKey(zone, 1, name), value: nameValue.encode({ name, rrsets }) };
    });
    revision = (await store.commit({ compares: [], operations })).revision;
  }
  await views.reached(revision);
  for (const [filter, items, total] of [
    ['type=TXT', 0, 0],
    ['search=none', 0, 0],
    ['search=N2999', 1, 1],
    ['type=A&search=n299', 10, 11],
  ] as const) {
    counter = new TurnCounter();
    const turns = counter.run();
    const path = `/v1/zones/foo.k8s/rrsets?limit=10&total=true&${filter}`;
    const page = await api.ok<{ items: unknown[]; total: number }>(200, 'GET', path);
    counter.end();
    await turns;
    assert.deepEqual([page.items.length, page.total], [items, total], filter);
    assert.ok(counter.most <= maxSlice, `${filter}: ${counter.most} names are read in one turn`);
  }
});

test('pools and zones are found by a part of their names, allocations by their owner, and total counts them', async (t) => {
  const { api } = await servedApi(t);
  for (const name of ['web-a', 'web-b', 'db']) {
    await api.ok(201, 'POST', '/v1/pools', { name, ranges: [`10.${name.length}.${name.charCodeAt(4) || 0}.0/24`] });
    await api.ok(201, 'POST', '/v1/zones', { name: `${name}.k8s` });
  }
  for (const owner of ['x', 'y', 'x']) await api.ok(201, 'POST', '/v1/pools/db/allocations', { owner });
  const found = async (path: string) => {
    const { items, total } = await api.ok<{ items: Record<string, unknown>[]; total?: number }>(200, 'GET', path);
    return [items.map(({ name, address }) => name ?? address), total];
  };
  assert.deepEqual(await found('/v1/pools?search=WEB&total=true'), [['web-a', 'web-b'], 2]);
  assert.deepEqual(await found('/v1/pools?search=web&limit=1&total=true'), [['web-a'], 2]);
  assert.deepEqual(await found('/v1/zones?search=b-b'), [['web-b.k8s'], undefined]);
  assert.deepEqual(await found('/v1/zones?total=true&limit=1'), [['db.k8s'], 3]);
  assert.deepEqual(await found('/v1/pools/db/allocations?owner=x&total=true'), [['10.2.0.0', '10.2.0.2'], 2]);
  assert.deepEqual(await found('/v1/pools/db/allocations?owner=none&total=true'), [[], 0]);
  assert.deepEqual(await found('/v1/members?total=true'), [[], 0]);
});
