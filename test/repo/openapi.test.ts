// The committed OpenAPI description agrees with the routes, and has what generators of clients need. test/description/
// runs the linters of Redocly and Spectral, and a generated client.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeApi } from '../../openapi/generate.ts';
import { errorCodes } from '../../src/errors.ts';

const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');
const description = JSON.parse(committed) as Description;
const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ what: `${method.toUpperCase()} ${path}`, ...operation })),
);

test('openapi.json is up to date (npm run openapi)', async () => {
  // assert.equal would print both descriptions whole.
  assert.ok(
    (await describeApi()) === committed,
    'openapi.json differs from the routes: run `npm run openapi`, and look at the difference',
  );
});

test('every operation has a name of its own, one tag, a summary, a text and an example', () => {
  const tags = new Set(description.tags.map(({ name }) => name));
  const names = new Set<string>();
  for (const {
    what,
    operationId,
    summary,
    description: text,
    parameters = [],
    requestBody,
    tags: [tag, ...more] = [],
  } of operations) {
    assert.ok(operationId && /^[a-z][A-Za-z]+$/.test(operationId), `${what} has no operationId`);
    assert.ok(!names.has(operationId), `${what}: ${operationId} is the name of another operation too`);
    names.add(operationId);
    assert.ok(summary, `${what} has no summary`);
    assert.ok(text, `${what} has no text: src/http/guide.ts`);
    const given = [...parameters.filter((one) => one.in === 'path'), ...Object.values(requestBody?.content ?? {})];
    for (const one of given) assert.ok('example' in one, `${what} has no example: src/http/guide.ts`);
    assert.ok(tag !== undefined && tags.has(tag) && more.length === 0, `${what} has not one of the tags`);
  }
});

test('answers have a real status, and an answer that is a refusal has codes that the registry has for this status', () => {
  for (const { what, responses } of operations) {
    for (const [status, { description: text, content = {} }] of Object.entries(responses)) {
      assert.match(status, /^\d{3}$/, what);
      if (Number(status) < 400) continue;
      assert.deepEqual(Object.keys(content), ['application/problem+json'], `${what} ${status}`);
      const codes = [...text.matchAll(/`(\w+)`/g)].map(([, code]) => code as keyof typeof errorCodes);
      assert.ok(codes.length > 0, `${what} ${status} names no code`);
      for (const code of codes) assert.equal(errorCodes[code]?.[0], Number(status), `${what} ${status}: ${code}`);
    }
  }
});

test('bodies are named schemas, and a choice between texts is an enum', () => {
  for (const name of ['Pool', 'Host', 'Zone', 'RRset', 'Allocation', 'Problem'])
    assert.ok(description.components.schemas[name], `there is no schema ${name}`);
  assert.deepEqual(description.components.schemas.Problem?.properties?.code?.enum, Object.keys(errorCodes));
  const bodies = operations.flatMap(({ what, requestBody, responses }) =>
    [requestBody, ...Object.values(responses)].flatMap((one) =>
      Object.entries(one?.content ?? {}).map(([type, { schema }]) => ({ what: `${what} ${type}`, type, schema })),
    ),
  );
  for (const { what, type, schema } of bodies)
    if (/[/+]json$/.test(type)) assert.ok(schema.$ref, `${what} has no name`);
  assert.doesNotMatch(committed, /"anyOf": \[\s*\{[^}]*"const"/);
});

interface Schema {
  $ref?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
}

interface Body {
  content?: Record<string, { schema: Schema }>;
}

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  parameters?: { in: string; example?: unknown }[];
  tags?: string[];
  requestBody?: Body;
  responses: Record<string, Body & { description: string }>;
}

interface Description {
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}
