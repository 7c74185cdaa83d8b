// A host that prefers families gets those that are to be had, and at least one address.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Api } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';

interface Host {
  addresses: { address: string; pool: string }[];
  warnings?: { family?: string; message: string }[];
}

async function prepare(t: TestContext, pools: object[]): Promise<Api> {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  for (const pool of pools) await api.ok(201, 'POST', '/v1/pools', pool);
  return api;
}

const dual = { families: ['ipv4', 'ipv6'], prefer: true };
const create = (api: Api, name: string, more: object = {}) =>
  api.ok<Host>(201, 'POST', '/v1/hosts', { name, ...dual, ...more });
const addressesOf = ({ addresses }: Host) => addresses.map(({ address }) => address);

test('a host gets the preferred family that there is, and a warning says why it lacks the other', async (t) => {
  const api = await prepare(t, [{ name: 'p', ranges: ['10.0.0.0/31', '2001:db8::/128'] }]);
  const both = await create(api, 'a.z');
  assert.deepEqual([addressesOf(both), both.warnings], [['10.0.0.0', '2001:db8::'], undefined]);
  const one = await create(api, 'b.z');
  assert.deepEqual(addressesOf(one), ['10.0.0.1']);
  assert.equal(one.warnings?.length, 1);
  assert.equal(one.warnings?.[0]?.family, 'ipv6');
  assert.match(one.warnings?.[0]?.message ?? '', /no ipv6 address is free in any automatic pool \(p: 1 of 1 used\)/);
  await api.refused('pool_exhausted', 'POST', '/v1/hosts', { name: 'c.z', ...dual }, ['/families']);
  await api.refused('pool_exhausted', 'POST', '/v1/hosts', { name: 'c.z', families: ['ipv6'] }, ['/families']);
});

test('both families are of one pool if one can give both, else of those that there are', async (t) => {
  const api = await prepare(t, [
    { name: 'four', ranges: ['10.0.0.0/31'], priority: 1 },
    { name: 'dual', ranges: ['10.1.0.0', '2001:db8::/127'], priority: 2 },
  ]);
  assert.deepEqual(addressesOf(await create(api, 'a.z')), ['10.1.0.0', '2001:db8::']);
  const second = await create(api, 'b.z');
  assert.deepEqual(
    second.addresses.map(({ pool }) => pool),
    ['four', 'dual'],
  );
});

test('a host that exists gets the family that it lacks when there is one, and keeps what it has', async (t) => {
  const api = await prepare(t, [{ name: 'p', ranges: ['10.0.0.0/29'] }]);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z' });
  const before = (await api.send('GET', '/v1/hosts/a.z')).headers.etag;
  const same = await api.send('PATCH', '/v1/hosts/a.z', dual);
  assert.deepEqual([same.status, same.headers.etag], [200, before]);
  assert.equal((same.body as Host).warnings?.[0]?.family, 'ipv6');
  await api.ok(201, 'POST', '/v1/pools', { name: 'six', ranges: ['2001:db8::/127'] });
  const changed = await api.ok<Host>(200, 'PATCH', '/v1/hosts/a.z', dual);
  assert.deepEqual([addressesOf(changed), changed.warnings], [['10.0.0.0', '2001:db8::'], undefined]);
});

test('"prefer" needs families, and a pool that is named', async (t) => {
  const api = await prepare(t, [{ name: 'p', ranges: ['10.0.0.0/29'], autoAssign: false }]);
  await api.refused('invalid_request', 'POST', '/v1/hosts', { name: 'a.z', prefer: true }, ['/prefer']);
  const host = await create(api, 'a.z', { pool: 'p' });
  assert.deepEqual(addressesOf(host), ['10.0.0.0']);
  assert.match(host.warnings?.[0]?.message ?? '', /pool 'p'/);
});
