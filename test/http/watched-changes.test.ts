// For each request that writes, a stream of /v1/watch tells the resources of its audit events, each once, as a read
// shows them afterwards. The requests are in audit-table/table.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditedResources } from '../../src/model/audit-event.ts';
import { openStream, type ShownChange } from '../support/event-stream.ts';
import { servedApi } from '../support/served-api.ts';
import { until } from '../support/until.ts';
import type { AuditedRequest } from './audit-table/forms.ts';
import { auditedRequests } from './audit-table/table.ts';

const lineOf = ({ resource, action, name }: Pick<ShownChange, 'resource' | 'action' | 'name'>) =>
  `${resource} ${action} ${name}`;
/** The `what` of a request for which the stream differs from the audit events → what the stream tells. */
const otherwise: Record<string, string[]> = {
  // The end of a cool-down is not told, because it also ends without a request.
  'the cool-down of an address is ended': [],
  // The RRsets are unchanged, so no client needs to read them again.
  'a zone file differs in the SOA only': ['zone changed z'],
  // The stream tells of the pool, which drains. The progress of a renumbering is not in it.
  'a pool is renumbered: it drains from now on': ['pool changed p'],
  'the renumbering of a pool is stopped': [],
};
const told = new Set<string>();

for (const row of auditedRequests) {
  test(`${row.operation}: ${row.what}`, async (t) => {
    const { api, url, views } = await servedApi(t, {
      services: { followLimits: { heartbeatMilliseconds: 10, checkMilliseconds: 10, paceMilliseconds: 1 } },
    });
    for (const given of row.given) assert.ok((await api.send(...given)).status < 300);
    const stream = await openStream(t, url);
    assert.equal((await api.send(...row.request)).status, row.status);
    const { revision } = views;
    await until(() => Number(stream.lastId) >= revision, 'the stream does not reach the revision');
    const changes = stream.messages().flatMap((message) => message.changes);
    assert.deepEqual(changes.map(lineOf).sort(), expected(row));
    for (const { action, path, after } of changes) {
      const { status, body } = await api.send('GET', path);
      if (action === 'deleted') assert.equal(after, null);
      else assert.deepEqual(after, standing(body), `${status} ${path}`);
    }
    for (const { resource, action } of changes) told.add(`${resource} ${action}`);
  });
}

test('the requests change every kind of resource in every way', () => {
  const ways = auditedResources.flatMap((resource) =>
    ['created', 'changed', 'deleted'].map((one) => `${resource} ${one}`),
  );
  assert.deepEqual([...told].sort(), [...ways, 'zone imported'].sort());
});

function expected({ what, events }: AuditedRequest): string[] {
  return otherwise[what] ?? events.map(([resource, action, name]) => lineOf({ resource, action, name })).sort();
}

/**
 * Returns the resource that a read shows, without the fields that other requests change too, or that only a replica
 * knows.
 */
function standing(shown: Record<string, unknown>): Record<string, unknown> {
  const left = new Set(['usage', 'serial', 'lastUsedAt', 'upstreams', 'cache']);
  return Object.fromEntries(Object.entries(shown).filter(([field]) => !left.has(field)));
}
