// A request that takes long writes nothing more after its token was deleted, rotated or expired, or got other rights.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenKey, tokenValue } from '../../src/store/kinds/token.ts';
import { csv } from '../support/csv-imports.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

async function prepare(t: Cleanup): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'z' });
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/16'] });
  return served;
}

const operator = { role: 'operator' } as const;
const deletion = ({ api }: ServedApi, id: string) => api.ok(204, 'DELETE', `/v1/tokens/${id}`);

async function expiry({ views }: ServedApi, id: string): Promise<void> {
  const expiresAt = Date.parse(views.tokens.get(id)?.value.expiresAt ?? assert.fail());
  await delay(expiresAt - Date.now() + 100);
}

/** No request changes the rights of a token, but a restored store may have other rights. */
async function narrow({ views, store }: ServedApi, id: string): Promise<void> {
  const { value } = views.tokens.get(id) ?? assert.fail();
  const operation = { kind: 'put', key: tokenKey(id), value: tokenValue.encode({ ...value, zones: [] }) } as const;
  const { revision } = await store.commit({ compares: [], operations: [operation] });
  await views.reached(revision);
}

/** Deletes the token before the replica begins its commit of this number, counted from now. */
function deleteBefore(served: ServedApi, count: number, id: string): void {
  const { committer } = served;
  const commit = committer.commit.bind(committer);
  let begun = 0;
  let deleted: Promise<unknown> = Promise.resolve();
  committer.commit = async (actor, decide, options) => {
    if (actor.kind === 'token' && actor.id === id) {
      begun += 1;
      if (begun === count) deleted = deletion(served, id);
      await deleted;
    }
    return commit(actor, decide, options);
  };
}

const ends: [how: string, end: (served: ServedApi, id: string) => Promise<unknown>, settings?: object][] = [
  ['deleted', deletion],
  ['rotated', ({ api }, id) => api.ok(200, 'POST', `/v1/tokens/${id}/rotate`, {})],
  // Time enough for the requests before: the token must be valid then, also on a slow machine.
  ['expired', expiry, { expiresInSeconds: 5 }],
  ['narrowed', narrow],
];

for (const [how, end, settings] of ends) {
  test(`a request that waits ends at once when its token was ${how}`, async (t) => {
    const served = await prepare(t);
    const { api, line } = served;
    await api.ok(201, 'POST', '/v1/pools', { name: 'small', ranges: ['10.9.0.0/31'], autoAssign: false });
    await api.ok(201, 'POST', '/v1/pools/small/allocations', { count: 2 });
    const { api: ended } = await tokenFor(served, how, { ...operator, ...settings });
    const allocate = '/v1/pools/small/allocations?wait=30';
    const waiting = [
      ended.send('POST', '/v1/hosts?wait=30', { name: 'a.z', pool: 'small' }),
      ended.send('POST', allocate, {}),
      ended.send('POST', allocate, {}, { 'idempotency-key': 'k' }),
    ];
    const after = api.send('POST', allocate, {});
    await until(() => line.size === 4, 'not 4 requests wait');
    // The line has looked at all pools: it is not for one of them that it looks again.
    await api.ok(200, 'PATCH', '/v1/pools/p', { description: 'changed' });
    await end(served, how);
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 401, answer.text);
    assert.equal(line.size, 1);
    await api.ok(204, 'DELETE', '/v1/addresses/10.9.0.1');
    assert.equal((await after).status, 201);
    assert.equal([...served.views.hosts.list()].length, 0);
  });
}

test('a request whose token ends while it begins to wait does not wait', async (t) => {
  const served = await prepare(t);
  const { api, line, committer } = served;
  await api.ok(201, 'POST', '/v1/pools', { name: 'full', ranges: ['10.9.0.0'], autoAssign: false });
  await api.ok(201, 'POST', '/v1/pools/full/allocations', {});
  const { api: ended } = await tokenFor(served, 'team', operator);
  const commit = committer.commit.bind(committer);
  let refused = 0;
  // The token ends when its request was refused, and is not in the line yet.
  committer.commit = async (actor, decide, options) => {
    const committed = commit(actor, decide, options);
    if (actor.kind !== 'token' || actor.id !== 'team' || ++refused > 1) return committed;
    await committed.catch(() => deletion(served, 'team'));
    return committed;
  };
  const answer = await ended.send('POST', '/v1/pools/full/allocations?wait=30', {});
  assert.deepEqual([answer.status, line.size, refused], [401, 0, 2]);
});

test('an import writes no more rows after its token was deleted, and says how many it has written', async (t) => {
  const files: [path: string, header: string, row: (at: number) => string][] = [
    ['/v1/hosts:import', 'name,pool', (at) => `h${at}.z,p`],
    ['/v1/pools/p/allocations:import', 'address', (at) => `10.0.${at >> 7}.${at & 127}`],
  ];
  for (const [path, header, row] of files)
    await importing(t, path, [header, ...Array.from({ length: 600 }, (_, at) => row(at))]);
});

async function importing(t: TestContext, path: string, lines: string[]): Promise<void> {
  const served = await prepare(t);
  const { api: ended } = await tokenFor(served, 'team', operator);
  deleteBefore(served, 200, 'team');
  const answer = await ended.send('POST', path, lines.join('\n'), csv);
  assert.equal(answer.status, 401, answer.text);
  const { id } = served.views.pools.find('p')?.value ?? assert.fail();
  const used = served.views.pools.usage(id, Date.now())?.ipv4?.used ?? 0n;
  assert.match(answer.text, new RegExp(`\\(${used} of 600 rows were written`));
  assert.ok(used > 0n && used < 200n, String(used));
}

test('a check of an import ends with its token', async (t) => {
  const served = await prepare(t);
  const { token } = await tokenFor(served, 'team', operator);
  const authorization = `Bearer ${token}`;
  // The token ends when the request is authenticated and a part of its body has arrived.
  async function* body() {
    yield Buffer.from('name,addresses\na.z,10.0.0.1\n');
    await until(() => served.views.activity.get('team') !== undefined, 'the token is not used');
    await deletion(served, 'team');
    yield Buffer.from('b.z,10.0.0.2\n');
  }
  const answer = await fetch(`${served.url}/v1/hosts:import?dryRun=true`, {
    method: 'POST',
    headers: { ...csv, authorization },
    body: Readable.toWeb(Readable.from(body())) as ReadableStream,
    duplex: 'half',
  } as RequestInit);
  assert.equal(answer.status, 401, await answer.text());
});

test('a batch creates no more hosts after its token was deleted', async (t) => {
  const served = await prepare(t);
  const { api: ended } = await tokenFor(served, 'team', operator);
  deleteBefore(served, 200, 'team');
  const hosts = Array.from({ length: 400 }, (_, at) => ({ name: `h${at}.z`, pool: 'p' }));
  const answer = await ended.send('POST', '/v1/hosts:batch', { hosts });
  const { created, items } = answer.body as { created: number; items: { status: number }[] };
  assert.ok(created > 0 && created < 200, String(created));
  assert.equal([...served.views.hosts.list()].length, created);
  assert.equal(items.filter(({ status }) => status === 401).length, 400 - created);
});
