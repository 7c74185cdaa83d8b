// Requests with `?wait=` wait for a free address, the longest waiting first.

import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { Response as Answer } from 'supertest';
import { type Placed, WaitingLine } from '../../src/control/addresses/waiting-line.ts';
import { decideAllocateAddresses } from '../../src/control/allocations/allocate-addresses.ts';
import { allocate, release as releaseStep } from '../control/steps.ts';
import { type Api, adminToken } from '../support/api-client.ts';
import { testActor } from '../support/control-plane.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const ranges = ['10.0.0.0/31'];
const allocations = '/v1/pools/p/allocations';
type Items = { items: { address: string }[] };
const addressOf = ({ body }: Answer) => (body as Items).items[0]?.address;

/** Serves a pool of two addresses, both of which are in use. */
async function prepare(t: TestContext, more: object = {}): Promise<ServedApi> {
  const served = await servedApi(t);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges, ...more });
  await api.ok(201, 'POST', allocations, { count: 2 });
  return served;
}

/** Sends requests one after the other. Resolves when all of them wait, with the promises of their answers. */
async function queue({ api, line }: ServedApi, requests: [path: string, body: unknown][]): Promise<Promise<Answer>[]> {
  const answers: Promise<Answer>[] = [];
  for (const [path, body] of requests) {
    const size = line.size;
    answers.push(api.send('POST', path, body));
    await until(() => line.size > size, 'a request does not wait');
  }
  return answers;
}

const release = (api: Api, address: string) => api.ok(204, 'DELETE', `/v1/addresses/${address}`);
const wait = (seconds = 30) => `${allocations}?wait=${seconds}`;

test('the request that waits longest gets the next address, whether for a host or an allocation', async (t) => {
  const served = await prepare(t);
  const [host, second, third] = await queue(served, [
    ['/v1/hosts?wait=30', { name: 'a.z' }],
    [wait(), { owner: 'second' }],
    [wait(), { owner: 'third' }],
  ]);
  await release(served.api, '10.0.0.1');
  const created = (await host) as Answer;
  assert.equal(created.status, 201);
  assert.equal((created.body as { addresses: { address: string }[] }).addresses[0]?.address, '10.0.0.1');
  assert.equal(served.line.size, 2);
  await served.api.ok(204, 'DELETE', '/v1/hosts/a.z');
  assert.equal(addressOf((await second) as Answer), '10.0.0.1');
  await served.api.ok(200, 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/30'] });
  assert.equal(addressOf((await third) as Answer), '10.0.0.2');
  assert.equal(served.line.size, 0);
});

test('several addresses that become free at once go to those who wait, in their order', async (t) => {
  const served = await prepare(t);
  const requests = Array.from({ length: 12 }, (_, index): [string, unknown] => [wait(), { owner: `${index}` }]);
  const answers = await queue(served, requests);
  await served.api.ok(200, 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0-10.0.0.9'] });
  const given = await Promise.all(answers.slice(0, 8));
  assert.deepEqual(
    given.map(addressOf),
    Array.from({ length: 8 }, (_, index) => `10.0.0.${index + 2}`),
  );
  assert.equal(served.line.size, 4);
});

test('nobody overtakes those who wait: neither a request without "wait", nor a small one a large one', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const [large, small] = await queue(served, [
    [wait(), { count: 2 }],
    [wait(), { count: 1 }],
  ]);
  await release(api, '10.0.0.0');
  const problem = await api.refused('pool_exhausted', 'POST', allocations, {}, [':pool']);
  assert.match(
    String(problem.detail),
    /no ipv4 address is left in pool 'p' .*1 free, but kept for requests that wait longer and need 3/,
  );
  await api.refused('pool_exhausted', 'POST', '/v1/hosts', { name: 'b.z' }, ['/families']);
  assert.equal(served.line.size, 2);
  const named = await api.ok<Items>(201, 'POST', allocations, { addresses: ['10.0.0.0'] });
  assert.equal(named.items.length, 1, 'a request that names an address does not get it');
  await api.ok(200, 'PATCH', '/v1/pools/p', { ranges: ['10.0.0.0/29'] });
  assert.deepEqual(((await large) as Answer & { body: Items }).body.items.length, 2);
  assert.equal(addressOf((await small) as Answer), '10.0.0.4');
});

test('who waits behind a request that leaves gets the address that was kept for it', async (t) => {
  const served = await prepare(t);
  const [large, small] = await queue(served, [
    [wait(1), { count: 2 }],
    [wait(10), {}],
  ]);
  await release(served.api, '10.0.0.0');
  assert.equal(((await large) as Answer).status, 409);
  assert.equal(addressOf((await small) as Answer), '10.0.0.0');
});

test('an address that becomes free while a request begins to wait is not missed', async (t) => {
  const { api, committer } = await prepare(t);
  const commit = committer.commit.bind(committer);
  let refused = 0;
  committer.commit = async (actor, decide, options) => {
    const committed = commit(actor, decide, options);
    await committed.catch(async () => ++refused === 1 && release(api, '10.0.0.0'));
    return committed;
  };
  assert.equal(addressOf(await api.send('POST', wait(10), {})), '10.0.0.0');
});

test('a host that waits for one family keeps one address of the other, in one pool', async (t) => {
  const served = await servedApi(t);
  const { api, committer } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/31', 'fd00::1'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.1.0.0'], priority: 9 });
  await api.ok(201, 'POST', allocations, { addresses: ['fd00::1'] });
  const [host] = await queue(served, [['/v1/hosts?wait=30', { name: 'a.z', families: ['ipv4', 'ipv6'] }]]);
  // It tries three times more, and each time another request is first.
  const commit = committer.commit.bind(committer);
  let refused = 0;
  committer.commit = async (actor, decide, options) => {
    if (actor.kind !== 'token' || !actor.request?.what.startsWith('POST /v1/hosts') || refused === 3)
      return commit(actor, decide, options);
    await commit(testActor, allocate('fd00::1'));
    return commit(actor, decide, options).finally(() => {
      refused += 1;
    });
  };
  for (let times = 1; times <= 3; times += 1) {
    await commit(testActor, releaseStep('fd00::1'));
    await until(() => refused === times, 'the host does not try again');
  }
  await api.refused('pool_exhausted', 'POST', allocations, { count: 2, family: 'ipv4' }, [':pool']);
  assert.equal(addressOf(await api.send('POST', allocations, { family: 'ipv4' })), '10.0.0.1');
  assert.equal(addressOf(await api.send('POST', '/v1/pools/q/allocations', {})), '10.1.0.0');
  await release(api, 'fd00::1');
  const { addresses } = ((await host) as Answer).body as { addresses: { address: string }[] };
  assert.deepEqual(
    addresses.map(({ address }) => address),
    ['10.0.0.0', 'fd00::1'],
  );
});

test('those who may not use a pool keep none of its addresses, and wake others for it', async (t) => {
  const served = await prepare(t);
  const { api, line } = served;
  const { api: scoped } = await tokenFor(served, 'team', { role: 'operator', pools: ['p'] });
  const first = scoped.send('POST', '/v1/hosts?wait=30', { name: 'a.z' });
  await until(() => line.size === 1, 'not 1 requests wait');
  const [second] = await queue(served, [['/v1/hosts?wait=30', { name: 'b.z' }]]);
  await api.ok(201, 'POST', '/v1/pools', { name: 'named', ranges: ['10.2.0.0'], autoAssign: false });
  assert.equal(addressOf(await api.send('POST', '/v1/pools/named/allocations', {})), '10.2.0.0');
  await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.1.0.0'] });
  assert.equal(((await second) as Answer).status, 201);
  await release(api, '10.0.0.0');
  assert.equal((await first).status, 201);
});

test('a request for more addresses than the pool can ever give does not wait, and holds nobody up', async (t) => {
  const { api, line } = await prepare(t);
  const large = await api.refused('pool_exhausted', 'POST', wait(), { count: 3 }, [':pool']);
  assert.match(String(large.detail), /pool 'p' does not have 3 ipv4 addresses, but 2 at most/);
  const other = await api.refused('pool_exhausted', 'POST', wait(), { family: 'ipv6' }, [':pool']);
  assert.match(String(other.detail), /pool 'p' has no ipv6 ranges/);
  await api.refused('pool_exhausted', 'POST', '/v1/hosts?wait=30', { name: 'a.z', pool: 'p', families: ['ipv6'] });
  await api.ok(201, 'POST', '/v1/pools', { name: 'site', ranges: ['10.4.0.0/29'] });
  await api.ok(201, 'POST', '/v1/pools/site/pools', { name: 'rack', prefixLength: 30 });
  const around = await api.refused('pool_exhausted', 'POST', '/v1/pools/site/allocations?wait=30', { count: 5 });
  assert.match(String(around.detail), /pool 'site' does not have 5 ipv4 addresses, but 4 at most/);
  assert.equal(line.size, 0);
});

suite('what wakes those who wait', () => {
  test('the end of a cool-down, a new pool, and a record that no longer names an address', async (t) => {
    const served = await prepare(t, { coolDownSeconds: 1, autoAssign: false });
    const { api } = served;
    const [cooled] = await queue(served, [[wait(), {}]]);
    await release(api, '10.0.0.1');
    assert.equal(addressOf((await cooled) as Answer), '10.0.0.1');
    const [host] = await queue(served, [['/v1/hosts?wait=30', { name: 'a.z' }]]);
    await api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['10.1.0.0'] });
    assert.equal(((await host) as Answer).status, 201);
    await api.ok(204, 'DELETE', '/v1/hosts/a.z');
    await api.ok(201, 'PUT', '/v1/zones/z/rrsets/own/A', { records: ['10.1.0.0'] });
    const [freed] = await queue(served, [['/v1/pools/q/allocations?wait=30', {}]]);
    await api.ok(204, 'DELETE', '/v1/zones/z/rrsets/own/A');
    assert.equal(addressOf((await freed) as Answer), '10.1.0.0');
  });

  test('a client that leaves is forgotten, and the next one gets the address', async (t) => {
    const served = await prepare(t);
    const leaving = new AbortController();
    const gone = fetch(`${served.url}${wait()}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: '{}',
      signal: leaving.signal,
    }).catch(() => undefined);
    await until(() => served.line.size === 1, 'not 1 requests wait');
    const [next] = await queue(served, [[wait(), {}]]);
    leaving.abort();
    await gone;
    await until(() => served.line.size === 1, 'not 1 requests wait');
    await release(served.api, '10.0.0.0');
    assert.equal(addressOf((await next) as Answer), '10.0.0.0');
  });
});

test('a host that prefers families waits for one of them', async (t) => {
  const served = await prepare(t);
  const body = { name: 'a.z', families: ['ipv4', 'ipv6'], prefer: true };
  const [host] = await queue(served, [['/v1/hosts?wait=30', body]]);
  const { detail } = await served.api.refused('pool_exhausted', 'POST', allocations, {}, [':pool']);
  assert.match(String(detail), /the next 1 are kept/);
  await release(served.api, '10.0.0.1');
  const created = (await host) as Answer;
  assert.deepEqual([created.status, (created.body as { addresses: unknown[] }).addresses.length], [201, 1]);
});

test('a wait ends with pool_exhausted when the time is over, and other refusals come at once', async (t) => {
  const { api, line } = await prepare(t);
  const { detail } = await api.refused('pool_exhausted', 'POST', wait(1), {}, [':pool']);
  assert.match(String(detail), /2 of 2 used/);
  assert.equal(line.size, 0);
  const twice = { name: 'a.z', aliases: ['none.test'] };
  await api.refused('pool_exhausted', 'POST', '/v1/hosts?wait=60', twice, ['/aliases/0', '/families']);
  await api.refused('address_taken', 'POST', wait(60), { addresses: ['10.0.0.0'] }, ['/addresses/0']);
  await api.ok(200, 'PATCH', '/v1/pools/p', { drain: true });
  await api.refused('pool_exhausted', 'POST', wait(60), {}, [':pool']);
  for (const seconds of [0, 61]) await api.refused('invalid_request', 'POST', wait(seconds), {}, ['?wait', ':pool']);
});

test('a repeated request waits with the first one, and both get the same address', async (t) => {
  const served = await prepare(t);
  const { api, line } = served;
  const send = (path: string) => api.send('POST', path, { owner: 'x' }, { 'idempotency-key': 'k' });
  const first = send(wait());
  await until(() => line.size === 1, 'not 1 requests wait');
  const second = send(wait(20));
  await until(() => line.size === 2, 'not 2 requests wait');
  await release(api, '10.0.0.0');
  assert.deepEqual([await first, await second].map(addressOf), ['10.0.0.0', '10.0.0.0']);
  assert.equal(line.size, 0);
});

test('a client that has gone before it waits does not wait', { timeout: 20_000 }, async (t) => {
  const served = await prepare(t);
  const { line, committer, views } = served;
  await tokenFor(served, 'short', { role: 'admin', expiresInSeconds: 30 });
  const stored = views.tokens.get('short')?.value ?? assert.fail();
  for (const actor of [testActor, { ...testActor, id: 'short', stored }]) {
    let attempts = 0;
    const attempt = (placed: Placed) => {
      attempts += 1;
      const wanted = { pool: 'p', count: 1, owner: '', ids: ['x'] };
      return committer.commit(
        actor,
        placed((context) => decideAllocateAddresses(context, wanted)),
      );
    };
    const options = { seconds: 60, gone: AbortSignal.abort() };
    await assert.rejects(line.wait(actor, options, attempt), { code: 'pool_exhausted' });
    assert.deepEqual([attempts, line.size], [1, 0]);
  }
});

test('the line is bounded for one token and for all, is counted, and ends with the replica', async (t) => {
  const served = await prepare(t);
  const { api, line, metrics, views } = served;
  const answers = await queue(served, [
    [wait(), {}],
    [wait(), {}],
  ]);
  const [gauge] = (await metrics.getSingleMetric('zonewright_waiting_requests')?.get())?.values ?? [];
  assert.equal(gauge?.value, 2);
  const small = new WaitingLine(views, { all: 2, ofToken: 1 });
  const actor = { kind: 'token', id: 'a', name: 'a', rights: { role: 'admin' } } as const;
  const other = { ...actor, id: 'b' } as const;
  const third = { ...actor, id: 'c' } as const;
  const never = new AbortController().signal;
  const ask = (who: typeof actor | typeof other | typeof third) =>
    small.wait(who, { seconds: 60, gone: never }, (placed) =>
      served.committer.commit(
        who,
        placed((context) => decideAllocateAddresses(context, { pool: 'p', count: 1, owner: '', ids: ['x'] })),
      ),
    );
  const waiting = [ask(actor)];
  await until(() => small.size === 1, 'not 1 requests wait');
  await assert.rejects(ask(actor), { code: 'too_many_waiting' });
  waiting.push(ask(other));
  await until(() => small.size === 2, 'not 2 requests wait');
  await assert.rejects(ask(third), { code: 'too_many_waiting' });
  small.close();
  for (const one of waiting) await assert.rejects(one, { code: 'shutting_down' });
  line.close();
  for (const answer of answers) assert.equal((await answer).status, 503);
  await api.refused('shutting_down', 'POST', wait(), {});
});

test('a request keeps its place when its pool is renamed, also if another pool gets the name', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const [host, allocation] = await queue(served, [
    ['/v1/hosts?wait=30', { name: 'a.z', pool: 'p' }],
    [wait(), {}],
  ]);
  await api.ok(200, 'PATCH', '/v1/pools/p', { name: 'renamed' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.7.0.0/31'] });
  await release(api, '10.0.0.1');
  const created = (await host) as Answer;
  assert.equal(created.status, 201, created.text);
  const { addresses } = created.body as { addresses: { address: string; pool: string }[] };
  assert.deepEqual([addresses[0]?.address, addresses[0]?.pool], ['10.0.0.1', 'renamed']);
  await release(api, '10.0.0.0');
  assert.equal(addressOf((await allocation) as Answer), '10.0.0.0');
});
