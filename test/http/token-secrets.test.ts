// The secret of a token is only in the answer that makes it: not in the log, not in other answers, and not in the store
// or its audit events. Logs at every level, and sends all operations of the description, also with the token in places
// where a client may put it by mistake.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pino } from 'pino';
import supertest from 'supertest';
import { adminToken, apiAt, type Method } from '../support/api-client.ts';
import { audit, eventsIn } from '../support/audit-trail.ts';
import { servedApi } from '../support/served-api.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

interface Parameter {
  in: string;
  name: string;
  example?: unknown;
}
interface Operation {
  operationId: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { example?: unknown }> };
}
const description = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
};

/** Returns the request of an operation with the examples of the description. */
function exampleOf(path: string, method: string, { parameters = [], requestBody }: Operation) {
  const filled = parameters
    .filter((one) => one.in === 'path')
    .reduce((text, { name, example }) => text.replace(`{${name}}`, encodeURIComponent(String(example))), path);
  const [mediaType, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return { path: filled, method: method.toUpperCase() as Method, mediaType, body: content?.example };
}

const examples = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => exampleOf(path, method, operation)),
);

test('no secret of a token is in the log, in another answer, or in the store', async (t) => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const served = await servedApi(t, { logger, audit });
  const { url, api } = served;
  const tokens = await Promise.all(
    (['admin', 'operator', 'viewer'] as const).map(async (role) => (await tokenFor(served, role, { role })).token),
  );
  const made: string[] = [];
  const answers: string[] = [];
  const note = ({ text, headers, body }: supertest.Response, own?: string) => {
    const { token, ...others } = (body ?? {}) as { token?: string };
    if (token?.startsWith('zw_') && own !== undefined) made.push(token);
    answers.push(JSON.stringify(headers), token === undefined ? text : JSON.stringify(others));
  };
  for (const token of [adminToken, ...tokens]) {
    for (const { method, path, body, mediaType } of examples) {
      const headers = { 'content-type': mediaType ?? 'application/json', 'idempotency-key': `${path} ${token.length}` };
      const type: Record<string, string> = body === undefined ? {} : headers;
      for (let time = 0; time < 2; time += 1) note(await apiAt(url, token).send(method, path, body, type), token);
    }
  }
  const secrets = [...tokens, ...made].map((token) => token.split('_').slice(2).join('_'));
  assert.ok(made.length >= 2, 'no token was made or rotated');

  // These requests have the token in a wrong place, or tokens that are nearly right.
  const [token = ''] = tokens;
  const agent = supertest(url);
  note(await agent.get(`/v1/${token}`));
  note(await agent.get(`/v1/pools?token=${token}`).set('authorization', `Bearer ${token}x`));
  note(await agent.get('/v1/pools').set('authorization', `Basic ${token}`));
  note(await agent.get('/v1/pools').set('authorization', `Bearer ${token}`).set('authorization', `Bearer  ${token} x`));
  for (const wrong of [`${token}x`, token.toUpperCase(), token.replace('zw_admin', 'zw_other')])
    note(await agent.get('/v1/pools').set('authorization', `Bearer ${wrong}`));
  for (const body of [{ name: token }, { name: 'a', [token]: 1 }]) note(await api.send('POST', '/v1/hosts', body));
  for (const path of [`/v1/hosts/${token}`, `/v1/hosts?${token}=1`, `/v1/tokens/${token}`])
    note(await api.send('GET', path));
  await api.ok(204, 'DELETE', '/v1/tokens/viewer');
  note(await agent.get('/v1/pools').set('authorization', `Bearer ${tokens[2]}`));
  await until(
    async () => Object.keys(await served.dump()).some((key) => key.startsWith('activity/')),
    'no use is written',
  );

  const stored = JSON.stringify(await served.dump());
  // The events have the fields of the tokens, but not the hashes of their secrets.
  const events = await eventsIn(served.store);
  assert.ok(events.some(({ resource, after }) => resource === 'token' && after?.rotatedAt !== undefined));
  const kept = [...served.views.tokens.values()].flatMap(({ value }) => [value.hash, value.salt]);
  for (const one of kept) assert.ok(!JSON.stringify(events).includes(one), 'an event has a hash or a salt');
  const logged = lines.join('');
  const told = answers.join('\n');
  assert.ok(lines.length > 50 && stored.length > 1000 && told.length > 10_000);
  for (const secret of [...secrets, adminToken]) {
    assert.ok(!logged.includes(secret), `the log has ${secret}: ${lines.find((line) => line.includes(secret))}`);
    assert.ok(!stored.includes(secret), `the store has ${secret}`);
    assert.ok(!told.includes(secret), `an answer has ${secret}: ${answers.find((text) => text.includes(secret))}`);
  }
});
