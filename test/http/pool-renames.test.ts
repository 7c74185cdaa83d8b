// A pool is renamed: one write, and everything that refers to the pool follows, because it has the pool's id.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { UsageSampler } from '../../src/ledger/usage-sampler.ts';
import { poolDefaults } from '../../src/model/pool.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import { openStream } from '../support/event-stream.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Pool {
  id: string;
  name: string;
  usage: { ipv4: { used: string } };
}
type Items<T> = { items: T[] };

async function prepare(t: TestContext, ledger = false): Promise<ServedApi & { id: string }> {
  const served = await servedApi(t, { ledger });
  const { id } = await served.api.ok<Pool>(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.0.0.0/29'] });
  return { ...served, id };
}

test('a new pool has an id, which answers show and which nobody can change', async (t) => {
  const { api, id } = await prepare(t);
  assert.match(id, /^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
  const read = await api.ok<Pool>(200, 'GET', '/v1/pools/old');
  assert.equal(read.id, id);
  assert.equal((await api.ok<Pool>(200, 'PUT', '/v1/pools/old', read)).id, id);
  assert.equal((await api.ok<Pool>(200, 'PATCH', '/v1/pools/old', { id, drain: true })).id, id);
  const put = await api.send('PUT', '/v1/pools/old', { ...read, id: 'other' });
  const patch = await api.send('PATCH', '/v1/pools/old', { id: 'other' });
  const created = await api.send('PUT', '/v1/pools/new', { ranges: ['10.1.0.0/29'], id: 'mine' });
  for (const { status, body } of [put, patch, created]) {
    assert.deepEqual([status, body.code, body.errors?.[0]?.pointer], [412, 'precondition_failed', '/id']);
  }
  assert.equal((await api.send('POST', '/v1/pools', { name: 'x', id, ranges: ['10.1.0.0/29'] })).status, 400);
});

test('a rename is one write of one key, and the hosts, addresses and allocations of the pool follow', async (t) => {
  const { api, id, dump } = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'a.z', pool: 'old', ptr: false });
  await api.ok(201, 'POST', '/v1/pools/old/allocations', { owner: 'me' });
  const before = await dump();
  const renamed = await api.ok<Pool>(200, 'PATCH', '/v1/pools/old', { name: 'new' });
  assert.deepEqual([renamed.id, renamed.name, renamed.usage.ipv4.used], [id, 'new', '2']);
  const after = await dump();
  const written = Object.keys(after).filter((key) => after[key] !== before[key]);
  assert.deepEqual(written, [poolKey(id)]);
  assert.deepEqual(Object.keys(after), Object.keys(before));

  assert.equal((await api.send('GET', '/v1/pools/old')).status, 404);
  const host = await api.ok<{ addresses: { pool: string }[] }>(200, 'GET', '/v1/hosts/a.z');
  assert.deepEqual(
    host.addresses.map(({ pool }) => pool),
    ['new'],
  );
  assert.equal((await api.ok<{ pool: string }>(200, 'GET', '/v1/addresses/10.0.0.1')).pool, 'new');
  assert.equal((await api.ok<Items<unknown>>(200, 'GET', '/v1/pools/new/allocations')).items.length, 2);
  for (const [name, count] of [
    ['new', 1],
    ['old', 0],
    [id, 1],
  ] as const) {
    assert.equal((await api.ok<Items<unknown>>(200, 'GET', `/v1/hosts?pool=${name}`)).items.length, count, name);
  }
  // The address was given before the rename. Force still takes it.
  await api.ok(200, 'DELETE', '/v1/pools/new?force=true');
  assert.equal((await api.send('GET', '/v1/hosts/a.z')).status, 404);
});

test('a path takes the id of a pool, and no pool gets a name that could be an id', async (t) => {
  const { api, id } = await prepare(t);
  assert.equal((await api.ok<Pool>(200, 'GET', `/v1/pools/${id}`)).name, 'old');
  assert.equal((await api.ok<Pool>(200, 'PATCH', `/v1/pools/${id}`, { name: 'new' })).name, 'new');
  assert.equal((await api.ok<Pool>(200, 'PUT', `/v1/pools/${id}`, { name: 'new', ranges: ['10.0.0.0/28'] })).id, id);
  for (const name of [id, '01m8q1gsk39prqwwnanfvmht8k']) {
    await api.refused('invalid_request', 'POST', '/v1/pools', { name, ranges: ['10.1.0.0/29'] }, ['/name']);
    await api.refused('invalid_request', 'PATCH', '/v1/pools/new', { name }, ['/name']);
    await api.refused('invalid_request', 'POST', '/v1/pools/new/pools', { name, prefixLength: 30 }, ['/name']);
  }
});

test('a name that another pool has is refused, and a name that a pool had is free', async (t) => {
  const { api, id } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'other', ranges: ['10.1.0.0/29'] });
  const refused = await api.send('PATCH', '/v1/pools/old', { name: 'other', drain: true });
  assert.deepEqual([refused.status, refused.body.code], [409, 'already_exists']);
  assert.equal(refused.body.errors?.[0]?.pointer, '/name');
  await api.ok(201, 'POST', '/v1/pools/old/allocations', {});
  const forced = await api.send('PATCH', '/v1/pools/old?force=true', { name: 'other', ranges: ['10.0.0.4/30'] });
  assert.equal(forced.body.code, 'already_exists');
  assert.equal((await api.ok<Pool>(200, 'GET', '/v1/pools/old')).usage.ipv4.used, '1');
  assert.equal((await api.send('PUT', '/v1/pools/old', { name: 'new', ranges: ['10.0.0.0/29'] })).status, 400);
  await api.ok(200, 'PATCH', '/v1/pools/old', { name: 'new' });
  const again = await api.ok<Pool>(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.2.0.0/29'] });
  assert.notEqual(again.id, id);
  const { items } = await api.ok<Items<Pool>>(200, 'GET', '/v1/pools');
  assert.deepEqual(
    items.map(({ name }) => name),
    ['new', 'old', 'other'],
  );
});

test('the scope of a token follows the pool, and not its name', async (t) => {
  const { api, url } = await prepare(t);
  const { api: scoped } = await tokenFor({ api, url }, 'team', { role: 'operator', pools: ['old'] });
  await api.ok(200, 'PATCH', '/v1/pools/old', { name: 'new' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.1.0.0/29'] });
  await scoped.ok(201, 'POST', '/v1/pools/new/allocations', {});
  for (const name of ['old', 'nowhere']) {
    const { status, body } = await scoped.send('POST', `/v1/pools/${name}/allocations`, {});
    assert.deepEqual([status, body.code], [403, 'forbidden'], name);
  }
  assert.deepEqual((await api.ok<{ pools: string[] }>(200, 'GET', '/v1/tokens/team')).pools, ['new']);
  const rename = await scoped.send('PATCH', '/v1/pools/new', { name: 'mine' });
  assert.deepEqual([rename.status, rename.body.code], [403, 'forbidden']);
  await scoped.ok(200, 'PATCH', '/v1/pools/new', { name: 'new', drain: true });
});

test('a token for a pool that does not exist is refused', async (t) => {
  const { api } = await prepare(t);
  const { status, body } = await api.send('POST', '/v1/tokens', {
    name: 't',
    role: 'viewer',
    pools: ['old', 'x', 'y'],
  });
  assert.deepEqual([status, body.code], [422, 'pool_not_found']);
  assert.deepEqual(
    body.errors?.map(({ pointer }: { pointer: string }) => pointer),
    ['/pools/1', '/pools/2'],
  );
});

test('the history follows the pool: usage by its id, events and watch with the name of their time and the id', async (t) => {
  const { api, id, url, views } = await prepare(t, true);
  await api.ok(201, 'POST', '/v1/pools/old/allocations', {});
  const sampler = new UsageSampler(views);
  const sampled = () => sampler.sample(Date.now()).map(({ pool, family, used }) => `${pool} ${family} ${used}`);
  const before = sampled();
  assert.deepEqual(before, [`${id} ipv4 1`, `${id} ipv6 0`]);
  const stream = await openStream(t, url);
  await api.ok(200, 'PATCH', '/v1/pools/old', { name: 'new' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'old', ranges: ['10.1.0.0/29'] });
  assert.deepEqual(sampled().slice(0, 2), before);
  assert.equal((await api.ok<{ pool: string }>(200, 'GET', '/v1/pools/new/usage')).pool, 'new');

  await until(() => stream.messages().length >= 2, 'the stream does not tell the rename');
  const [{ changes: [change] = [] } = {}] = stream.messages();
  const { resource, action, name, path, after } = change ?? {};
  assert.deepEqual([resource, action, name, path], ['pool', 'changed', 'new', '/v1/pools/new']);
  assert.equal(change?.id, id);
  assert.equal((after as unknown as Pool).id, id);

  type Event = { action: string; name: string; before: Pool | null; after: Pool | null };
  const eventsOf = async (subject: string) => {
    const { items } = await api.ok<Items<Event>>(200, 'GET', `/v1/events?kind=pool&subject=${subject}`);
    return items.map(({ action, before, after }) => [action, before?.id, before?.name, after?.id, after?.name]);
  };
  await until(async () => (await eventsOf('new')).length === 1, 'the ledger does not have the rename');
  assert.deepEqual(await eventsOf('new'), [['changed', id, 'old', id, 'new']]);
  const hold = (await api.ok<Items<{ pool: string }>>(200, 'GET', '/v1/addresses/10.0.0.0/history')).items;
  assert.deepEqual(
    hold.map(({ pool }) => pool),
    ['new'],
  );
});

test('a pool that an older version wrote has its name as id, and can be renamed', async (t) => {
  const { api, store, views } = await servedApi(t);
  const value = JSON.stringify({ v: 1, name: 'first', ranges: ['10.0.0.0/29'], ...poolDefaults });
  const { revision } = await store.commit({
    compares: [],
    operations: [{ kind: 'put', key: poolKey('first'), value }],
  });
  await views.reached(revision);
  assert.equal((await api.ok<Pool>(200, 'GET', '/v1/pools/first')).id, 'first');
  await api.ok(201, 'POST', '/v1/pools/first/allocations', {});
  assert.equal((await api.ok<Pool>(200, 'PATCH', '/v1/pools/first', { name: 'second' })).id, 'first');
  const other = await api.ok<Pool>(201, 'POST', '/v1/pools', { name: 'first', ranges: ['10.1.0.0/29'] });
  assert.notEqual(other.id, 'first');
  assert.equal((await api.ok<Pool>(200, 'GET', '/v1/pools/second')).usage.ipv4.used, '1');
  const allocated = await api.ok<Items<{ pool: string }>>(201, 'POST', '/v1/pools/second/allocations', {});
  assert.equal(allocated.items[0]?.pool, 'second');
});
