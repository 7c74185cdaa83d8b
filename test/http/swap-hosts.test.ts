// POST /v1/hosts/{name}/swap: two hosts exchange their addresses in one transaction. Cited by
// src/control/hosts/swap-hosts.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../src/model/address.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';

interface Shown {
  name: string;
  addresses: { address: string; pool: string | null; ptr: string | null }[];
}
const addresses = (host: Shown) => host.addresses.map(({ address }) => address);

test('two hosts exchange their addresses and PTRs at one revision, and back', async (t) => {
  const { api, store } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24', 'fd00::/64'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z.test' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z.test', addresses: ['10.0.0.1', 'fd00::1'], owner: 'x' });
  await api.ok(201, 'POST', '/v1/hosts', {
    name: 'b.z.test',
    addresses: ['10.0.0.2', 'fd00::2'],
    aliases: ['w.z.test'],
  });
  const tags = async () =>
    Promise.all(['a', 'b'].map(async (name) => (await api.send('GET', `/v1/hosts/${name}.z.test`)).headers.etag));
  const ptr = async (owner: string) =>
    (await api.ok<{ records: string[] }>(200, 'GET', `/v1/zones/0.0.10.in-addr.arpa/rrsets/${owner}/PTR`)).records;
  const before = await tags();
  const { revision } = await store.list('hosts/');
  const { items } = await api.ok<{ items: Shown[] }>(200, 'POST', '/v1/hosts/a.z.test/swap', { with: 'b.z.test' });
  assert.deepEqual(items.map(addresses), [
    ['10.0.0.2', 'fd00::2'],
    ['10.0.0.1', 'fd00::1'],
  ]);
  assert.deepEqual(items, [
    await api.ok(200, 'GET', '/v1/hosts/a.z.test'),
    await api.ok(200, 'GET', '/v1/hosts/b.z.test'),
  ]);
  const { entries, revision: after } = await store.list('hosts/');
  assert.equal(after, revision + 1);
  assert.deepEqual(
    entries.map(({ modified }) => modified),
    [after, after],
  );
  assert.ok((await tags()).every((tag, index) => tag !== before[index]));
  assert.deepEqual([await ptr('1'), await ptr('2')], [['b.z.test.'], ['a.z.test.']]);
  const held = await api.ok<{ holders: { host: string; owner: string }[] }>(200, 'GET', '/v1/addresses/10.0.0.2');
  assert.deepEqual(
    held.holders.map(({ host, owner }) => [host, owner]),
    [['a.z.test', 'x']],
  );

  // Only IPv4, and back.
  const one = await api.ok<{ items: Shown[] }>(200, 'POST', '/v1/hosts/b.z.test/swap', {
    with: 'a.z.test',
    families: ['ipv4'],
  });
  assert.deepEqual(one.items.map(addresses), [
    ['10.0.0.2', 'fd00::1'],
    ['10.0.0.1', 'fd00::2'],
  ]);
});

test('a swap is refused if a host would have no address, has no other one, or does not hold its address', async (t) => {
  const served = await servedApi(t);
  const { api, store, views } = served;
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/24', 'fd00::/64'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'z.test' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z.test', addresses: ['10.0.0.1'], owner: 'team' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z.test', addresses: ['fd00::1'] });
  const swap = '/v1/hosts/a.z.test/swap';
  await api.refused('invalid_request', 'POST', swap, { with: 'a.z.test' }, ['/with']);
  await api.refused('invalid_request', 'POST', swap, { with: 'b.z.test', families: ['ipv6'] }, ['/families']);
  await api.refused('not_found', 'POST', swap, { with: 'c.z.test' }, ['/with']);
  const { api: team } = await tokenFor(served, 'team', { role: 'operator', owner: 'team' });
  await team.refused('forbidden', 'POST', swap, { with: 'b.z.test' });
  await team.refused('forbidden', 'POST', swap, { with: 'c.z.test' });
  // A user has a PTR at the address of a host that writes none: the other host would need that name.
  await api.ok(201, 'POST', '/v1/zones', { name: '1.0.10.in-addr.arpa' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'd.z.test', addresses: ['10.0.1.7'], ptr: false });
  await api.ok(201, 'PUT', '/v1/zones/1.0.10.in-addr.arpa/rrsets/7/PTR', { records: ['user.test.'] });
  await api.refused('rrset_conflict', 'POST', swap, { with: 'd.z.test' }, ['/with']);
  const key = addressKey('default', parseAddress('10.0.0.1'));
  const { revision } = await store.commit({ compares: [], operations: [{ kind: 'delete', key }] });
  await views.reached(revision);
  await api.refused('address_taken', 'POST', swap, { with: 'b.z.test' }, ['/with']);
  assert.deepEqual(addresses(await api.ok<Shown>(200, 'GET', '/v1/hosts/a.z.test')), ['10.0.0.1']);
});
