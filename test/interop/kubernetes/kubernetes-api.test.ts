// The client of the Kubernetes API, with a server that does what a real one does only rarely. With a real one:
// test/kubernetes/api.test.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { services } from '../../../src/interop/kubernetes/client/api-object.ts';
import { KubernetesApi, type WatchEvent } from '../../../src/interop/kubernetes/client/kubernetes-api.ts';
import { KubernetesError, MalformedAnswer } from '../../../src/interop/kubernetes/client/kubernetes-error.ts';
import { eventBody, microTime } from '../../../src/interop/kubernetes/client/kubernetes-event.ts';
import { withoutOpenssl } from '../../support/certificate.ts';
import { give, refuse, service, startScriptedServer, tell } from '../../support/scripted-api-server.ts';

const skip = withoutOpenssl;

/** Returns all events of a watch. */
async function eventsOf(api: KubernetesApi, signal?: AbortSignal): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const event of await api.watch(services, { after: '1', ...(signal && { signal }) })) events.push(event);
  return events;
}

/** Returns the items of all pages. */
async function listOf(api: KubernetesApi, limit?: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { items } of api.list(services, limit === undefined ? {} : { limit }))
    names.push(...items.map(({ metadata }) => metadata.name));
  return names;
}

test('after a 401 the request is sent once more, with the token read anew', { skip }, async (t) => {
  const answer = ({ token }: { token: string }, response: Parameters<typeof refuse>[0]) =>
    token === 'new' ? give(response, service('a', 1)) : refuse(response, 401, { message: 'Unauthorized' });
  const { api, asked } = await startScriptedServer(t, answer, ['old', 'new']);
  assert.equal((await api.get(services, 'default', 'a')).metadata.name, 'a');
  assert.deepEqual(
    asked.map(({ token }) => token),
    ['old', 'new'],
  );
  const other = await startScriptedServer(t, answer, ['old']);
  await assert.rejects(other.api.get(services, 'default', 'a'), { code: 401, message: 'Unauthorized (401)' });
  assert.equal(other.asked.length, 2);
});

test('a refusal has the code, the reason and the message of the Status', { skip }, async (t) => {
  const { api } = await startScriptedServer(t, ({ path }, response) => {
    if (path.endsWith('/busy')) return response.writeHead(429, { 'retry-after': '7' }).end('too many');
    const details = { retryAfterSeconds: 1, causes: [{ reason: 'ResourceVersionTooLarge' }] };
    return refuse(response, 504, { reason: 'Timeout', message: 'Too large resource version', details });
  });
  await assert.rejects(api.get(services, 'default', 'a'), (error) => {
    assert.ok(error instanceof KubernetesError);
    assert.equal(error.message, 'Too large resource version (504 Timeout)');
    assert.deepEqual(
      [error.code, error.reason, error.retryAfterSeconds, error.isVersionTooLarge],
      [504, 'Timeout', 1, true],
    );
    return true;
  });
  await assert.rejects(api.get(services, 'default', 'busy'), { code: 429, reason: '', retryAfterSeconds: 7 });
});

test('names are encoded in paths', { skip }, async (t) => {
  const { api, asked } = await startScriptedServer(t, (_, response) => give(response, service('a', 1)));
  await api.get(services, 'a/../b', 'c?d');
  assert.equal(asked[0]?.path, '/api/v1/namespaces/a%2F..%2Fb/services/c%3Fd');
});

test('a list is read page by page, and with smaller pages if one is too large', { skip }, async (t) => {
  const all = ['a', 'b', 'c', 'd', 'e'];
  const { api, asked } = await startScriptedServer(t, ({ query }, response) => {
    const limit = Number(query.get('limit'));
    const start = Number(query.get('continue') ?? 0);
    const items = all.slice(start, start + limit).map((name) => service(name, 1));
    // A large page has more than 64 MiB.
    if (limit > 2) Object.assign(items[0] as object, { data: 'x'.repeat(2 ** 26) });
    const more = start + limit < all.length ? { continue: String(start + limit) } : {};
    give(response, { items, metadata: { resourceVersion: '9', ...more } });
  });
  assert.deepEqual(await listOf(api, 5), all);
  assert.deepEqual(
    asked.map(({ query }) => query.get('limit')),
    ['5', '2', '2', '2'],
  );
});

test('an answer that is not what was asked for is refused', { skip }, async (t) => {
  const bodies = [
    'text',
    '{}',
    '{"metadata": {}, "items": null}',
    '{"metadata": {"resourceVersion": "1"}, "items": [{}]}',
  ];
  let body = '';
  const { api } = await startScriptedServer(t, (_, response) => response.writeHead(200).end(body));
  for (body of bodies) await assert.rejects(listOf(api), MalformedAnswer, body);
  body = '{"metadata": {"resourceVersion": "1"}, "items": null}';
  assert.deepEqual(await listOf(api), []);
  for (body of ['text', '{}', '{"metadata": {"name": "a"}}'])
    await assert.rejects(api.get(services, 'default', 'a'), MalformedAnswer, body);
  for (body of [
    'text\n',
    '{}\n',
    '{"type": "NEW", "object": {}}\n',
    '{"type": "ADDED"}\n',
    '{"type": "BOOKMARK"}\n',
    '{"type"',
  ])
    await assert.rejects(eventsOf(api), MalformedAnswer, body);
});

test('an ERROR in a watch is the error of its Status', { skip }, async (t) => {
  const object = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2)' };
  const { api } = await startScriptedServer(t, (_, response) => {
    tell(response, { type: 'ERROR', object });
    response.end();
  });
  await assert.rejects(eventsOf(api), {
    name: 'KubernetesError',
    code: 410,
    message: 'too old resource version: 1 (2) (410 Expired)',
  });
});

test('a watch that breaks off is an error, and one that the server ends is none', { skip }, async (t) => {
  let isBroken = true;
  const { api } = await startScriptedServer(t, (_, response) => {
    tell(response, { type: 'ADDED', object: service('a', 1) });
    setTimeout(() => (isBroken ? response.destroy() : response.end()), 20);
  });
  await assert.rejects(eventsOf(api), /the watch broke off/);
  isBroken = false;
  assert.equal((await eventsOf(api)).length, 1);
});

test('a call rejects with the reason of its signal, at any time', { skip }, async (t) => {
  const { api, asked } = await startScriptedServer(t, ({ path, query }, response) => {
    if (query.has('watch')) tell(response, { type: 'ADDED', object: service('a', 1) });
    else if (path.endsWith('/half')) response.writeHead(200).write('{');
  });
  for (const call of [
    (signal: AbortSignal) => api.get(services, 'default', 'silent', signal),
    (signal: AbortSignal) => api.get(services, 'default', 'half', signal),
    (signal: AbortSignal) => eventsOf(api, signal),
  ]) {
    const stop = new AbortController();
    const before = asked.length;
    const running = call(stop.signal);
    running.catch(() => undefined);
    while (asked.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    setTimeout(() => stop.abort(new Error('enough')), 20);
    await assert.rejects(running, { message: 'enough' });
    await assert.rejects(call(stop.signal), { message: 'enough' });
  }
});

test('a request is sent again if the server had just closed the connection that was kept', { skip }, async (t) => {
  let requests = 0;
  const { api } = await startScriptedServer(t, (_, response, request) => {
    requests += 1;
    // The second request comes over the connection of the first one.
    if (requests === 2) request.socket.destroy();
    else give(response, service('a', 1));
  });
  await api.get(services, 'default', 'a');
  await api.get(services, 'default', 'a');
  assert.equal(requests, 3);
});

test('at most eight requests are on their way', { skip }, async (t) => {
  let now = 0;
  let most = 0;
  const { api } = await startScriptedServer(t, (_, response) => {
    now += 1;
    most = Math.max(most, now);
    setTimeout(() => {
      now -= 1;
      give(response, service('a', 1));
    }, 20);
  });
  await Promise.all(Array.from({ length: 40 }, () => api.get(services, 'default', 'a')));
  assert.equal(most, 8);
});

test('a server whose certificate has another name or authority is not asked', { skip }, async (t) => {
  const { access, asked, url } = await startScriptedServer(t, (_, response) => give(response, service('a', 1)));
  const credentials = await access.credentials();
  const withTls = (tls: object, server = url) => {
    const api = new KubernetesApi({
      credentials: async () => ({ ...credentials, server, tls: { ...credentials.tls, ...tls } }),
      reject: () => undefined,
    });
    t.after(() => api.close());
    return api.get(services, 'default', 'a');
  };
  const other = (await startScriptedServer(t, () => undefined)).access;
  await assert.rejects(withTls({ ca: (await other.credentials()).tls.ca }), /self-signed certificate|unable to verify/);
  await assert.rejects(withTls({ servername: 'other.example' }), /other\.example.*altnames/);
  assert.equal(asked.length, 0);
  await withTls({});
  await withTls({ servername: 'localhost' });
  await withTls({ ca: undefined, rejectUnauthorized: false });
});

test('an Event has a name, times and a note that the server takes', () => {
  const regarding = { apiVersion: 'v1', kind: 'Service', namespace: '', name: `${'n'.repeat(235)}.x`, uid: 'u' };
  const about = { type: 'Warning', reason: 'PoolFull', action: 'AllocateAddress', note: 'ü'.repeat(600) } as const;
  const by = { controller: 'zonewright.io/controller', instance: 'i'.repeat(200), at: Date.UTC(2026, 0, 1) };
  const { metadata, note, reportingInstance, eventTime } = eventBody({ regarding, ...about, ...by });
  assert.equal(metadata.namespace, 'default');
  assert.match(metadata.name, /^n{235}\.[0-9a-f]{16}$/);
  assert.equal(Buffer.byteLength(note), 1023);
  assert.match(note, /^ü{510}…$/);
  assert.equal(reportingInstance.length, 128);
  assert.equal(eventTime, '2026-01-01T00:00:00.000000Z');
  assert.equal(microTime(1), '1970-01-01T00:00:00.001000Z');
});

test('closing ends connections that are kept', { skip }, async (t) => {
  const { api } = await startScriptedServer(t, (_, response, request) => {
    request.socket.once('close', () => process.emit('closed' as never));
    give(response, service('a', 1));
  });
  const closed = once(process, 'closed');
  await api.get(services, 'default', 'a');
  api.close();
  await closed;
});
