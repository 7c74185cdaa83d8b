// The log has one line for each change, by requests over HTTP and by the service itself: who made the change, what it
// was, the request, the revision and the milliseconds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { Committer } from '../../src/control/transaction/commit.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';
import { until } from '../support/until.ts';

interface Line {
  msg: string;
  who: string;
  what?: string;
  requestId?: string;
  subjects: string;
  revision: number;
  milliseconds: number;
}

/** Serves the API. `changes` returns the new lines of changes in the log. */
async function prepare(t: Cleanup) {
  const lines: Line[] = [];
  const logger = pino({}, { write: (line) => lines.push(JSON.parse(line)) });
  const served = await servedApi(t, { logger });
  assert.ok(served.committer instanceof Committer);
  return { ...served, changes: () => lines.splice(0).filter(({ msg }) => msg === 'changed') };
}

test('a change is logged in one line, with the id that the client gave its request', async (t) => {
  const { api, changes } = await prepare(t);
  await api.ok(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/24'] });
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  changes();
  const headers = { 'x-request-id': 'deploy/42' };
  const answer = await api.send('POST', '/v1/hosts', { name: 'a.foo.k8s', aliases: ['b.foo.k8s'] }, headers);
  assert.equal(answer.headers['x-request-id'], 'deploy/42');
  const [line, ...others] = changes();
  assert.deepEqual(others, []);
  const { who, what, requestId, subjects, revision, milliseconds } = line as Line;
  assert.deepEqual(
    { who, what, requestId, revision },
    {
      who: 'ZONEWRIGHT_ADMIN_TOKEN',
      what: 'POST /v1/hosts',
      requestId: 'deploy/42',
      revision: Number(answer.headers['zonewright-revision']),
    },
  );
  assert.ok(Number.isInteger(milliseconds) && milliseconds >= 0);
  assert.equal(subjects, 'host a.foo.k8s created, zone 0.8.10.in-addr.arpa created, address 10.8.0.0 taken');
});

test('each of several requests in one transaction has its own line, and a new id if the client gave none', async (t) => {
  const { api, changes } = await prepare(t);
  const names = ['a.example', 'b.example', 'c.example'];
  const answers = await Promise.all(
    names.map((name) => api.send('POST', '/v1/zones', { name }, { 'x-request-id': 'no good id' })),
  );
  const lines = changes();
  assert.deepEqual(
    lines.map(({ subjects }) => subjects).sort(),
    names.map((name) => `zone ${name} created`),
  );
  const ids = lines.map(({ requestId }) => requestId).sort();
  assert.equal(new Set(ids).size, 3);
  assert.deepEqual(ids, answers.map(({ headers }) => headers['x-request-id']).sort());
  assert.match(String(ids[0]), /^[0-9a-f-]{36}$/);
});

test('reads, refusals and writes that change nothing are not logged, also with an Idempotency-Key', async (t) => {
  const { api, changes } = await prepare(t);
  const pool = { name: 'p', ranges: ['10.8.0.0/24'] };
  const key = { 'idempotency-key': 'k' };
  await api.send('POST', '/v1/pools', pool, key);
  assert.equal(changes().length, 1);
  assert.equal((await api.send('POST', '/v1/pools', pool, key)).status, 201);
  await api.ok(200, 'PUT', '/v1/pools/p', pool);
  await api.ok(200, 'GET', '/v1/pools/p');
  await api.refused('already_exists', 'POST', '/v1/pools', pool);
  assert.deepEqual(changes(), []);
});

test('an import is logged in one line, and the line of a change by housekeeping has no request', async (t) => {
  const { api, changes } = await prepare(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'p', ranges: ['10.8.0.0/24'] });
  changes();
  const file = '@ 60 SOA a. b. 1 2 3 4 5\nb 60 A 192.0.2.1\n';
  await api.send('PUT', '/v1/zones/foo.k8s/zonefile', file, { 'content-type': 'text/dns' });
  const [imported, ...more] = changes();
  assert.deepEqual(
    [imported?.what, imported?.subjects, more],
    ['PUT /v1/zones/foo.k8s/zonefile', 'zone foo.k8s imported', []],
  );
  await api.ok(201, 'POST', '/v1/pools/p/allocations', { expiresInSeconds: 1 });
  changes();
  let released: Line | undefined;
  await until(() => {
    released ??= changes()[0];
    return released !== undefined;
  }, 'the address is not released');
  assert.deepEqual(
    [released?.who, released?.what, released?.requestId, released?.subjects],
    ['housekeeping', undefined, undefined, 'allocation 10.8.0.0 deleted, address 10.8.0.0 released'],
  );
});
