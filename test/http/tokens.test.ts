// /v1/tokens: how tokens are created, shown, rotated and revoked. rights-of-tokens.test.ts and scopes.test.ts test
// their rights.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activityKey, activityValue } from '../../src/store/kinds/activity.ts';
import { tokenKey, tokenValue } from '../../src/store/kinds/token.ts';
import { apiAt } from '../support/api-client.ts';
import { audit, eventsIn } from '../support/audit-trail.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Token {
  id: string;
  name: string;
  createdAt: string;
  rotatedAt?: string;
  expiresAt?: string;
  lastUsedAt?: string;
  token?: string;
  [field: string]: unknown;
}

test('a token is shown as it was created, and its secret only once', async (t) => {
  const { api, url } = await servedApi(t);
  const body = {
    name: 'CI runner (Köln)',
    role: 'operator',
    zones: ['A.k8s.', 'müller.example'],
    pools: [],
    owner: 'team-a',
    expiresInSeconds: 3600,
  };
  const answer = await api.send('POST', '/v1/tokens', body);
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.headers.location, '/v1/tokens/ci-runner-koln');
  const { token, ...shown } = answer.body as Token;
  assert.match(token ?? '', /^zw_ci-runner-koln_[A-Za-z0-9_-]{43}$/);
  const { createdAt, expiresAt } = shown;
  assert.deepEqual(shown, {
    id: 'ci-runner-koln',
    name: body.name,
    role: 'operator',
    zones: ['a.k8s', 'xn--mller-kva.example'],
    pools: [],
    owner: 'team-a',
    createdAt,
    expiresAt,
  });
  assert.equal(Date.parse(expiresAt ?? '') - Date.parse(createdAt), 3_600_000);
  const read = await api.send('GET', '/v1/tokens/ci-runner-koln');
  assert.deepEqual(read.body, shown);
  assert.equal(read.headers.etag, answer.headers.etag);
  assert.equal(
    (await api.send('GET', '/v1/tokens/ci-runner-koln', undefined, { 'if-none-match': String(read.headers.etag) }))
      .status,
    304,
  );
  assert.deepEqual(await api.ok(200, 'GET', '/v1/tokens?total=true'), { items: [shown], nextCursor: null, total: 1 });
  await apiAt(url, token ?? '').refused('forbidden', 'GET', '/v1/tokens');
});

test('tokens are listed by their ids, page by page', async (t) => {
  const served = await servedApi(t);
  for (const name of ['c', 'a', 'b']) await tokenFor(served, name);
  const first = await served.api.ok<{ items: Token[]; nextCursor: string }>(200, 'GET', '/v1/tokens?limit=2');
  const second = await served.api.ok<{ items: Token[] }>(200, 'GET', `/v1/tokens?cursor=${first.nextCursor}`);
  assert.deepEqual(
    [...first.items, ...second.items].map(({ id }) => id),
    ['a', 'b', 'c'],
  );
});

test('wrong fields are refused, all at once', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  const pointers: [unknown, string[]][] = [
    [{ name: 'a' }, ['/role']],
    [{ name: 'a', role: 'root' }, ['/role']],
    [{ name: 'a', role: 'viewer', expiresInSeconds: 0 }, ['/expiresInSeconds']],
    [{ name: 'a', role: 'viewer', owner: '' }, ['/owner']],
    [{ name: '', role: 'viewer' }, ['/name']],
    [{ name: '環境', role: 'viewer' }, ['/name']],
    [{ name: 'a\u200bb', role: 'viewer' }, ['/name']],
    [{ name: 'Environment', role: 'viewer' }, ['/name']],
    [{ name: '環境', role: 'viewer', zones: ['a', 'a..b', 'A.'] }, ['/name', '/zones/1', '/zones/2']],
    [{ name: 'a', role: 'viewer', pools: ['P'] }, ['/pools/0']],
    [{ name: 'a', role: 'viewer', pools: ['p', 'p'] }, ['/pools/1']],
  ];
  for (const [body, expected] of pointers) await api.refused('invalid_request', 'POST', '/v1/tokens', body, expected);
  await api.ok(201, 'POST', '/v1/tokens', { name: 'a', role: 'viewer' });
  await api.refused('already_exists', 'POST', '/v1/tokens', { name: 'A!', role: 'admin' });
  for (const [method, path] of [
    ['GET', '/v1/tokens/b'],
    ['DELETE', '/v1/tokens/b'],
    ['POST', '/v1/tokens/b/rotate'],
  ] as const)
    await api.refused('not_found', method, path);
});

test('a rotated token has a new secret, the same rights, and as much time as before', async (t) => {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.0.0.0/29'] });
  const { api: old, token } = await tokenFor(served, 'team', { role: 'viewer', pools: ['p'], expiresInSeconds: 60 });
  await old.ok(200, 'GET', '/v1/pools');
  const before = await served.api.ok<Token>(200, 'GET', '/v1/tokens/team');
  const rotated = await served.api.ok<Token>(200, 'POST', '/v1/tokens/team/rotate');
  assert.notEqual(rotated.token, token);
  const { rotatedAt = '', expiresAt = '' } = rotated;
  assert.equal(Date.parse(expiresAt) - Date.parse(rotatedAt), 60_000);
  const { token: secret = '', ...shown } = rotated;
  assert.deepEqual({ ...shown, lastUsedAt: undefined }, { ...before, rotatedAt, expiresAt, lastUsedAt: undefined });
  await old.refused('unauthorized', 'GET', '/v1/pools');
  await apiAt(served.url, secret).ok(200, 'GET', '/v1/pools');
});

test('each rotation is an event, also two in one millisecond and one after the clock was set back', async (t) => {
  const served = await servedApi(t, { audit });
  const start = Date.now();
  let now = start;
  t.mock.method(Date, 'now', () => now);
  await served.api.ok(201, 'POST', '/v1/tokens', { name: 'team', role: 'viewer', expiresInSeconds: 60 });
  const rotate = () => served.api.ok<Token>(200, 'POST', '/v1/tokens/team/rotate');
  for (let count = 0; count < 3; count += 1) await rotate();
  now = start - 5_000;
  await rotate();
  const times = (await eventsIn(served.store))
    .filter(({ action }) => action === 'changed')
    .map(({ before, after }) => [before?.rotatedAt, after?.rotatedAt, after?.expiresAt]);
  const at = (milliseconds: number) => new Date(start + milliseconds).toISOString();
  assert.deepEqual(times, [
    // The token was created in the same millisecond, so its end stays the same.
    [undefined, at(0), undefined],
    [at(0), at(1), at(60_001)],
    [at(1), at(2), at(60_002)],
    [at(2), at(-5_000), at(55_000)],
  ]);
});

test('a token can rotate and revoke itself, and then is no longer valid', async (t) => {
  const served = await servedApi(t);
  const { api } = await tokenFor(served, 'boss');
  const { token = '' } = await api.ok<Token>(200, 'POST', '/v1/tokens/boss/rotate');
  await api.refused('unauthorized', 'GET', '/v1/pools');
  const again = apiAt(served.url, token);
  await again.ok(204, 'DELETE', '/v1/tokens/boss');
  await again.refused('unauthorized', 'GET', '/v1/pools');
});

test('an expired token is refused with the reason, and a rotation makes it valid again', async (t) => {
  const served = await servedApi(t);
  const { api } = await tokenFor(served, 'team', { role: 'viewer', expiresInSeconds: 1 });
  await until(async () => (await api.send('GET', '/v1/pools')).status === 401, 'the token does not expire');
  const { detail } = await api.refused('unauthorized', 'GET', '/v1/pools');
  assert.match(detail, /'team' expired at .*rotate/);
  const { token = '' } = await served.api.ok<Token>(200, 'POST', '/v1/tokens/team/rotate');
  await apiAt(served.url, token).ok(200, 'GET', '/v1/pools');
});

test('a revoked token is gone with its last use, and only if it is as the request requires', async (t) => {
  const served = await servedApi(t);
  const { api, token } = await tokenFor(served, 'team', { role: 'viewer' });
  await api.ok(200, 'GET', '/v1/pools');
  const kept = async () => Object.keys(await served.dump()).filter((key) => key === activityKey('team'));
  await until(async () => (await kept()).length === 1, 'the use is not written');
  const conflict = await served.api.send('DELETE', '/v1/tokens/team', undefined, { 'if-match': '"1"' });
  assert.equal(conflict.status, 412);
  await served.api.ok(204, 'DELETE', '/v1/tokens/team');
  await api.refused('unauthorized', 'GET', '/v1/pools');
  assert.deepEqual(await kept(), []);
  await tokenFor(served, 'team', { role: 'admin' });
  await apiAt(served.url, token).refused('unauthorized', 'GET', '/v1/pools');
});

test('the last use is shown, to the hour', async (t) => {
  const served = await servedApi(t);
  const { api } = await tokenFor(served, 'team', { role: 'viewer' });
  const read = () => served.api.ok<Token>(200, 'GET', '/v1/tokens/team');
  assert.equal((await read()).lastUsedAt, undefined);
  await api.ok(200, 'GET', '/v1/pools');
  await until(async () => (await read()).lastUsedAt !== undefined, 'the use is not written');
  const { lastUsedAt = '' } = await read();
  assert.match(lastUsedAt, /^\d{4}-\d\d-\d\dT\d\d:00:00.000Z$/);
  const stored = (await served.store.get(activityKey('team')))?.value ?? assert.fail();
  assert.deepEqual(activityValue.decode(stored), { token: 'team', lastUsedAt });
});

test('with an Idempotency-Key, a repeated request gets the token without its secret', async (t) => {
  const { api, dump, url } = await servedApi(t);
  const key = { 'idempotency-key': 'k' };
  const create = () => api.send('POST', '/v1/tokens', { name: 'team', role: 'viewer' }, key);
  const [first, again] = [await create(), await create()];
  assert.deepEqual([first.status, again.status], [201, 201]);
  const { token: secret = '', ...shown } = first.body as Token;
  assert.deepEqual(again.body, shown);
  assert.deepEqual([again.headers.etag, again.headers.location], [first.headers.etag, first.headers.location]);
  await apiAt(url, secret).ok(200, 'GET', '/v1/pools');

  const rotate = () => api.send('POST', '/v1/tokens/team/rotate', undefined, { 'idempotency-key': 'r' });
  const [rotated, repeated] = [await rotate(), await rotate()];
  const { token: other = '', ...rest } = rotated.body as Token;
  assert.deepEqual(repeated.body, rest);
  await apiAt(url, other).ok(200, 'GET', '/v1/pools');
  await apiAt(url, secret).refused('unauthorized', 'GET', '/v1/pools');
  const stored = JSON.stringify(await dump());
  for (const one of [secret, other]) assert.ok(!stored.includes(one.split('_').slice(2).join('_')));
});

test('a token that an older version has stored is an admin token without a scope', async (t) => {
  const served = await servedApi(t);
  const { token } = await tokenFor(served, 'old', { role: 'viewer', zones: [] });
  const entry = (await served.store.get(tokenKey('old'))) ?? assert.fail();
  const { id, hash, salt, createdAt } = tokenValue.decode(entry.value);
  const value = JSON.stringify({ v: 1, id, hash, salt, role: 'admin', createdAt });
  const { revision } = await served.store.commit({
    compares: [],
    operations: [{ kind: 'put', key: entry.key, value }],
  });
  await served.views.reached(revision);
  const api = apiAt(served.url, token);
  assert.deepEqual(await api.ok(200, 'GET', '/v1/tokens/old'), { id, name: id, role: 'admin', createdAt });
});

test('a stored token with the id `environment` is not served', async (t) => {
  const served = await servedApi(t);
  await tokenFor(served, 'team');
  const { value } = (await served.store.get(tokenKey('team'))) ?? assert.fail();
  const key = tokenKey('environment');
  const forged = value.replace('"id":"team"', '"id":"environment"');
  const { revision } = await served.store.commit({ compares: [], operations: [{ kind: 'put', key, value: forged }] });
  await served.views.reached(revision);
  assert.match(served.views.faults.get(key)?.message ?? '', /environment/);
  await served.api.refused('not_found', 'GET', '/v1/tokens/environment');
});
