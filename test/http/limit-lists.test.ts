// Requests for many lists at once: four of each route are made at a time, the others wait in line. Cited by
// src/http/limit-lists.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { adminToken } from '../support/api-client.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';
import { until } from '../support/until.ts';

const path = '/v1/zones/foo.k8s/rrsets';

/** Serves a zone whose lists wait until the test releases them. */
async function servedLists(t: TestContext) {
  const store = await embeddedStore(t);
  const waiting: (() => void)[] = [];
  let isHeld = false;
  const changed = changedStore(store, {
    list: async (...wanted) => {
      if (isHeld && wanted[0].startsWith('names/')) await new Promise<void>((resolve) => waiting.push(resolve));
      return store.list(...wanted);
    },
  });
  const served = await servedApi(t, { store: changed });
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  isHeld = true;
  return { ...served, waiting };
}

test('at most four lists of a route are made at a time, and requests to other routes do not wait', async (t) => {
  const { api, waiting } = await servedLists(t);
  let answered = 0;
  const lists = Array.from({ length: 10 }, () =>
    api.ok<{ items: unknown[] }>(200, 'GET', path).then(({ items }) => {
      answered += 1;
      return items.length;
    }),
  );
  await until(() => waiting.length === 4, 'four lists do not begin');
  for (const other of ['/v1/hosts', '/v1/zones', '/v1/zones/foo.k8s', `${path}/@/SOA`]) await api.ok(200, 'GET', other);
  assert.equal(waiting.length, 4);
  for (let begun = 0; begun < 10; begun += 1) {
    await until(() => waiting.length > 0, 'the next list does not begin');
    assert.ok(waiting.length <= 4);
    waiting.shift()?.();
    await until(() => answered === begun + 1, 'a list is not answered');
  }
  assert.equal(new Set(await Promise.all(lists)).size, 1);
});

test('after a list has failed, or its client has disconnected, the next list is made', async (t) => {
  const { api, url, waiting } = await servedLists(t);
  for (let i = 0; i < 5; i += 1) await api.refused('not_found', 'GET', '/v1/zones/none.k8s/rrsets');
  for (let i = 0; i < 5; i += 1) await api.refused('invalid_request', 'GET', `${path}?limit=x`, undefined);
  const gone = new AbortController();
  const headers = { authorization: `Bearer ${adminToken}` };
  const left = Array.from({ length: 8 }, () =>
    fetch(url + path, { headers, signal: gone.signal }).then(
      () => 'answered',
      () => 'left',
    ),
  );
  await until(() => waiting.length === 4, 'four lists do not begin');
  const last = api.ok<{ items: unknown[] }>(200, 'GET', path);
  gone.abort();
  assert.deepEqual(new Set(await Promise.all(left)), new Set(['left']));
  let isAnswered = false;
  void last.then(() => {
    isAnswered = true;
  });
  const goOn = () => {
    for (const one of waiting.splice(0)) one();
    return isAnswered;
  };
  await until(goOn, 'the last list is not made');
});
