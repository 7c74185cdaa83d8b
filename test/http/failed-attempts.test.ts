// Failed attempts are limited for each client, and logged without the presented secret. Tokens of the store are always
// accepted. Cited by src/http/auth.ts.

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { pino } from 'pino';
import { Allowances } from '../../src/http/allowances.ts';
import { failedAttempts } from '../../src/http/auth.ts';
import { adminToken, apiAt, problemIn } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import { storeEntries } from '../support/store-dump.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

const { size } = failedAttempts;

/** Sends a request from this address of this machine. Returns its status. */
function statusFrom(localAddress: string, url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const request = httpRequest(`${url}/v1/pools`, { localAddress, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    request.on('error', reject).end();
  });
}

test('a client with too many failed attempts gets 429, and other clients and valid tokens do not', async (t) => {
  const lines: string[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const served = await servedApi(t, { logger });
  const { api: team, token } = await tokenFor(served, 'team', { role: 'viewer' });
  const wrong = apiAt(served.url, 'zw_team_not-the-secret');
  for (let count = 0; count < size; count += 1) await wrong.refused('unauthorized', 'GET', '/v1/pools');
  const answer = await wrong.send('GET', '/v1/pools');
  assert.equal(problemIn(answer).code, 'too_many_attempts');
  assert.equal(answer.status, 429);
  assert.equal(answer.headers['retry-after'], String(failedAttempts.refillSeconds));
  await team.ok(200, 'GET', '/v1/pools');
  // The client at 127.0.0.1 has presented the admin token before, the client at 127.0.0.2 has not.
  await served.api.ok(200, 'GET', '/v1/pools');
  for (let count = 0; count < size; count += 1)
    assert.equal(await statusFrom('127.0.0.2', served.url, 'a-guess-of-the-token'), 401);
  assert.equal(await statusFrom('127.0.0.2', served.url, adminToken), 429);
  assert.equal(await statusFrom('127.0.0.2', served.url, token), 200);
  assert.equal(await statusFrom('127.0.0.3', served.url, adminToken), 200);

  const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const refused = logged.filter(({ msg }) => msg === 'a token is not valid');
  assert.equal(refused.length, 2 * size);
  assert.deepEqual([refused[0]?.from, refused[0]?.token], ['127.0.0.1', 'team']);
  for (const line of lines) assert.equal(line.match(/"requestId":"[^"]+"/g)?.length, 1, line);
  assert.equal(refused.at(-1)?.token, undefined, 'the event names a token, although none of the store was presented');
  const limited = logged.filter(({ msg }) => String(msg).startsWith('too many failed attempts'));
  assert.deepEqual(
    limited.map(({ from }) => from),
    ['127.0.0.1', '127.0.0.2'],
  );
  for (const secret of ['not-the-secret', 'a-guess-of-the-token', adminToken, token])
    assert.ok(!lines.join('').includes(secret), secret);
});

test('a request without a token does not count as an attempt', async (t) => {
  const { url } = await servedApi(t);
  for (let count = 0; count < 2 * size; count += 1) assert.equal((await fetch(`${url}/v1/pools`)).status, 401);
});

test('an allowance refills with time, and at most `maxKeys` keys are remembered', () => {
  const allowances = new Allowances({ size: 2, refillSeconds: 3, maxKeys: 100 });
  assert.ok(allowances.take('a', 0));
  assert.ok(allowances.take('a', 0));
  assert.ok(!allowances.take('a', 0));
  assert.equal(allowances.secondsUntil('a', 0, 1), 3);
  assert.equal(allowances.left('a', 2999), 0);
  assert.equal(allowances.left('a', 3000), 1);
  assert.equal(allowances.left('a', 1e9), 2);
  // A clock that is set back neither adds to an allowance nor makes it negative.
  assert.equal(allowances.left('a', -1e9), 0);
  for (let key = 0; key < 1000; key += 1) allowances.take(String(key), 0);
  assert.equal(allowances.keys, 100);
  assert.equal(allowances.left('999', 0), 1);
  assert.equal(allowances.left('0', 0), 2, 'the oldest key is still remembered');
});

test('failed attempts are in the ledger without secrets: one event a minute for each client, all in one transaction', async (t) => {
  const served = await servedApi(t, { ledger: true });
  const { api, url, views, store } = served;
  const { token } = await tokenFor(served, 'team', { role: 'viewer', expiresInSeconds: 60 });
  const [now, since] = [Date.now, Date.now()];
  let later = 0;
  t.mock.method(Date, 'now', () => now() + later);
  const before = views.revision;
  const attempts = size + 5;
  for (let count = 0; count < attempts; count += 1) await statusFrom('127.0.0.2', url, 'zw_team_not-the-secret');
  for (let client = 3; client < 20; client += 1) await statusFrom(`127.0.0.${client}`, url, 'a-guess-of-the-token');
  assert.equal(views.revision, before, 'an attempt was written');
  later = 61_000;
  await statusFrom('127.0.0.2', url, token);
  interface Event {
    revision: number;
    name: string;
    action: string;
    actor: { id: string };
    after: { attempts: number; since: string; until: string; tokens?: string[] };
  }
  let events: Event[] = [];
  const list = async () => {
    events = (await api.ok<{ items: Event[] }>(200, 'GET', '/v1/events?kind=authentication')).items;
    return events.length > 0;
  };
  await until(list, 'the attempts are not in the ledger');
  assert.equal(new Set(events.map(({ revision }) => revision)).size, 1);
  const byName = new Map(events.map((event) => [event.name, event.after]));
  assert.equal(byName.size, 11);
  const { attempts: told, tokens, ...times } = byName.get('127.0.0.2') ?? assert.fail();
  // The attempt with the expired token may be in this minute or in the next one.
  assert.ok(told === attempts || told === attempts + 1, String(told));
  assert.deepEqual(tokens, ['team']);
  assert.ok(Date.parse(times.since) >= since - 1 && times.since <= times.until);
  assert.deepEqual(byName.get('others')?.attempts, 8);
  assert.ok(events.every(({ action, actor }) => action === 'refused' && actor.id === 'authentication'));
  const text = JSON.stringify([events, await storeEntries(store)]);
  for (const secret of ['not-the-secret', 'a-guess-of-the-token', token]) assert.ok(!text.includes(secret), secret);
});
