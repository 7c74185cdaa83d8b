// POST /v1/hosts with "adopt": existing records at the names of the host become records of the host, in one
// transaction.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Host {
  addresses: { address: string; pool: string | null }[];
  ttl: number | null;
  warnings?: unknown[];
}

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z', nameservers: ['ns.example'] });
  await api.ok(201, 'POST', '/v1/zones', { name: '0.0.10.in-addr.arpa', nameservers: ['ns.example'] });
  for (const [zone, name, type, records] of [
    ['z', 'a', 'A', ['10.0.0.1', '10.0.0.2']],
    ['z', 'a', 'AAAA', ['2001:db8::1']],
    ['z', 'a', 'TXT', ['"stays"']],
    ['z', 'www', 'CNAME', ['a.z.']],
    ['0.0.10.in-addr.arpa', '1', 'PTR', ['a.z.']],
  ] as const) {
    await api.ok(201, 'PUT', `/v1/zones/${zone}/rrsets/${name}/${type}`, { records, ttl: 77 });
  }
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'], exclude: ['10.0.0.1'] });
  return served;
}

test('the records at the name, the alias and the reverse name become those of the host', async (t) => {
  const { api, views } = await prepare(t);
  await api.refused('rrset_conflict', 'POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.2'] });
  const { revision } = views;
  const host = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'a.z', aliases: ['www.z'], adopt: true });
  assert.equal(views.revision, revision + 1, 'the request took more than one transaction');
  assert.deepEqual(
    host.addresses.map(({ address, pool }) => [address, pool]),
    [
      ['10.0.0.1', 'p'],
      ['10.0.0.2', 'p'],
      ['2001:db8::1', null],
    ],
  );
  assert.deepEqual([host.ttl, host.warnings], [77, undefined]);
  for (const place of ['z/rrsets/a/A', 'z/rrsets/a/AAAA', 'z/rrsets/www/CNAME', '0.0.10.in-addr.arpa/rrsets/1/PTR']) {
    const { managedBy, ttl } = await api.ok(200, 'GET', `/v1/zones/${place}`);
    assert.deepEqual([managedBy, ttl], ['host:a.z', 77], place);
  }
  assert.equal((await api.ok(200, 'GET', '/v1/zones/z/rrsets/a/TXT')).managedBy, undefined);
  const { usage } = await api.ok<{ usage: { ipv4: object } }>(200, 'GET', '/v1/pools/p');
  assert.deepEqual(usage.ipv4, { capacity: '7', used: '2', recorded: '0', coolingDown: '0', carved: '0', free: '6' });
  // The deletion of the pool leaves the host, because the pool did not give its addresses.
  await api.ok(204, 'DELETE', '/v1/pools/p?force=true');
  assert.equal((await api.ok<Host>(200, 'GET', '/v1/hosts/a.z')).addresses.length, 3);
});

test('a refusal of a new host advises "adopt" only if "adopt" would take the records over', async (t) => {
  const { api } = await prepare(t);
  await api.ok(204, 'DELETE', '/v1/pools/p');
  const why = async (method: 'POST' | 'PATCH', path: string, body: object): Promise<string[]> => {
    const { errors = [] } = problemIn(await api.send(method, path, body));
    return errors.map(({ pointer, message }) => `${pointer} ${message}`);
  };
  const addresses = ['10.0.0.1', '10.0.0.2'];
  const records = '/name a.z has A records that no host manages: delete them first';
  const alias = '/aliases/0 www.z has a CNAME record that no host manages: delete it first';
  const ptr = '/ptr 1.0.0.10.in-addr.arpa has a PTR record already: delete it';
  assert.deepEqual(await why('POST', '/v1/hosts', { name: 'a.z', aliases: ['www.z'], addresses }), [
    `${records}, or take them over with "adopt": true`,
    `${ptr}, use "ptr": false here, or take it over with "adopt": true`,
    `${alias}, or take it over with "adopt": true`,
  ]);
  assert.deepEqual(await why('POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.2'] }), [
    `${records}, or take them over with "adopt": true and no "addresses"`,
  ]);
  assert.deepEqual(await why('POST', '/v1/hosts', { name: 'a.z', addresses: ['10.0.0.2'], adopt: true }), [
    `${records}, or leave out "addresses": the host then takes them over`,
  ]);
  assert.deepEqual(await why('POST', '/v1/hosts', { name: 'c.z', aliases: ['www.z'], addresses: ['10.0.0.1'] }), [
    `${ptr}, or use "ptr": false here`,
    alias,
  ]);
  assert.deepEqual(await why('POST', '/v1/hosts', { name: 'www.z', addresses: ['10.0.0.6'] }), [
    '/name www.z has CNAME records: a CNAME and other records cannot share a name',
  ]);
  await api.ok(201, 'POST', '/v1/hosts', { name: 'b.z', addresses: ['10.0.0.5'] });
  assert.deepEqual(await why('PATCH', '/v1/hosts/b.z', { aliases: ['www.z'] }), [alias]);
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/b/AAAA', { records: ['2001:db8::5'] });
  assert.deepEqual(await why('PATCH', '/v1/hosts/b.z', { addresses: ['10.0.0.5', '2001:db8::5'] }), [
    '/name b.z has AAAA records that no host manages: delete them first',
  ]);
});

test('records that the host would not have are not lost: the request is refused', async (t) => {
  const { api, dump } = await prepare(t);
  const before = await dump();
  const some = { name: 'a.z', addresses: ['10.0.0.1'], adopt: true };
  await api.refused('rrset_conflict', 'POST', '/v1/hosts', some);
  await api.ok(200, 'PUT', '/v1/zones/z/rrsets/www/CNAME', { records: ['elsewhere.'], ttl: 77 });
  await api.refused('cname_conflict', 'POST', '/v1/hosts', { name: 'a.z', aliases: ['www.z'], adopt: true });
  await api.ok(200, 'PUT', '/v1/zones/z/rrsets/www/CNAME', { records: ['a.z.'], ttl: 77 });
  const hosts = Object.keys(await dump()).filter((key) => key.startsWith('hosts/'));
  assert.deepEqual(hosts, []);
  assert.equal(Object.keys(before).length, Object.keys(await dump()).length);
});

test('an address that someone holds is not adopted, and a warning has the other names of an adopted address', async (t) => {
  const { api } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.2'] });
  await api.refused('address_taken', 'POST', '/v1/hosts', { name: 'a.z', adopt: true });
  await api.ok(204, 'DELETE', '/v1/addresses/10.0.0.2');
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/too/A', { records: ['10.0.0.2'] });
  const { warnings = [] } = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'a.z', ttl: null, adopt: true });
  assert.match(JSON.stringify(warnings), /too\.z/);
  assert.equal((await api.ok<Host>(200, 'GET', '/v1/hosts/a.z')).ttl, null);
});

test('without records at its name, the host is created as without "adopt"', async (t) => {
  const { api } = await prepare(t);
  const { addresses } = await api.ok<Host>(201, 'POST', '/v1/hosts', { name: 'new.z', adopt: true });
  assert.deepEqual(
    addresses.map(({ address }) => address),
    ['10.0.0.0'],
  );
});

test('a host gets no more addresses than a request can write: 16', async (t) => {
  const { api, dump } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['fd00::/64'] });
  const records = Array.from({ length: 17 }, (_, i) => `10.0.0.${i}`);
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/a/A', { records });
  const before = await dump();
  await api.refused('invalid_request', 'POST', '/v1/hosts', { name: 'a.z', adopt: true, ptr: false }, ['/adopt']);
  const both = { name: 'b.z', addresses: records.slice(0, 16), families: ['ipv4', 'ipv6'] };
  await api.refused('invalid_request', 'POST', '/v1/hosts', both, ['/addresses']);
  assert.deepEqual(await dump(), before);
});
