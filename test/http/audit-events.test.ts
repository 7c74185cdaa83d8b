// Every writing operation of the API makes the audit events of its changes, in the same transaction. The requests are
// in audit-table/table.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openEtcdStore } from '../../src/store/etcd.ts';
import type { Store } from '../../src/store/store.ts';
import { audit, decisionsIn } from '../support/audit-trail.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import type { AuditedRequest } from './audit-table/forms.ts';
import { auditedRequests } from './audit-table/table.ts';

/** Replaces ids and times, which differ in each run. */
function masked<T>(value: T): T {
  const text = JSON.stringify(value)
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/\b[0-7][0-9a-hjkmnp-tv-z]{25}\b/g, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>');
  return JSON.parse(text);
}

async function assertEvents(t: Cleanup, row: AuditedRequest, store?: Store): Promise<void> {
  const { api, ...served } = await servedApi(t, { store, audit });
  for (const given of row.given) {
    const { status, text } = await api.send(...given);
    assert.ok(status < 300, `${given.slice(0, 2).join(' ')}: ${text}`);
  }
  const before = (await decisionsIn(served.store)).length;
  const { status, text } = await api.send(...row.request);
  assert.equal(status, row.status, text);
  const decisions = masked((await decisionsIn(served.store)).slice(before));
  const events = decisions.flatMap((decision) => decision.events);
  assert.deepEqual(
    events.map(({ resource, action, name, before, after }) => [resource, action, name, before, after]),
    row.events,
  );
  const uses = decisions.flatMap((decision) => decision.uses);
  assert.deepEqual(
    uses.map(({ action, space, address, holder, owner, pool }) =>
      [action, space, address, holder, owner, pool].join(' '),
    ),
    (row.uses ?? []).map((use) => use.replace(/ null$/, ' ')),
  );
  for (const { actor } of decisions) {
    assert.deepEqual(
      [actor.id, actor.from, actor.request],
      ['environment', '127.0.0.1', row.request.slice(0, 2).join(' ')],
    );
  }
}

for (const row of auditedRequests) test(`${row.operation}: ${row.what}`, (t) => assertEvents(t, row));

test('each request makes the same events on etcd', { timeout: 120_000 }, async (t) => {
  const etcd = await etcdOrSkip(t);
  if (etcd === undefined) return;
  t.after(() => etcd.close());
  for (const [index, row] of auditedRequests.entries()) {
    await t.test(`${row.operation}: ${row.what}`, async (t) => {
      const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: `/run-${index}` });
      t.after(() => store.close());
      await assertEvents(t, row, store);
    });
  }
});
