// The paths that need no token. By default, these are all except /v1. With `--http-open health`, these are only the
// health checks, and without a token they show no details.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminToken } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import type { Cleanup } from '../support/temporary.ts';

const paths = ['/metrics', '/docs/', '/docs', '/', '/openapi.json'];

async function prepare(t: Cleanup, httpOpen?: 'health' | 'all') {
  let waitingFor: string[] = [];
  const { url } = await servedApi(t, { services: { waitingFor: () => waitingFor, ...(httpOpen && { httpOpen }) } });
  const get = async (path: string, token?: string) => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(url + path, { headers, redirect: 'manual' });
    const json = response.headers.get('content-type')?.includes('json') === true;
    const body = (json ? await response.json() : {}) as Record<string, unknown>;
    return { status: response.status, body };
  };
  return {
    get,
    waitFor: (...things: string[]) => {
      waitingFor = things;
    },
  };
}

test('by default, only /v1 needs a token', async (t) => {
  const { get, waitFor } = await prepare(t);
  for (const path of paths) assert.ok((await get(path)).status < 400, path);
  assert.equal(typeof (await get('/readyz')).body.revision, 'number');
  waitFor('views from etcd');
  assert.deepEqual((await get('/readyz')).body.waitingFor, ['views from etcd']);
});

test('with --http-open health, only health checks need no token, but without one they say only whether all is well', async (t) => {
  const { get, waitFor } = await prepare(t, 'health');
  for (const path of paths) {
    for (const token of [undefined, 'not-the-token-at-all']) {
      const { status, body } = await get(path, token);
      assert.deepEqual([status, body.code], [401, 'unauthorized'], path);
    }
    assert.ok((await get(path, adminToken)).status < 400, path);
  }
  assert.deepEqual(await get('/healthz'), { status: 200, body: { status: 'ok' } });
  for (const token of [undefined, 'not-the-token-at-all']) {
    assert.deepEqual(await get('/readyz', token), { status: 200, body: { status: 'ready' } });
  }
  assert.equal(typeof (await get('/readyz', adminToken)).body.revision, 'number');
  waitFor('views from etcd');
  const { status, body } = await get('/readyz');
  assert.deepEqual([status, body.detail, body.waitingFor], [503, 'not ready', undefined]);
  assert.deepEqual((await get('/readyz', adminToken)).body.waitingFor, ['views from etcd']);
});
