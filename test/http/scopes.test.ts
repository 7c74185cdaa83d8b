// What a token with a scope sees of lists, single resources, refusals and warnings. rights-of-tokens.test.ts tests
// which operations it may use.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { TokenInput } from '../../src/control/tokens/token-input.ts';
import type { Api, Method } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { tokenFor } from '../support/tokens.ts';

let served: ServedApi;
const suite = suiteCleanup();
/** The names that tokens of team A must not see. */
const hidden = /secret|10\.2\.0|other-/;

before(async () => {
  served = await servedApi(suite);
  const { api } = served;
  const steps: [Method, string, unknown][] = [
    ['POST', '/v1/pools', { name: 'a', ranges: ['10.1.0.0/26'], priority: 5 }],
    ['POST', '/v1/pools', { name: 'other-pool', ranges: ['10.2.0.0/26'], priority: 1 }],
    ['POST', '/v1/zones', { name: 'a.test' }],
    ['POST', '/v1/zones', { name: 'secret.test' }],
    ['POST', '/v1/zones', { name: 'secret.a.test' }],
    ['POST', '/v1/hosts', { name: 'web.a.test', pool: 'a', owner: 'team-a', aliases: ['www.a.test'] }],
    ['POST', '/v1/hosts', { name: 'db.a.test', pool: 'a', owner: 'team-b' }],
    // Hosts that the tokens see in part or not at all: with an address of the pool, and an alias in the zone; with an
    // address of the pool; in the zone, with an address of another pool.
    ['POST', '/v1/hosts', { name: 'x.secret.test', pool: 'a', aliases: ['x.a.test'] }],
    ['POST', '/v1/hosts', { name: 'y.secret.test', pool: 'a' }],
    ['POST', '/v1/hosts', { name: 'z.a.test', pool: 'other-pool' }],
    ['POST', '/v1/pools/a/allocations', { addresses: ['10.1.0.20'], owner: 'team-a' }],
    ['POST', '/v1/pools/a/allocations', { addresses: ['10.1.0.21'], owner: 'secret-team' }],
    ['PUT', '/v1/zones/secret.test/rrsets/rec/A', { records: ['10.1.0.30'] }],
    ['PUT', '/v1/zones/a.test/rrsets/rec/A', { records: ['10.1.0.30'] }],
    ['PUT', '/v1/zones/secret.test/rrsets/only/A', { records: ['10.1.0.31'] }],
    ['PUT', '/v1/zones/a.test/rrsets/txt/TXT', { records: ['"x"'] }],
  ];
  for (const [method, path, body] of steps) {
    const { status, text } = await api.send(method, path, body);
    assert.ok(status < 300, `${method} ${path}: ${text}`);
  }
});

let count = 0;
async function teamWith(scope: Partial<TokenInput>): Promise<Api> {
  count += 1;
  return (await tokenFor(served, `team-${count}`, { role: 'operator', ...scope })).api;
}
const ofZone = () => teamWith({ zones: ['a.test'] });
const ofPool = () => teamWith({ pools: ['a'] });
const ofBoth = () => teamWith({ zones: ['a.test'], pools: ['a'] });
const ofOwner = () => teamWith({ owner: 'team-a' });

interface List {
  items: Record<string, unknown>[];
  nextCursor: string | null;
  total?: number;
}

/** Returns a field of all items of a list, read in pages of one item. Asserts that `total` is the number of items. */
async function listed(api: Api, path: string, field: string): Promise<unknown[]> {
  const [base, query = ''] = path.split('?');
  const found: unknown[] = [];
  let cursor: string | null = '';
  do {
    const search = new URLSearchParams(query);
    search.set('limit', '1');
    search.set('total', 'true');
    if (cursor !== '') search.set('cursor', cursor);
    const page: List = await api.ok<List>(200, 'GET', `${base}?${search}`);
    found.push(...page.items.map((item) => item[field]));
    cursor = page.nextCursor;
    if (cursor === null) assert.equal(page.total, found.length, path);
  } while (cursor !== null);
  return found;
}

test('lists, their cursors and their totals have only resources in scope', async () => {
  const [zone, pool, both, owner] = await Promise.all([ofZone(), ofPool(), ofBoth(), ofOwner()]);
  const none = await teamWith({ zones: [], pools: [] });
  const rows: [Api, string, string, unknown[]][] = [
    [zone, '/v1/zones', 'name', ['a.test']],
    [pool, '/v1/pools', 'name', ['a']],
    [zone, '/v1/zones?search=secret', 'name', []],
    [pool, '/v1/pools?search=other', 'name', []],
    [none, '/v1/zones', 'name', []],
    [none, '/v1/pools', 'name', []],
    [none, '/v1/hosts', 'name', []],
    [zone, '/v1/hosts', 'name', ['db.a.test', 'web.a.test', 'z.a.test']],
    [pool, '/v1/hosts', 'name', ['db.a.test', 'web.a.test', 'x.secret.test', 'y.secret.test']],
    [both, '/v1/hosts', 'name', ['db.a.test', 'web.a.test']],
    [owner, '/v1/hosts', 'name', ['web.a.test']],
    [zone, '/v1/hosts?zone=secret.test', 'name', []],
    [zone, '/v1/hosts?search=secret', 'name', []],
    [zone, '/v1/hosts?name=x.a.test', 'name', []],
    [both, '/v1/hosts?within=10.0.0.0/8', 'name', ['db.a.test', 'web.a.test']],
    [both, '/v1/hosts?pool=other-pool', 'name', []],
    [owner, '/v1/hosts?owner=team-b', 'name', []],
    [
      pool,
      '/v1/pools/a/allocations',
      'address',
      ['10.1.0.0', '10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.20', '10.1.0.21'],
    ],
    [zone, '/v1/pools/a/allocations', 'address', ['10.1.0.0', '10.1.0.1', '10.1.0.20', '10.1.0.21']],
    [owner, '/v1/pools/a/allocations', 'address', ['10.1.0.0', '10.1.0.20']],
    [owner, '/v1/pools/a/allocations?owner=secret-team', 'address', []],
  ];
  for (const [api, path, field, expected] of rows) assert.deepEqual(await listed(api, path, field), expected, path);
});

test('a token with an owner sees the RRsets of its hosts, and the implied ones', async () => {
  const owner = await ofOwner();
  const of = async (api: Api, query: string) =>
    (await api.ok<List>(200, 'GET', `/v1/zones/a.test/rrsets${query}`)).items
      .filter(({ managedBy }) => managedBy !== 'zone')
      .map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(await of(owner, ''), ['web A', 'www CNAME']);
  assert.deepEqual(await of(owner, '?type=A'), ['web A']);
  assert.deepEqual(await of(owner, '?name=txt'), []);
  assert.deepEqual(await of(owner, '?search=db'), []);
  const { items, total } = await owner.ok<List>(200, 'GET', '/v1/zones/a.test/rrsets?total=true');
  assert.equal(total, items.length);
  await owner.ok(200, 'GET', '/v1/zones/a.test/rrsets/www/CNAME');
  await owner.ok(200, 'GET', '/v1/zones/a.test/rrsets/@/SOA');
  const told = new Set<string>();
  for (const name of ['db', 'none']) {
    const { detail } = await owner.refused('forbidden', 'GET', `/v1/zones/a.test/rrsets/${name}/A`);
    told.add(detail.replace(name, '…'));
  }
  assert.equal(told.size, 1, 'the refusal tells whether the records exist');
});

test('a token with an owner gets the same refusal for a host that does not exist and for one of another owner', async () => {
  const requests: [Method, unknown?][] = [['GET'], ['PATCH', { tags: {} }], ['DELETE']];
  for (const owner of [await ofOwner(), await teamWith({ owner: 'team-a', pools: ['a'] })]) {
    for (const [method, body] of requests) {
      const told = new Set<string>();
      for (const name of ['db', 'z', 'none']) {
        const { detail, missing } = await owner.refused('forbidden', method, `/v1/hosts/${name}.a.test`, body);
        told.add(`${missing} ${detail.replace(`${name}.`, '….')}`);
      }
      assert.equal(told.size, 1, [method, ...told].join('\n'));
    }
  }
  const zone = await ofZone();
  await zone.refused('not_found', 'GET', '/v1/hosts/none.a.test');
});

test('an address is shown without the holders and the names that are beyond the scope', async () => {
  const zone = await ofZone();
  const read = (api: Api, ip: string) => api.ok<Record<string, unknown>>(200, 'GET', `/v1/addresses/${ip}`);
  const held = await read(zone, '10.1.0.2');
  assert.deepEqual([held.state, held.holders], ['held', []]);
  assert.deepEqual((await read(zone, '10.1.0.30')).names, ['rec.a.test']);
  assert.deepEqual((await read(zone, '10.1.0.31')).names, []);
  const owner = await ofOwner();
  assert.deepEqual((await read(owner, '10.1.0.30')).names, []);
  assert.deepEqual((await read(owner, '10.1.0.21')).holders, []);
  const { holders } = (await read(owner, '10.1.0.20')) as { holders: { owner: string }[] };
  assert.deepEqual(
    holders.map((one) => one.owner),
    ['team-a'],
  );
  const pool = await ofPool();
  for (const ip of ['10.2.0.0', '10.9.9.9', '192.0.2.1'])
    assert.equal((await pool.refused('forbidden', 'GET', `/v1/addresses/${ip}`)).missing, 'pools');
});

test('refusals name nothing beyond the scope', async () => {
  const [zone, both, owner] = await Promise.all([ofZone(), ofBoth(), ofOwner()]);
  const rows: [Api, string, Method, string, unknown?][] = [
    [both, 'address_taken', 'POST', '/v1/hosts', { name: 'n.a.test', addresses: ['10.1.0.3'] }],
    [both, 'address_taken', 'POST', '/v1/pools/a/allocations', { addresses: ['10.1.0.2', '10.1.0.3'] }],
    [owner, 'address_taken', 'POST', '/v1/pools/a/allocations', { addresses: ['10.1.0.21'], owner: 'team-a' }],
    [zone, 'name_taken', 'POST', '/v1/hosts', { name: 'n.a.test', aliases: ['x.a.test'] }],
    [zone, 'managed_record', 'PUT', '/v1/zones/a.test/rrsets/web/A', { records: ['192.0.2.1'] }],
    [owner, 'name_taken', 'POST', '/v1/hosts', { name: 'db.a.test', owner: 'team-a' }],
    [owner, 'forbidden', 'DELETE', '/v1/addresses/10.1.0.21'],
    [zone, 'forbidden', 'DELETE', '/v1/addresses/10.1.0.3'],
    [owner, 'not_found', 'DELETE', '/v1/addresses/10.1.0.21?id=none'],
    [owner, 'not_found', 'DELETE', '/v1/addresses/10.1.0.31'],
    [zone, 'not_found', 'DELETE', '/v1/addresses/10.1.0.31'],
    [zone, 'pool_in_use', 'DELETE', '/v1/pools/a'],
    [zone, 'forbidden', 'DELETE', '/v1/pools/a?force=true'],
    [zone, 'zone_in_use', 'DELETE', '/v1/zones/a.test'],
    [zone, 'forbidden', 'DELETE', '/v1/zones/a.test?force=true'],
    [both, 'forbidden', 'POST', '/v1/hosts', { name: 'n.a.test', addresses: ['192.0.2.1'] }],
    [both, 'forbidden', 'POST', '/v1/hosts', { name: 'n.a.test', aliases: ['a.b.c'] }],
    [both, 'forbidden', 'POST', '/v1/hosts', { name: 'n.a.test', pool: 'nowhere' }],
    [both, 'pool_exhausted', 'POST', '/v1/hosts', { name: 'n.a.test', families: ['ipv6'] }],
    [both, 'pool_exhausted', 'POST', '/v1/pools/a/allocations', { count: 100 }],
    [owner, 'forbidden', 'POST', '/v1/hosts', { name: 'n.a.test' }],
    [owner, 'forbidden', 'PATCH', '/v1/hosts/web.a.test', { owner: 'secret-team' }],
    [owner, 'forbidden', 'PATCH', '/v1/hosts/web.a.test', { owner: null }],
  ];
  const before = await served.dump();
  for (const [api, code, method, path, body] of rows) {
    const problem = await api.refused(code as 'forbidden', method, path, body);
    const asked = JSON.stringify([path, body]);
    const text = JSON.stringify(problem);
    const leaked = hidden.exec(text)?.[0];
    assert.ok(leaked === undefined || asked.includes(leaked), `${method} ${path}: ${text}`);
  }
  assert.deepEqual(activityLess(await served.dump()), activityLess(before), 'a refusal has changed something');
});

const activityLess = (dump: Record<string, string>) =>
  Object.fromEntries(Object.entries(dump).filter(([key]) => !key.startsWith('activity/')));

test('warnings name nothing beyond the scope', async () => {
  const zone = await ofZone();
  const given = await zone.ok<{ warnings: { names: string[]; message: string }[] }>(201, 'POST', '/v1/hosts', {
    name: 'warned.a.test',
    addresses: ['10.1.0.30', '10.1.0.31'],
  });
  assert.deepEqual(
    given.warnings.map(({ names, message }) => [names, /rec\.a|may not see/.exec(message)?.[0]]),
    [
      [['rec.a.test'], 'rec.a'],
      [[], 'may not see'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(given), hidden);
  await served.api.ok(201, 'PUT', '/v1/zones/secret.test/rrsets/alias/CNAME', { records: ['warned.a.test.'] });
  assert.equal((await zone.send('DELETE', '/v1/hosts/warned.a.test')).status, 204, 'the alias is beyond the scope');
});

test('a host that names no pool gets an address of the automatic pools in scope', async () => {
  const pool = await ofPool();
  const { addresses } = await pool.ok<{ addresses: { pool: string }[] }>(201, 'POST', '/v1/hosts', {
    name: 'auto.a.test',
  });
  assert.deepEqual(
    addresses.map((one) => one.pool),
    ['a'],
  );
  await pool.ok(204, 'DELETE', '/v1/hosts/auto.a.test');
});

test('only a token that may see all holders of an address may share the address', async () => {
  const shared = (owner: string, port: number, more: object = {}) => ({
    owner,
    sharingKey: 'k',
    ports: [{ protocol: 'tcp', port }],
    ...more,
  });
  const [{ address = '' } = {}] = (
    await served.api.ok<{ items: { address: string }[] }>(201, 'POST', '/v1/pools/a/allocations', shared('team-b', 1))
  ).items;
  const owner = await ofOwner();
  const { items } = await owner.ok<{ items: { address: string }[] }>(
    201,
    'POST',
    '/v1/pools/a/allocations',
    shared('team-a', 2),
  );
  assert.notEqual(items[0]?.address, address);
  const asked = shared('team-a', 3, { addresses: [address] });
  await owner.refused('address_taken', 'POST', '/v1/pools/a/allocations', asked, ['/addresses/0']);
  await served.api.ok(201, 'POST', '/v1/pools/a/allocations', asked);
});

test('a refusal does not name a delegation above a PTR if the token may not see its zone', async () => {
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: '5.10.in-addr.arpa' });
  await api.ok(201, 'PUT', '/v1/zones/5.10.in-addr.arpa/rrsets/0/NS', { records: ['ns.secret.test.'] });
  const zone = await ofZone();
  const problem = await zone.refused('name_hidden', 'POST', '/v1/hosts', {
    name: 'cut.a.test',
    addresses: ['10.5.0.1'],
  });
  assert.equal(problem.cut, undefined);
  assert.doesNotMatch(JSON.stringify(problem), /secret|"0\.5\.10/);
  assert.match(problem.detail, /"ptr": false/);
  await zone.ok(201, 'POST', '/v1/hosts', { name: 'cut.a.test', addresses: ['10.5.0.1'], ptr: false });
});

test('a token cannot create a zone inside a zone beyond its scope, and needs both zones in its scope otherwise', async () => {
  const inner = await teamWith({ zones: ['new.secret.test'] });
  assert.equal((await inner.refused('forbidden', 'POST', '/v1/zones', { name: 'new.secret.test' })).missing, 'zones');
  const both = await teamWith({ zones: ['a.test', 'new.a.test'] });
  await both.ok(201, 'POST', '/v1/zones', { name: 'new.a.test' });
  const outer = await ofZone();
  assert.equal((await outer.refused('forbidden', 'POST', '/v1/hosts', { name: 'n.new.a.test' })).missing, 'zones');
  await both.ok(204, 'DELETE', '/v1/zones/new.a.test');
});

test('with --http-open health, the metrics need a token without a scope', async (t) => {
  const closed = await servedApi(t, { services: { httpOpen: 'health' } });
  const { token: scoped } = await tokenFor(closed, 'scoped', { role: 'admin', pools: [] });
  const { token: whole } = await tokenFor(closed, 'whole', { role: 'viewer' });
  const status = async (path: string, token: string) =>
    (await fetch(closed.url + path, { headers: { authorization: `Bearer ${token}` } })).status;
  assert.deepEqual([await status('/metrics', scoped), await status('/metrics', whole)], [403, 200]);
  assert.equal(await status('/openapi.json', scoped), 200);
});
