// Who holds an address: an allocation is renewed and changed.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Api } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';

interface Holder {
  kind: string;
  host?: string;
  id?: string;
  owner: string;
  sharingKey?: string;
  ports?: unknown[];
  expiresAt?: string;
  tags?: Record<string, string>;
}
interface Held {
  id?: string;
  state: string;
  holders: Holder[];
}

async function prepare(t: TestContext): Promise<Api> {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  return api;
}

async function allocate(api: Api, body: unknown): Promise<Held> {
  const { items } = await api.ok<{ items: Held[] }>(201, 'POST', '/v1/pools/p/allocations', body);
  return items[0] as Held;
}

const tcp = (port: number) => [{ protocol: 'tcp', port }];
const at = (id: string) => `/v1/addresses/10.0.0.0/holders/${id}`;

test('an allocation is renewed and changed, and null sets the default of a field', async (t) => {
  const api = await prepare(t);
  const { id = '', holders } = await allocate(api, { owner: 'a', expiresInSeconds: 60, tags: { rack: '7' } });
  assert.deepEqual(
    holders.map((one) => [one.id, one.owner, one.tags]),
    [[id, 'a', { rack: '7' }]],
  );
  const before = Date.now();
  const renewed = await api.ok<Held>(200, 'PATCH', at(id), { expiresInSeconds: 3600, tags: { rack: null, row: '2' } });
  assert.equal(renewed.id, id);
  const [holder] = renewed.holders;
  assert.ok(Date.parse(holder?.expiresAt ?? '') >= before + 3600_000);
  assert.deepEqual(holder?.tags, { row: '2' });
  const changed = { owner: 'b', sharingKey: 'k', ports: tcp(53), expiresInSeconds: null, tags: null };
  const { holders: now } = await api.ok<Held>(200, 'PATCH', at('@'), changed);
  assert.deepEqual(now, [{ kind: 'allocation', id, owner: 'b', sharingKey: 'k', ports: tcp(53) }]);
  const bare = { owner: null, sharingKey: null, ports: null };
  const { holders: last } = await api.ok<Held>(200, 'PATCH', at(id), bare);
  assert.deepEqual(last, [{ kind: 'allocation', id, owner: '' }]);
});

test('an answer says which holder is the allocation of the request, also where others share the address', async (t) => {
  const api = await prepare(t);
  const first = await allocate(api, { sharingKey: 'k', ports: tcp(1) });
  const second = await allocate(api, { sharingKey: 'k', ports: tcp(2) });
  assert.notEqual(first.id, second.id);
  assert.deepEqual(
    second.holders.map(({ id }) => id),
    [first.id, second.id],
  );
  const problem = await api.refused('not_found', 'PATCH', at('@'), { owner: 'a' }, [':id']);
  assert.match(String(problem.detail), /several holders/);
});

test('a change that does not fit the other holders is refused with those, and may be made when they have left', async (t) => {
  const api = await prepare(t);
  const [one, two, three] = [1, 2, 3].map((port) => ({ sharingKey: 'k', ports: tcp(port) }));
  const { id: first } = await allocate(api, one);
  const { id: second = '' } = await allocate(api, two);
  const { id: third } = await allocate(api, three);
  const refused = async (body: unknown, pointer: string) =>
    (await api.refused('address_taken', 'PATCH', at(second), body, [pointer])).heldBy;
  const others = [`allocation:${first}`, `allocation:${third}`];
  assert.deepEqual(await refused({ sharingKey: 'other' }, '/sharingKey'), others);
  assert.deepEqual(await refused({ sharingKey: null }, '/sharingKey'), others);
  assert.deepEqual(await refused({ ports: tcp(3) }, '/ports'), [others[1]]);
  assert.deepEqual(await refused({ ports: [] }, '/ports'), others);
  await api.ok(200, 'PATCH', at(second), { ports: tcp(4), owner: 'b' });
  await api.ok(204, 'DELETE', `/v1/addresses/10.0.0.0?id=${first}`);
  await api.ok(204, 'DELETE', `/v1/addresses/10.0.0.0?id=${third}`);
  await api.ok(200, 'PATCH', at(second), { sharingKey: 'other', ports: null });
});

test('a holder that is a host is changed as a host, and If-Match guards a change', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z' });
  for (const id of ['@', 'a.z']) {
    const problem = await api.refused('managed_record', 'PATCH', at(id), { owner: 'x' }, [':id']);
    assert.equal(problem.managedBy, 'host:a.z');
  }
  const { id } = await allocate(api, {});
  const path = `/v1/addresses/10.0.0.1/holders/${id}`;
  const read = await api.send('GET', '/v1/addresses/10.0.0.1');
  const match = { 'if-match': String(read.headers.etag) };
  const written = await api.send('PATCH', path, { owner: 'x' }, match);
  assert.equal(written.status, 200);
  assert.equal((await api.send('PATCH', path, { owner: 'y' }, match)).status, 412);
  const again = await api.send('GET', '/v1/addresses/10.0.0.1');
  assert.equal(again.headers.etag, written.headers.etag);
  const same = await api.send('PATCH', path, { owner: 'x' });
  assert.equal(same.headers.etag, written.headers.etag, 'a change that changes nothing is written');
  await api.refused('not_found', 'PATCH', '/v1/addresses/10.0.0.5/holders/@', { owner: 'x' }, [':ip']);
});

test('a list of allocations is filtered by a tag', async (t) => {
  const api = await prepare(t);
  for (const tags of [{ a: '1' }, { a: '2' }, { b: '1' }]) await allocate(api, { tags, owner: 'o' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'h.z', tags: { a: '1' } });
  const list = async (query: string) => {
    const { items } = await api.ok<{ items: { address: string }[] }>(200, 'GET', `/v1/pools/p/allocations?${query}`);
    return items.map(({ address }) => address);
  };
  assert.deepEqual(await list('tag=a'), ['10.0.0.0', '10.0.0.1']);
  assert.deepEqual(await list('tag=a=2'), ['10.0.0.1']);
  assert.deepEqual(await list('tag=a&owner=x'), []);
});

test('a token changes only allocations of its owner and in its pools, and cannot give them away', async (t) => {
  const { api, as } = await servedApi(t).then((served) => ({ ...served, as: tokenOf(served.api) }));
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'secret.z', owner: 'b', addresses: ['10.0.0.0'] });
  for (const [address, owner] of [
    ['10.0.0.1', 'a'],
    ['10.0.0.2', 'b'],
  ])
    await allocate(api, { addresses: [address], owner });
  const headers = await as({ owner: 'a' });
  const patch = (address: string, id: string, body: unknown) =>
    api.send('PATCH', `/v1/addresses/${address}/holders/${id}`, body, headers);
  assert.equal((await patch('10.0.0.1', '@', { tags: { x: 'y' } })).status, 200);
  assert.equal((await patch('10.0.0.1', '@', { owner: 'b' })).status, 403);
  assert.equal((await patch('10.0.0.2', '@', { tags: { x: 'y' } })).status, 403);
  const [hidden, none] = [await patch('10.0.0.0', 'secret.z', {}), await patch('10.0.0.0', 'none.z', {})];
  assert.deepEqual([hidden.status, none.status], [404, 404], 'the answer shows whether a hidden host exists');
});

function tokenOf(api: Api): (scope: object) => Promise<Record<string, string>> {
  return async (scope) => {
    const made = await api.ok<{ token: string }>(201, 'POST', '/v1/tokens', { name: 't', role: 'operator', ...scope });
    return { authorization: `Bearer ${made.token}` };
  };
}
