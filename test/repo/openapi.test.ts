// The committed OpenAPI description agrees with the routes.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeApi } from '../../openapi/generate.ts';

const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8');

test('openapi.json is up to date (npm run openapi)', async () => {
  // assert.equal would print both descriptions whole.
  assert.ok(
    (await describeApi()) === committed,
    'openapi.json differs from the routes: run `npm run openapi`, and look at the difference',
  );
});

test('every operation says what it does and which failures it may end in', () => {
  const { paths } = JSON.parse(committed) as { paths: Record<string, Record<string, Operation>> };
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      assert.ok(operation.summary, `${method} ${path} has no summary`);
      if (path.startsWith('/v1/'))
        assert.ok(operation.responses['4XX'], `${method} ${path} does not name its failures`);
    }
  }
});

interface Operation {
  summary?: string;
  responses: Record<string, unknown>;
}
