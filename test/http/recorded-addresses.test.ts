// Addresses in A and AAAA records that no host manages: a pool counts them and does not choose them itself. A request
// that names such an address gets it, with a warning.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Address {
  state: string;
  names?: string[];
  pool: string | null;
}
interface Usage {
  capacity: string;
  used: string;
  recorded: string;
  coolingDown: string;
  free: string;
}
interface Warned {
  warnings?: { address: string; names: string[]; message: string }[];
}

/** Serves a zone with records, also glue below a delegation, and a pool that has some of their addresses. */
async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  for (const [name, type, records] of [
    ['a', 'A', ['10.0.0.1', '192.0.2.1']],
    ['also', 'A', ['10.0.0.1']],
    ['six', 'AAAA', ['2001:db8::1']],
    ['sub', 'NS', ['ns.sub']],
    ['ns.sub', 'A', ['10.0.0.2']],
  ] as const) {
    const full = type === 'NS' ? records.map((one) => `${one}.z.`) : records;
    await api.ok(201, 'PUT', `/v1/zones/z/rrsets/${name}/${type}`, { records: full });
  }
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29', '2001:db8::/126'] });
  return served;
}

async function usageOf({ api }: ServedApi, pool = 'p'): Promise<Record<'ipv4' | 'ipv6', Usage>> {
  return (await api.ok<{ usage: Record<'ipv4' | 'ipv6', Usage> }>(200, 'GET', `/v1/pools/${pool}`)).usage;
}

async function stateOf({ api }: ServedApi, address: string): Promise<[string, string[] | undefined]> {
  const { state, names } = await api.ok<Address>(200, 'GET', `/v1/addresses/${address}`);
  return [state, names];
}

test('a new pool with recorded addresses counts them, shows the names of their records, and gives other addresses', async (t) => {
  const served = await prepare(t);
  const { ipv4, ipv6 } = await usageOf(served);
  assert.deepEqual([ipv4.recorded, ipv4.used, ipv4.free], ['2', '0', '6']);
  assert.deepEqual([ipv6.recorded, ipv6.used, ipv6.free], ['1', '0', '3']);
  assert.deepEqual(await stateOf(served, '10.0.0.1'), ['recorded', ['a.z', 'also.z']]);
  assert.deepEqual(await stateOf(served, '10.0.0.2'), ['recorded', ['ns.sub.z']]);
  assert.deepEqual(await stateOf(served, '2001:db8::1'), ['recorded', ['six.z']]);
  await served.api.refused('not_found', 'GET', '/v1/addresses/192.0.2.1');
  const next = await served.api.ok(200, 'GET', '/v1/pools/p/next?count=3');
  assert.deepEqual(next, { items: ['10.0.0.0', '10.0.0.3', '10.0.0.4'] });
  const { items } = await served.api.ok<{ items: { address: string }[] }>(201, 'POST', '/v1/pools/p/allocations', {
    count: 6,
  });
  assert.ok(items.every(({ address }) => address !== '10.0.0.1' && address !== '10.0.0.2'));
  const problem = await served.api.refused('pool_exhausted', 'POST', '/v1/pools/p/allocations', {});
  assert.match(problem.detail, /6 of 8 used, 2 named by records/);
});

test('the answer to the request that creates a pool counts the recorded addresses, as a read does', async (t) => {
  const { api } = await prepare(t);
  await api.ok(204, 'DELETE', '/v1/pools/p');
  const made = await api.ok<{ usage: unknown }>(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  assert.deepEqual(made, await api.ok(200, 'GET', '/v1/pools/p'));
});

test('a recorded address is given to those who ask for it, with a warning that names the records', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const host = await api.ok<Warned>(201, 'POST', '/v1/hosts', { name: 'h.z', addresses: ['10.0.0.1'] });
  assert.deepEqual(host.warnings?.[0]?.names, ['a.z', 'also.z']);
  assert.equal(host.warnings?.[0]?.address, '10.0.0.1');
  const taken = await api.ok<Warned>(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.2', '10.0.0.3'] });
  assert.deepEqual(
    taken.warnings?.map(({ address, names }) => [address, names]),
    [['10.0.0.2', ['ns.sub.z']]],
  );
  const moved = await api.ok<Warned>(200, 'PATCH', '/v1/hosts/h.z', { addresses: ['2001:db8::1'], families: ['ipv6'] });
  assert.deepEqual(moved.warnings?.[0]?.names, ['six.z']);
  const kept = await api.ok<Warned>(200, 'PATCH', '/v1/hosts/h.z', { owner: 'me' });
  assert.equal(kept.warnings, undefined);
  const { ipv4 } = await usageOf(served);
  assert.deepEqual([ipv4.recorded, ipv4.used, ipv4.free], ['1', '2', '5']);
  assert.deepEqual(await stateOf(served, '10.0.0.2'), ['held', ['ns.sub.z']]);
});

test('when a write of records, an import or the deletion of a zone is answered, recorded addresses are up to date', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  await api.ok(204, 'DELETE', '/v1/zones/z/rrsets/also/A');
  assert.deepEqual(await stateOf(served, '10.0.0.1'), ['recorded', ['a.z']]);
  await api.ok(200, 'PUT', '/v1/zones/z/rrsets/a/A', { records: ['10.0.0.5'] });
  assert.deepEqual(await stateOf(served, '10.0.0.1'), ['free', undefined]);
  assert.deepEqual(await stateOf(served, '10.0.0.5'), ['recorded', ['a.z']]);
  const file = '$TTL 60\nb A 10.0.0.6\nc AAAA 2001:db8::2\n';
  const imported = await api.send('PUT', '/v1/zones/z/zonefile', file, { 'content-type': 'text/dns' });
  assert.equal(imported.status, 200, imported.text);
  assert.deepEqual(await stateOf(served, '10.0.0.5'), ['free', undefined]);
  assert.deepEqual(await stateOf(served, '10.0.0.6'), ['recorded', ['b.z']]);
  const { ipv4, ipv6 } = await usageOf(served);
  assert.deepEqual([ipv4.recorded, ipv6.recorded], ['1', '1']);
  await api.ok(204, 'DELETE', '/v1/zones/z');
  const after = await usageOf(served);
  assert.deepEqual([after.ipv4.recorded, after.ipv4.free, after.ipv6.recorded], ['0', '8', '0']);
});

test('a recorded address counts in the pools of every space, and an address of a host only in its space', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/pools', { name: 'lab', space: 'lab', ranges: ['10.0.0.0/29'] });
  assert.equal((await usageOf(served, 'lab')).ipv4.recorded, '2');
  await api.ok(201, 'POST', '/v1/hosts', { name: 'h.z', addresses: ['10.0.0.7'] });
  assert.equal((await usageOf(served, 'lab')).ipv4.recorded, '2');
  assert.equal((await api.ok<Address>(200, 'GET', '/v1/addresses/10.0.0.7?space=lab')).state, 'free');
  assert.equal((await api.ok<Address>(200, 'GET', '/v1/addresses/10.0.0.1?space=lab')).state, 'recorded');
});

test('a pool with recorded addresses can be shrunk and deleted', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  await api.ok(200, 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.2/31'] });
  assert.equal((await usageOf(served)).ipv4.recorded, '1');
  await api.ok(200, 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/28'] });
  assert.equal((await usageOf(served)).ipv4.recorded, '2');
  await api.ok(204, 'DELETE', '/v1/pools/p');
});

test('a recorded address cannot be released: the refusal names the records, and its advice works', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const problem = await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.1');
  assert.equal(
    problem.detail,
    '10.0.0.1 is not held: A or AAAA records of a.z, also.z name it. Change or delete those records (/v1/zones/{zone}/rrsets/{name}/{type})',
  );
  assert.deepEqual(problem.names, ['a.z', 'also.z']);
  const more = Array.from({ length: 20 }, (_, index) => `more${10 + index}`);
  const changes = more.map((name) => ({ name, type: 'A', records: ['10.0.0.1'] }));
  await api.ok(200, 'PATCH', '/v1/zones/z/rrsets', changes);
  const many = await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.1');
  assert.match(many.detail, / of a\.z, also\.z, more10\.z, .*, more17\.z and 12 more name it/);
  assert.equal((many.names as string[]).length, 10);
  for (const name of [...more, 'a', 'also']) await api.ok(204, 'DELETE', `/v1/zones/z/rrsets/${name}/A`);
  assert.deepEqual(await stateOf(served, '10.0.0.1'), ['free', undefined]);
  const free = await api.refused('not_found', 'DELETE', '/v1/addresses/10.0.0.1');
  assert.equal(free.detail, '10.0.0.1 is not held');
  assert.equal(free.names, undefined);
});

test('an address that cools down counts once, and shows the names of records that name it', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  await api.ok(200, 'PATCH', '/v1/pools/p', { coolDownSeconds: 1000 });
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { addresses: ['10.0.0.1', '10.0.0.3', '10.0.0.4'] });
  for (const address of ['10.0.0.1', '10.0.0.3', '10.0.0.4']) await api.ok(204, 'DELETE', `/v1/addresses/${address}`);
  await api.ok(201, 'PUT', '/v1/zones/z/rrsets/late/A', { records: ['10.0.0.3'] });
  const counts = async () => {
    const { capacity, used, recorded, coolingDown, free } = (await usageOf(served)).ipv4;
    assert.equal(
      Number(capacity),
      [used, recorded, coolingDown, free].reduce((sum, one) => sum + Number(one), 0),
    );
    return { recorded, coolingDown, free };
  };
  assert.deepEqual(await counts(), { recorded: '1', coolingDown: '3', free: '4' });
  assert.deepEqual(await stateOf(served, '10.0.0.1'), ['cooling-down', ['a.z', 'also.z']]);
  assert.deepEqual(await stateOf(served, '10.0.0.3'), ['cooling-down', ['late.z']]);
  assert.deepEqual(await stateOf(served, '10.0.0.4'), ['cooling-down', undefined]);
  for (const address of ['10.0.0.1', '10.0.0.3', '10.0.0.4'])
    await api.ok(204, 'DELETE', `/v1/addresses/${address}?endCoolDown=true`);
  assert.deepEqual(await counts(), { recorded: '3', coolingDown: '0', free: '5' });
  assert.deepEqual(await stateOf(served, '10.0.0.3'), ['recorded', ['late.z']]);
  assert.deepEqual(await stateOf(served, '10.0.0.4'), ['free', undefined]);
});

test('a restarted replica knows the recorded addresses', async (t) => {
  const first = await prepare(t);
  const again = await servedApi(t, { store: first.store });
  assert.deepEqual(await usageOf(again), await usageOf(first));
  assert.deepEqual(await stateOf(again, '10.0.0.1'), ['recorded', ['a.z', 'also.z']]);
});
