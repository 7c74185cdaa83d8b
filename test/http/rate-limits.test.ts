// The limit for the requests of each token, the headers of answers about it, and requests that are not limited.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemIn } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';

test('beyond its limit a token gets 429 with Retry-After, and other tokens do not', async (t) => {
  const served = await servedApi(t, { services: { apiRateLimit: 3 } });
  const { api: one } = await tokenFor(served, 'one');
  const { api: other } = await tokenFor(served, 'other', { role: 'viewer' });
  const answers = [];
  for (let count = 0; count < 4; count += 1) answers.push(await one.send('GET', '/v1/pools'));
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers['ratelimit-policy'], headers.ratelimit?.replace(/t=.*/, '')]),
    [
      [200, '"token";q=3;w=60', '"token";r=2;'],
      [200, '"token";q=3;w=60', '"token";r=1;'],
      [200, '"token";q=3;w=60', '"token";r=0;'],
      [429, '"token";q=3;w=60', '"token";r=0;'],
    ],
  );
  const last = answers[3] ?? assert.fail();
  assert.equal(problemIn(last).code, 'rate_limited');
  const wait = Number(last.headers['retry-after']);
  assert.ok(wait >= 1 && wait <= 20, String(wait));
  // Refused requests count too, also those for which the token has no right.
  await other.refused('forbidden', 'POST', '/v1/zones', { name: 'a.test' });
  assert.match((await other.send('GET', '/v1/pools')).headers.ratelimit ?? '', /^"token";r=1;t=/);
});

test('by default there is no limit, and the token from the environment never has one', async (t) => {
  const unlimited = await servedApi(t);
  const { api } = await tokenFor(unlimited, 'one');
  const { headers } = await api.send('GET', '/v1/pools');
  assert.equal(headers.ratelimit ?? headers['ratelimit-policy'], undefined);
  const limited = await servedApi(t, { services: { apiRateLimit: 1 } });
  for (let count = 0; count < 3; count += 1) await limited.api.ok(200, 'GET', '/v1/pools');
});
