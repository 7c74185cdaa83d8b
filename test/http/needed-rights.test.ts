// Each operation has a row with the role that it needs. Without a row, the API does not start. rights-of-tokens.test.ts
// tests what the rows mean for each token.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fastify from 'fastify';
import { neededRights, requireRows } from '../../src/http/needed-rights.ts';

const description = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, { operationId: string }>>;
};

test('each operation of the description has a row, and each row has an operation', () => {
  const operations = Object.values(description.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  assert.deepEqual(Object.keys(neededRights).sort(), operations.sort());
});

for (const [what, schema] of [
  ['an operation without a row', { operationId: 'newOperation' }],
  ['a name that every object has', { operationId: 'constructor' }],
  ['a route without an operation', { summary: 'x' }],
  ['a route without a schema', undefined],
] as const) {
  test(`${what} ends the start`, async () => {
    const app = fastify();
    requireRows(app);
    const add = () => app.get('/v1/new', { ...(schema && { schema }) }, async () => ({}));
    assert.throws(add, /GET \/v1\/new has no row in neededRights/);
    app.get('/v1/pools', { schema: { operationId: 'listPools' } as object }, async () => ({}));
    app.get('/docs', { schema: { hide: true } as object }, async () => ({}));
    await app.close();
  });
}
