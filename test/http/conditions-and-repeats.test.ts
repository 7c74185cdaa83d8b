// Entity tags, create-only writes, cursors over lists that change, and repeated requests.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Response } from 'supertest';
import { type Method, problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { startedApp } from '../support/started-app.ts';

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  return served;
}

/** One resource of each kind: its path, a body that creates it, and a request that changes it. */
const resources: { path: string; create: object; change: [Method, object] }[] = [
  { path: '/v1/pools/q', create: { ranges: ['10.0.0.0/24'] }, change: ['PATCH', { priority: 1 }] },
  { path: '/v1/hosts/h.foo.k8s', create: {}, change: ['PATCH', { ttl: 1 }] },
  { path: '/v1/zones/z', create: {}, change: ['PATCH', { defaultTtl: 1 }] },
  {
    path: '/v1/zones/foo.k8s/rrsets/a/A',
    create: { records: ['192.0.2.1'] },
    change: ['PUT', { records: ['192.0.2.2'] }],
  },
];

for (const { path, create, change } of resources) {
  test(`${path}: a current copy gets 304, a lost race gets 412, and If-None-Match: * only creates`, async (t) => {
    const { api, dump } = await prepare(t);
    const early = await api.send('PUT', path, create, { 'if-match': '*' });
    assert.equal(problemIn(early).code, 'precondition_failed');
    const created = await api.send('PUT', path, create, { 'if-none-match': '*' });
    assert.equal(created.status, 201, created.text);
    const first = created.headers.etag as string;
    assert.match(first, /^"[\w.-]+"$/);
    assert.equal((await api.send('GET', path)).headers.etag, first);
    for (const held of [first, `W/${first}`, `"x", ${first}`, '*']) {
      const unchanged = await api.send('GET', path, undefined, { 'if-none-match': held });
      assert.deepEqual([unchanged.status, unchanged.text, unchanged.headers.etag], [304, '', first], held);
    }
    const [method, body] = change;
    const changed = await api.send(method, path, body, { 'if-match': `"x", ${first}` });
    assert.equal(changed.status, 200, changed.text);
    const second = changed.headers.etag as string;
    assert.notEqual(second, first);
    assert.equal((await api.send('GET', path, undefined, { 'if-none-match': first })).status, 200);
    const before = await dump();
    for (const late of [method, 'PUT', 'DELETE'] as const) {
      const sent = late === 'DELETE' ? undefined : late === 'PUT' ? create : body;
      const answer = await api.send(late, path, sent, { 'if-match': first });
      assert.equal(problemIn(answer).code, 'precondition_failed');
      assert.equal(answer.body.currentTag, second.replace(/\..*/, '"'));
    }
    const again = await api.send('PUT', path, create, { 'if-none-match': '*' });
    assert.equal(problemIn(again).code, 'precondition_failed');
    const strange = await api.send('PUT', path, create, { 'if-none-match': first });
    assert.equal(problemIn(strange).code, 'invalid_request');
    assert.deepEqual(await dump(), before);
    assert.equal((await api.send('DELETE', path, undefined, { 'if-match': second })).status, 204);
    await api.refused('not_found', 'DELETE', path);
  });
}

for (const { path, create } of resources) {
  test(`${path}: a write that changes nothing gives the same tag, and no new revision or serial`, async (t) => {
    const { api, dump, views } = await prepare(t);
    await api.ok(201, 'PUT', path, create);
    const [before, revision] = [await dump(), views.revision];
    const { headers, body } = await api.send('GET', path);
    const methods: Method[] = path.includes('rrsets') ? ['PUT'] : ['PUT', 'PATCH'];
    for (const method of methods) {
      const again = await api.send(method, path, method === 'PUT' ? create : {});
      assert.deepEqual([again.status, again.headers.etag, again.body], [200, headers.etag, body], method);
      assert.equal(again.headers['zonewright-revision'], String(revision));
    }
    assert.deepEqual([await dump(), views.revision], [before, revision]);
  });
}

test('a pool after an allocation, and a zone after a new record, get 200 for If-None-Match with the old tag', async (t) => {
  const { api } = await prepare(t);
  for (const [path, write] of [
    ['/v1/pools/p', () => api.ok(201, 'POST', '/v1/pools/p/allocations', {})],
    ['/v1/zones/foo.k8s', () => api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: ['192.0.2.1'] })],
  ] as const) {
    const first = await api.send('GET', path);
    await write();
    const second = await api.send('GET', path, undefined, { 'if-none-match': first.headers.etag as string });
    assert.equal(second.status, 200);
    const changed = await api.send('PATCH', path, {}, { 'if-match': first.headers.etag as string });
    assert.equal(changed.status, 200, 'an If-Match with the old tag is refused, although the settings are the same');
  }
});

test('of several changes of the same version only one is accepted', async (t) => {
  const { api } = await prepare(t);
  const { headers } = await api.send('GET', '/v1/pools/p');
  const tries = [...Array(8).keys()].map((priority) =>
    api.send('PATCH', '/v1/pools/p', { priority: priority + 1 }, { 'if-match': headers.etag as string }),
  );
  const statuses = (await Promise.all(tries)).map(({ status }) => status).sort();
  assert.deepEqual(statuses, [200, ...Array(7).fill(412)]);
});

test('a cursor continues where the page ended, although hosts are created and deleted meanwhile', async (t) => {
  const { api } = await prepare(t);
  for (const name of ['a', 'b', 'c', 'd', 'e']) await api.ok(201, 'POST', '/v1/hosts', { name: `${name}.foo.k8s` });
  type Page = { items: { name: string }[]; nextCursor: string };
  const first = await api.ok<Page>(200, 'GET', '/v1/hosts?limit=2');
  assert.deepEqual(
    first.items.map(({ name }) => name[0]),
    ['a', 'b'],
  );
  await api.ok(204, 'DELETE', '/v1/hosts/b.foo.k8s');
  await api.ok(204, 'DELETE', '/v1/hosts/d.foo.k8s');
  await api.ok(201, 'POST', '/v1/hosts', { name: 'aa.foo.k8s' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'cc.foo.k8s' });
  const second = await api.ok<Page>(200, 'GET', `/v1/hosts?limit=3&cursor=${first.nextCursor}`);
  assert.deepEqual(
    second.items.map(({ name }) => name),
    ['c.foo.k8s', 'cc.foo.k8s', 'e.foo.k8s'],
  );
  assert.equal(second.nextCursor, null);
  for (const path of ['/v1/zones', '/v1/pools']) {
    await api.ok(201, 'POST', path, path === '/v1/zones' ? { name: 'zz' } : { name: 'zz', ranges: ['10.0.0.1'] });
    const one = await api.ok<Page>(200, 'GET', `${path}?limit=1`);
    const rest = await api.ok<Page>(200, 'GET', `${path}?cursor=${one.nextCursor}`);
    assert.ok(rest.items.length > 0 && rest.items.every(({ name }) => name !== one.items[0]?.name), path);
  }
});

test('a request with the same Idempotency-Key and body gets the first answer, with its revision and headers, also after a restart', async (t) => {
  const first = await startedApp(t);
  await first.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await first.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['192.0.2.0/24'] });
  const requests: [string, object][] = [
    ['/v1/hosts', { name: 'a.foo.k8s', aliases: ['b.foo.k8s'] }],
    ['/v1/pools/p/allocations', { count: 3, owner: 'x' }],
    ['/v1/zones', { name: 'bar.k8s' }],
    ['/v1/pools', { name: 'q', ranges: ['10.0.0.0/24'] }],
  ];
  const answers: Response[] = [];
  for (const [index, [path, body]] of requests.entries()) {
    answers.push(await first.api.send('POST', path, body, { 'idempotency-key': `key ${index}/ü` }));
  }
  await first.api.ok(201, 'POST', '/v1/hosts', { name: 'later.foo.k8s' });
  await first.api.ok(201, 'POST', '/v1/hosts', { name: 'later.bar.k8s' });
  const before = await first.dump();
  const second = await first.restart();
  for (const { api } of [second]) {
    for (const [index, [path, body]] of requests.entries()) {
      const again = await api.send('POST', path, body, { 'idempotency-key': `key ${index}/ü` });
      const then: Response | undefined = answers[index];
      assert.equal(again.status, 201, again.text);
      assert.deepEqual(again.body, then?.body);
      for (const header of ['zonewright-revision', 'etag', 'location']) {
        assert.equal(again.headers[header], then?.headers[header], header);
      }
    }
    const other = await api.send('POST', '/v1/hosts', { name: 'c.foo.k8s' }, { 'idempotency-key': 'key 0/ü' });
    assert.equal(problemIn(other).code, 'idempotency_mismatch');
    const elsewhere = await api.send('POST', '/v1/zones', requests[0]?.[1], { 'idempotency-key': 'key 0/ü' });
    assert.equal(problemIn(elsewhere).code, 'invalid_request');
  }
  assert.deepEqual(await second.dump(), before);
});

test('a refused request is not remembered, so its key may be used again', async (t) => {
  const { api } = await prepare(t);
  const key = { 'idempotency-key': 'k' };
  assert.equal((await api.send('POST', '/v1/hosts', { name: 'a.bar' }, key)).status, 422);
  assert.equal((await api.send('POST', '/v1/hosts', { name: 'a.foo.k8s' }, key)).status, 201);
});

test('of many simultaneous requests with the same Idempotency-Key, one creates the host, or makes the allocation', async (t) => {
  const { api, dump } = await prepare(t);
  for (const [path, body] of [
    ['/v1/hosts', { name: 'a.foo.k8s' }],
    ['/v1/pools/p/allocations', { count: 2 }],
  ] as const) {
    const tries = [...Array(10)].map(() => api.send('POST', path, body, { 'idempotency-key': path }));
    const answers = await Promise.all(tries);
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201]);
    assert.equal(new Set(answers.map(({ text, headers }) => text + headers['zonewright-revision'])).size, 1);
  }
  assert.equal(Object.keys(await dump()).filter((key) => key.startsWith('addresses/')).length, 3);
});

test('a repeated request gets the first answer, although the resource was used, changed or deleted meanwhile', async (t) => {
  const { api } = await prepare(t);
  const key = (path: string) => ({ 'idempotency-key': path });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'early.foo.k8s', addresses: ['10.0.0.9'] });
  const requests: [path: string, body: object, then: () => Promise<unknown>][] = [
    [
      '/v1/pools',
      { name: 'q', ranges: ['10.0.0.0/24'] },
      () => api.ok(201, 'POST', '/v1/pools/q/allocations', { count: 3 }),
    ],
    ['/v1/zones', { name: 'bar.k8s' }, () => api.ok(200, 'PATCH', '/v1/zones/bar.k8s', { defaultTtl: 7 })],
    ['/v1/hosts', { name: 'a.foo.k8s' }, () => api.ok(200, 'PATCH', '/v1/hosts/a.foo.k8s', { ttl: 7 })],
    ['/v1/pools/p/allocations', {}, () => api.ok(201, 'POST', '/v1/pools/p/allocations', {})],
  ];
  for (const [path, body, then] of requests) {
    const first = await api.send('POST', path, body, key(path));
    assert.equal(first.status, 201, first.text);
    const isSame = async (what: string) => {
      const again = await api.send('POST', path, body, key(path));
      assert.deepEqual([again.status, again.body], [201, first.body], what);
      for (const header of ['zonewright-revision', 'etag', 'location'])
        assert.equal(again.headers[header], first.headers[header], `${what}: ${header}`);
    };
    await then();
    await isSame(`${path}, used`);
    const place = first.headers.location ?? `/v1/addresses/${first.body.items[0].address}`;
    await api.send('DELETE', `${place}${path.endsWith('s/pools') ? '?force=true' : ''}`);
    await isSame(`${path}, deleted`);
  }
  const pool = await api.send('POST', '/v1/pools', requests[0]?.[1], key('/v1/pools'));
  assert.deepEqual(pool.body.usage.ipv4, {
    capacity: '256',
    used: '1',
    recorded: '0',
    coolingDown: '0',
    carved: '0',
    free: '255',
  });
});

test('a body with its fields in another order counts as the same request', async (t) => {
  const { api } = await prepare(t);
  const send = (text: string) => api.send('POST', '/v1/hosts', text, { 'idempotency-key': 'k' });
  const first = await send('{"name":"a.foo.k8s","ttl":5,"tags":{"a":"1","b":"2"},"aliases":["b.foo.k8s","c.foo.k8s"]}');
  const again = await send('{"tags":{"b":"2","a":"1"},"aliases":["b.foo.k8s","c.foo.k8s"],"ttl":5,"name":"a.foo.k8s"}');
  assert.deepEqual([again.status, again.body], [201, first.body], again.text);
  const other = await send('{"name":"a.foo.k8s","ttl":5,"tags":{"a":"1","b":"2"},"aliases":["c.foo.k8s","b.foo.k8s"]}');
  assert.equal(problemIn(other).code, 'idempotency_mismatch');
});
