// Cursors of every list: an item that exists during the whole listing comes exactly once, although other items are
// deleted and created between its pages. Cited by src/http/page.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import type { Operation } from '../../src/store/store.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { until } from '../support/until.ts';

type Item = Record<string, unknown>;
interface Page {
  items: Item[];
  nextCursor: string | null;
}

interface List {
  path: string;
  /** Returns the text that identifies an item. */
  keyOf: (item: Item) => string;
  create: (served: ServedApi, number: number) => Promise<unknown>;
  remove: (served: ServedApi, number: number) => Promise<unknown>;
  idOf: (number: number) => string;
}

const nameOf = (item: Item) => String(item.name);
const padded = (number: number) => String(number).padStart(3, '0');

async function writeMember({ store, views }: ServedApi, replica: string, exists: boolean): Promise<void> {
  const key = memberKey(replica);
  const operation: Operation = exists
    ? { kind: 'put', key, value: memberValue.encode({ replica, dns: [] }) }
    : { kind: 'delete', key };
  const { revision } = await store.commit({ compares: [], operations: [operation] });
  await views.reached(revision);
}

const lists: List[] = [
  {
    path: '/v1/pools',
    keyOf: nameOf,
    idOf: (number) => `p${padded(number)}`,
    create: ({ api }, number) =>
      api.ok(201, 'POST', '/v1/pools', { name: `p${padded(number)}`, ranges: [`10.9.${number}.0/24`] }),
    remove: ({ api }, number) => api.ok(204, 'DELETE', `/v1/pools/p${padded(number)}`),
  },
  {
    path: '/v1/pools/list/allocations',
    keyOf: ({ address }) => String(address),
    idOf: (number) => `10.1.0.${number}`,
    create: ({ api }, number) => api.ok(201, 'POST', '/v1/pools/list/allocations', { addresses: [`10.1.0.${number}`] }),
    remove: ({ api }, number) => api.ok(204, 'DELETE', `/v1/addresses/10.1.0.${number}`),
  },
  {
    path: '/v1/hosts',
    keyOf: nameOf,
    idOf: (number) => `h${padded(number)}.foo.k8s`,
    create: ({ api }, number) =>
      api.ok(201, 'POST', '/v1/hosts', { name: `h${padded(number)}.foo.k8s`, pool: 'hosts' }),
    remove: ({ api }, number) => api.ok(204, 'DELETE', `/v1/hosts/h${padded(number)}.foo.k8s`),
  },
  {
    path: '/v1/zones',
    keyOf: nameOf,
    idOf: (number) => `z${padded(number)}.test`,
    create: ({ api }, number) => api.ok(201, 'POST', '/v1/zones', { name: `z${padded(number)}.test` }),
    remove: ({ api }, number) => api.ok(204, 'DELETE', `/v1/zones/z${padded(number)}.test`),
  },
  {
    path: '/v1/zones/foo.k8s/rrsets',
    keyOf: ({ name, type }) => `${name} ${type}`,
    idOf: (number) => `r${padded(number)} TXT`,
    create: ({ api }, number) =>
      api.ok(201, 'PUT', `/v1/zones/foo.k8s/rrsets/r${padded(number)}/TXT`, { records: ['"x"'] }),
    remove: ({ api }, number) => api.ok(204, 'DELETE', `/v1/zones/foo.k8s/rrsets/r${padded(number)}/TXT`),
  },
  {
    path: '/v1/zones/types.k8s/rrsets',
    keyOf: ({ name, type }) => `${name} ${type}`,
    idOf: (number) => `n TYPE${65300 + number}`,
    create: ({ api }, number) =>
      api.ok(201, 'PUT', `/v1/zones/types.k8s/rrsets/n/TYPE${65300 + number}`, { records: ['\\# 1 00'] }),
    remove: ({ api }, number) => api.ok(204, 'DELETE', `/v1/zones/types.k8s/rrsets/n/TYPE${65300 + number}`),
  },
  {
    path: '/v1/members',
    keyOf: ({ replica }) => String(replica),
    idOf: (number) => `m${padded(number)}`,
    create: (served, number) => writeMember(served, `m${padded(number)}`, true),
    remove: (served, number) => writeMember(served, `m${padded(number)}`, false),
  },
];

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  for (const name of ['foo.k8s', 'types.k8s']) await api.ok(201, 'POST', '/v1/zones', { name });
  for (const [name, range] of [
    ['list', '10.1.0.0/24'],
    ['hosts', '10.2.0.0/24'],
  ]) {
    await api.ok(201, 'POST', '/v1/pools', { name, ranges: [range] });
  }
  return served;
}

/** Reads a list to its end. Calls `between` after each page except the last. Returns all items. */
async function readAll({ api }: ServedApi, path: string, between: (page: number) => Promise<unknown>): Promise<Item[]> {
  const seen: Item[] = [];
  for (let [cursor, page] = ['', 0]; ; page += 1) {
    const { items, nextCursor } = await api.ok<Page>(200, 'GET', `${path}?limit=2${cursor}`);
    seen.push(...items);
    if (nextCursor === null) return seen;
    cursor = `&cursor=${nextCursor}`;
    await between(page);
  }
}

for (const list of lists) {
  test(`GET ${list.path}: an item that exists during the whole listing comes exactly once`, async (t) => {
    const served = await prepare(t);
    // Items whose numbers are multiples of four stay. Between the pages, the items before them are deleted and those
    // after them are created, some before the cursor and some after it.
    const staying = [4, 8, 12, 16, 20, 24];
    for (const number of staying) {
      await list.create(served, number);
      await list.create(served, number - 1);
    }
    const changes = staying.flatMap((number) => [
      () => list.remove(served, number - 1),
      () => list.create(served, number + 1),
    ]);
    const order = [6, 1, 10, 3, 0, 7, 4, 9, 2, 11, 8, 5];
    const seen = await readAll(served, list.path, async (page) => {
      for (const index of order.slice(page * 2, page * 2 + 2)) await changes[index]?.();
    });
    const keys = seen.map(list.keyOf);
    assert.equal(new Set(keys).size, keys.length, `an item comes twice: ${keys.join(', ')}`);
    for (const number of staying) assert.ok(keys.includes(list.idOf(number)), `${list.idOf(number)} is missing`);
  });
}

test('a list of RRsets goes on where it was after imports of the zone, and after NS records of a user replace the implied ones', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const path = '/v1/zones/foo.k8s/rrsets';
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) await api.ok(201, 'PUT', `${path}/${name}/A`, { records: ['192.0.2.1'] });
  const file = (serial: number) => names.map((name) => `${name} 60 IN A 192.0.2.${serial}\n`).join('');
  const seen = await readAll(served, path, async (page) => {
    if (page === 0) await api.ok(200, 'PUT', `${path}/@/NS`, { records: ['ns.example.'] });
    else {
      const headers = { 'content-type': 'text/dns' };
      const body = `$ORIGIN foo.k8s.\n@ 60 IN NS ns.example.\n${file(page)}`;
      assert.equal((await api.send('PUT', '/v1/zones/foo.k8s/zonefile', body, headers)).status, 200);
    }
  });
  const keys = seen.map(({ name, type }) => `${name} ${type}`).filter((key) => !key.startsWith('ns-'));
  assert.deepEqual(keys, ['@ SOA', '@ NS', ...names.map((name) => `${name} A`)]);
  await until(() => served.views.loaded, 'the views are not loaded');
});

test('implied addresses of nameservers are listed among the other names, each once', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/zz/A', { records: ['192.0.2.1'] });
  const member = { replica: 'm', dns: ['192.0.2.53:53'] };
  const put = { kind: 'put', key: memberKey('m'), value: memberValue.encode(member) } as const;
  await served.views.reached((await served.store.commit({ compares: [], operations: [put] })).revision);
  const seen = await readAll(served, '/v1/zones/foo.k8s/rrsets', async () => undefined);
  assert.deepEqual(
    seen.map(({ name, type, managedBy }) => [name, type, managedBy]),
    [
      ['@', 'SOA', 'zone'],
      ['@', 'NS', 'zone'],
      ['ns-m', 'A', 'zone'],
      ['zz', 'A', undefined],
    ],
  );
});
