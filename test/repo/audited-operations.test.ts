// Every operation of the API that writes has a row in the table of audited requests. So nobody forgets the audit events
// of a new operation.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { auditedRequests } from '../http/audit-table/table.ts';

const { paths } = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, { operationId: string }>>;
};

test('test/http/audit-table has rows for every operation that writes', () => {
  const writing = Object.values(paths).flatMap((path) =>
    Object.entries(path)
      .filter(([method]) => ['post', 'put', 'patch', 'delete'].includes(method))
      .map(([, { operationId }]) => operationId),
  );
  assert.ok(writing.length > 10);
  assert.deepEqual([...new Set(auditedRequests.map(({ operation }) => operation))].sort(), writing.sort());
});
