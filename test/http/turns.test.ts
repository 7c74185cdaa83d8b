// Requests wait in line for a turn of the event loop; a health check does not. Cited by src/http/server.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { nextTurn } from '../../src/model/turn.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';

const timeout = 30_000;

/** Returns a function that fills the line with work, and returns one that ends the work. */
function blocker(t: TestContext): () => () => void {
  let now = 1_000_000;
  let isBlocked = true;
  const end = () => {
    isBlocked = false;
  };
  // Each slice of the work takes the share of a whole pass.
  t.mock.method(performance, 'now', () => now);
  const block = async () => {
    while (isBlocked) {
      await nextTurn();
      now += 100;
    }
  };
  t.after(end);
  return () => {
    for (let i = 0; i < 1000; i += 1) void block();
    return end;
  };
}

test('requests wait until those before them in line had their turn; health checks do not', { timeout }, async (t) => {
  const { api, views } = await servedApi(t);
  const list = views.hosts.list.bind(views.hosts);
  let lists = 0;
  views.hosts.list = (...range) => {
    lists += 1;
    return list(...range);
  };
  const end = blocker(t)();
  await nextPass();
  const answered: string[] = [];
  const ask = (method: 'GET' | 'POST', path: string, body?: unknown) =>
    api.send(method, path, body).then(() => answered.push(path));
  const parse = t.mock.method(JSON, 'parse').mock;
  const bodiesRead = () => parse.calls.filter((call) => String(call.arguments[0]).startsWith('{"a-field"')).length;
  const requests = [ask('GET', '/v1/hosts'), ask('POST', '/v1/pools', { 'a-field': 0 })];
  for (const path of ['/healthz', '/healthz', '/readyz']) await ask('GET', path);
  assert.deepEqual(answered, ['/healthz', '/healthz', '/readyz']);
  assert.deepEqual([lists, bodiesRead()], [0, 0]);
  end();
  await Promise.all(requests);
  assert.deepEqual([lists, bodiesRead()], [1, 1]);
});

test('an answer that was made later waits for a turn to be written', { timeout }, async (t) => {
  const store = await embeddedStore(t);
  const block = blocker(t);
  let onList = () => {};
  const changed = changedStore(store, {
    list: async (...wanted) => {
      const page = await store.list(...wanted);
      if (wanted[0].startsWith('names/')) onList();
      return page;
    },
  });
  const { api } = await servedApi(t, { store: changed });
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const blocked = Promise.withResolvers<() => void>();
  onList = () => blocked.resolve(block());
  const answered: string[] = [];
  const ask = (path: string) => api.send('GET', path).then(() => answered.push(path));
  const listed = ask('/v1/zones/foo.k8s/rrsets');
  const end = await blocked.promise;
  for (const path of ['/healthz', '/healthz', '/healthz']) await ask(path);
  assert.deepEqual(answered, ['/healthz', '/healthz', '/healthz']);
  end();
  await listed;
});
