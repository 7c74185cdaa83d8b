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

interface Host {
  addresses: { address: string; ptr: string | null; shared?: boolean; sharingKey?: string; ptrFor?: boolean }[];
}
const vip = '10.0.0.1';
const reverse = '1.0.0.10.in-addr.arpa';
const shared = { address: vip, shared: true };

async function createShared(api: Api, name: string, more: object = {}, body: object = {}): Promise<Host> {
  return api.ok<Host>(201, 'POST', '/v1/hosts', { name, addresses: [{ ...shared, ...more }], ...body });
}

/** Returns the host that has the PTR of the shared address, as the records and the hosts say. */
async function ptrOf(api: Api): Promise<string | null> {
  const zones = await api.ok<{ items: { name: string }[] }>(200, 'GET', '/v1/zones');
  const zone = '0.0.10.in-addr.arpa';
  const { items: hosts } = await api.ok<{ items: (Host & { name: string })[] }>(200, 'GET', `/v1/hosts?address=${vip}`);
  const showing = hosts.filter(({ addresses }) => addresses.some(({ ptr }) => ptr === reverse)).map(({ name }) => name);
  if (!zones.items.some(({ name }) => name === zone)) {
    assert.deepEqual(showing, []);
    return null;
  }
  const { items } = await api.ok<{ items: { records: string[]; managedBy: string }[] }>(
    200,
    'GET',
    `/v1/zones/${zone}/rrsets?type=PTR&name=1`,
  );
  const [ptr] = items;
  const host = ptr?.records[0]?.slice(0, -1) ?? null;
  assert.deepEqual([showing.join(), ptr?.managedBy], [host ?? '', ptr && `host:${host}`]);
  return host;
}

const holdersOf = async (api: Api): Promise<string[]> => {
  const { holders } = await api.ok<Held>(200, 'GET', `/v1/addresses/${vip}`);
  return holders.map(({ host, id }) => host ?? id ?? '');
};

test('hosts that all say "shared" hold one address: the PTR is of the first, and passes to the oldest that remains', async (t) => {
  const api = await prepare(t);
  const first = await createShared(api, 'a.z');
  assert.deepEqual(first.addresses, [{ address: vip, pool: 'p', ptr: reverse, shared: true }]);
  const second = await createShared(api, 'b.z');
  assert.equal(second.addresses[0]?.ptr, null);
  await createShared(api, 'c.z', {}, { ptr: false });
  await createShared(api, 'd.z');
  assert.deepEqual(await holdersOf(api), ['a.z', 'b.z', 'c.z', 'd.z']);
  assert.equal(await ptrOf(api), 'a.z');
  await api.ok(200, 'PATCH', '/v1/hosts/b.z', { ttl: 60, owner: 'x' });
  assert.deepEqual(await holdersOf(api), ['a.z', 'b.z', 'c.z', 'd.z'], 'a change moves a holder');
  await api.ok(200, 'PATCH', '/v1/hosts/a.z', { name: 'z.z' });
  assert.equal(await ptrOf(api), 'z.z');
  await api.ok(204, 'DELETE', '/v1/hosts/z.z');
  assert.equal(await ptrOf(api), 'b.z');
  const zone = '/v1/zones/0.0.10.in-addr.arpa/rrsets/1/PTR';
  assert.equal((await api.ok(200, 'GET', zone)).ttl, 60);
  await api.ok(200, 'PATCH', '/v1/hosts/b.z', { addresses: ['10.0.0.2'] });
  assert.equal(await ptrOf(api), 'd.z', 'a host without PTRs gets the PTR');
  await api.ok(200, 'PATCH', '/v1/hosts/c.z', { ptr: true });
  assert.equal(await ptrOf(api), 'c.z', 'an older host that wants a PTR does not get it');
  await api.ok(200, 'PATCH', '/v1/hosts/c.z', { ptr: false });
  await api.ok(200, 'PATCH', '/v1/hosts/d.z', { ptr: false });
  assert.equal(await ptrOf(api), null);
  await api.ok(204, 'DELETE', '/v1/hosts/c.z');
  assert.equal((await api.ok(200, 'GET', `/v1/addresses/${vip}`)).state, 'held');
  await api.ok(204, 'DELETE', '/v1/hosts/d.z');
  assert.equal((await api.ok(200, 'GET', `/v1/addresses/${vip}`)).state, 'free');
});

test('all holders must share an address, and a refusal says who does not', async (t) => {
  const api = await prepare(t);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'own.z', addresses: [vip] });
  const join = (name: string, address: unknown) =>
    api.refused('address_taken', 'POST', '/v1/hosts', { name, addresses: [address] }, ['/addresses/0']);
  const refused = await join('b.z', shared);
  assert.deepEqual(refused.heldBy, ['host:own.z']);
  assert.match(String(refused.detail), /not shared: host:own\.z must have "shared": true/);
  await api.ok(200, 'PATCH', '/v1/hosts/own.z', { addresses: [shared] });
  assert.match(String((await join('b.z', vip)).detail), /"shared": true|\{"address", "shared": true\}/);
  await createShared(api, 'b.z');
  const leave = { addresses: [{ address: vip }] };
  const stay = await api.refused('address_taken', 'PATCH', '/v1/hosts/own.z', leave, ['/addresses/0']);
  assert.deepEqual(stay.heldBy, ['host:b.z']);
  await api.refused('address_taken', 'POST', '/v1/pools/p/allocations', { addresses: [vip] }, ['/addresses/0']);
  const both = { ...shared, sharingKey: 'k' };
  const twice = { name: 'c.z', addresses: [both] };
  await api.refused('invalid_request', 'POST', '/v1/hosts', twice, ['/addresses/0/sharingKey']);
  const { items } = await api.ok<{ items: unknown[] }>(200, 'GET', `/v1/hosts?address=${vip}`);
  assert.equal(items.length, 2);
  await api.ok(204, 'DELETE', '/v1/hosts/b.z');
  await api.ok(200, 'PATCH', '/v1/hosts/own.z', leave);
});

test('an address as a text keeps its sharing, and what a read gives can be written', async (t) => {
  const api = await prepare(t);
  await createShared(api, 'a.z');
  await createShared(api, 'b.z', { ptrFor: true });
  const read = await api.ok<Host>(200, 'GET', '/v1/hosts/a.z');
  for (const body of [read, { addresses: [vip] }]) {
    const put = await api.ok<Host>(200, 'PUT', '/v1/hosts/a.z', body);
    assert.deepEqual(put.addresses, read.addresses);
  }
});

test('"ptrFor" chooses the host with the PTR, for one host at a time', async (t) => {
  const api = await prepare(t);
  await createShared(api, 'a.z');
  const second = await createShared(api, 'b.z', { ptrFor: true });
  assert.equal(second.addresses[0]?.ptr, reverse);
  assert.equal(await ptrOf(api), 'b.z');
  const third = { name: 'c.z', addresses: [{ ...shared, ptrFor: true }] };
  const refused = await api.refused('rrset_conflict', 'POST', '/v1/hosts', third, ['/addresses/0/ptrFor']);
  assert.equal(refused.managedBy, 'host:b.z');
  await api.refused('invalid_request', 'POST', '/v1/hosts', { ...third, ptr: false }, ['/addresses/0/ptrFor']);
  await api.ok(200, 'PATCH', '/v1/hosts/b.z', { addresses: [shared] });
  assert.equal(await ptrOf(api), 'a.z');
  await api.ok(201, 'POST', '/v1/hosts', third);
  assert.equal(await ptrOf(api), 'c.z');
  await api.ok(204, 'DELETE', '/v1/hosts/c.z');
  assert.equal(await ptrOf(api), 'a.z');
});

test('hosts and allocations with one sharing key hold one address, with ports of their own', async (t) => {
  const api = await prepare(t);
  const keyed = (port: number) => ({ address: vip, sharingKey: 'k', ports: tcp(port) });
  const host = (name: string, port: number) => ({ name, addresses: [keyed(port)] });
  const made = await api.ok<Host>(201, 'POST', '/v1/hosts', host('a.z', 1));
  assert.deepEqual(made.addresses, [{ ...keyed(1), pool: 'p', ptr: reverse }]);
  const { address } = (await allocate(api, { sharingKey: 'k', ports: tcp(2) })) as unknown as { address: string };
  assert.equal(address, vip, 'an allocation does not join a host with its key');
  await api.refused('address_taken', 'POST', '/v1/hosts', host('b.z', 2), ['/addresses/0']);
  await api.ok(201, 'POST', '/v1/hosts', host('b.z', 3));
  await api.ok(204, 'DELETE', '/v1/hosts/a.z');
  assert.equal(await ptrOf(api), 'b.z');
  await api.ok(204, 'DELETE', '/v1/hosts/b.z');
  assert.equal(await ptrOf(api), null);
  assert.equal((await holdersOf(api)).length, 1);
});

test('force takes a shared address from all its holders, and deletes a reverse zone with the PTR of all', async (t) => {
  const api = await prepare(t);
  const keyed = (port: number) => ({ address: vip, sharingKey: 'k', ports: tcp(port) });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', addresses: [keyed(1)] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: [keyed(2), '10.0.0.2'] });
  await allocate(api, { addresses: [vip], sharingKey: 'k', ports: tcp(3) });
  await api.ok(204, 'DELETE', '/v1/zones/0.0.10.in-addr.arpa?force=true');
  assert.equal(await ptrOf(api), null);
  await api.ok(200, 'PATCH', '/v1/hosts/b.z', { ptr: true });
  assert.equal(await ptrOf(api), 'b.z');
  await api.ok(200, 'PATCH', '/v1/pools/p?force=true', { ranges: ['10.0.0.2-10.0.0.6'] });
  await api.refused('not_found', 'GET', '/v1/hosts/a.z');
  const { addresses } = await api.ok<Host>(200, 'GET', '/v1/hosts/b.z');
  assert.deepEqual(
    addresses.map(({ address }) => address),
    ['10.0.0.2'],
  );
  await api.refused('not_found', 'GET', `/v1/addresses/${vip}`);
});

test('a swap moves a shared address with its place among the holders, and so the PTR', async (t) => {
  const api = await prepare(t);
  await createShared(api, 'a.z');
  await createShared(api, 'c.z');
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: ['10.0.0.2'] });
  const { items } = await api.ok<{ items: Host[] }>(200, 'POST', '/v1/hosts/a.z/swap', { with: 'b.z' });
  assert.deepEqual(items[1]?.addresses, [{ address: vip, pool: 'p', ptr: reverse, shared: true }]);
  assert.deepEqual(await holdersOf(api), ['b.z', 'c.z']);
  assert.equal(await ptrOf(api), 'b.z');
});
