// Requests wait in line for a turn of the event loop; health checks do not wait. Cited by src/http/server.ts.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextPass } from 'node:timers/promises';
import { poolDefaults } from '../../src/model/pool.ts';
import { nextTurn } from '../../src/model/turn.ts';
import { poolKey, poolValue } from '../../src/store/kinds/pool.ts';
import { adminToken } from '../support/api-client.ts';
import { blocker } from '../support/blocked-turns.ts';
import { changedStore } from '../support/changed-store.ts';
import { embeddedStore } from '../support/control-plane.ts';
import { servedApi } from '../support/served-api.ts';

const timeout = 30_000;

test('requests wait until the work before them in line had its turn; health checks do not wait', {
  timeout,
}, async (t) => {
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

test('connections that arrive together are accepted before requests have their turn', { timeout }, async (t) => {
  const { url } = await servedApi(t);
  t.mock.method(performance, 'now', () => 1_000_000);
  let slices = 0;
  let isOver = false;
  t.after(() => {
    isOver = true;
  });
  const work = async () => {
    for (; !isOver; slices += 1) await nextTurn();
  };
  void work();
  const slicesBefore: number[] = [];
  const onAccept = () => void slicesBefore.push(slices);
  subscribe('net.server.socket', onAccept);
  t.after(() => unsubscribe('net.server.socket', onAccept));
  while (slices < 3) await nextPass();
  const sockets = Array.from({ length: 16 }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  while (slicesBefore.length < sockets.length) await nextPass();
  for (const socket of sockets) socket.destroy();
  assert.equal(new Set(slicesBefore).size, 1, slicesBefore.join());
});

test('an answer that is ready later waits for a turn before it is written', { timeout }, async (t) => {
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

test('the messages to followers of changes wait for a turn', { timeout }, async (t) => {
  const { api, url, store } = await servedApi(t);
  const { body } = await fetch(`${url}/v1/watch`, { headers: { authorization: `Bearer ${adminToken}` } });
  let told = '';
  const reading = (async () => {
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      told += text;
      if (told.includes('10.1.0.0/24')) break;
    }
  })();
  const block = blocker(t);
  const end = block();
  await nextPass();
  const value = poolValue.encode({ ...poolDefaults, id: 'p', name: 'p', ranges: ['10.1.0.0/24'] });
  const { revision } = await store.commit({ compares: [], operations: [{ kind: 'put', key: poolKey('p'), value }] });
  const asked = async () => (await api.ok<{ revision: number }>(200, 'GET', '/readyz')).revision;
  for (let served = 0; served < revision; served = await asked());
  for (let i = 0; i < 20; i += 1) await api.ok(200, 'GET', '/healthz');
  assert.doesNotMatch(told, /10\.1\.0\.0/);
  end();
  await reading;
});
