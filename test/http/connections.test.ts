// Connections of the API: octets that are not HTTP, requests that never end, clients that do not read, and limits.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCodes } from '../../src/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { adminToken } from '../support/api-client.ts';
import { type RawClient, rawAnswers, rawClient } from '../support/raw-client.ts';
import { servedApi } from '../support/served-api.ts';
import { until } from '../support/until.ts';

const authorization = `authorization: Bearer ${adminToken}\r\n`;
const post = `POST /v1/zones HTTP/1.1\r\nhost: x\r\n${authorization}content-type: application/json\r\n`;

test('pipelined requests on one connection are carried out one after the other', async (t) => {
  const { url } = await servedApi(t);
  const client = await rawClient(t, url);
  const one = (line: string, body = '', more = '') =>
    `${line} HTTP/1.1\r\nhost: x\r\n${authorization}${more}content-length: ${body.length}\r\n\r\n${body}`;
  const json = 'content-type: application/json\r\n';
  const path = '/v1/zones/foo.k8s';
  client.send(
    [
      one('POST /v1/zones', '{"name": "foo.k8s"}', json),
      one(`GET ${path}`),
      one(`PUT ${path}/rrsets/a/A`, '{"records": ["192.0.2.1"]}', json),
      one(`DELETE ${path}/rrsets/a/A`),
      one(`DELETE ${path}`),
      one(`GET ${path}`, '', 'connection: close\r\n'),
    ].join(''),
  );
  const answers = rawAnswers(await client.ended());
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 200, 201, 204, 204, 404],
  );
});

const health = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';

/** Each row: a title, what is sent, and the status or problem code of each answer before the connection is closed. */
const refusals: [what: string, sent: string, ...codes: (keyof typeof errorCodes | 200 | 201)[]][] = [
  [
    'a header that is too large is refused',
    `GET /healthz HTTP/1.1\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
    'header_too_large',
  ],
  ['a path that is too long is refused', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 'header_too_large'],
  ['text that is not HTTP is refused', 'hello\r\n\r\n', 'invalid_request'],
  ['a TLS handshake is refused', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'invalid_request'],
  ['a NUL in the path is refused', 'GET /v1/hosts/a\0b HTTP/1.1\r\nhost: x\r\n\r\n', 'invalid_request'],
  ['CONNECT is refused', 'CONNECT example:443 HTTP/1.1\r\nhost: example:443\r\n\r\nmore', 'invalid_request'],
  [
    'CONNECT after a request is refused, and the request is answered',
    `${health}CONNECT example:443 HTTP/1.1\r\nhost: example:443\r\n\r\n${health}`,
    200,
    'invalid_request',
  ],
  ['an unknown method is refused', 'BREW /v1/hosts HTTP/1.1\r\nhost: x\r\n\r\n', 'invalid_request'],
  [
    'two Content-Length headers are refused',
    `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    'invalid_request',
  ],
  [
    'a Content-Length with a chunked body is refused',
    `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    'invalid_request',
  ],
  [
    'a request without a Host header is refused',
    'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n',
    'invalid_request',
  ],
  [
    'two Host headers are refused',
    'GET /healthz HTTP/1.1\r\nhost: x\r\nhost: x\r\nconnection: close\r\n\r\n',
    'invalid_request',
  ],
  [
    'two Authorization headers are refused',
    `GET /v1/zones HTTP/1.1\r\nhost: x\r\n${authorization}${authorization}connection: close\r\n\r\n`,
    'invalid_request',
  ],
  [
    'an Expect header that is not 100-continue is refused',
    `${post}expect: tea\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    'expectation_failed',
  ],
  [
    'garbage after a write is refused, and the write is answered',
    `${post}content-length: 13\r\n\r\n{"name": "b"}\0\0\0`,
    201,
    'invalid_request',
  ],
  [
    'garbage after a request is refused, and the request is answered',
    'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n\0\0\0',
    200,
    'invalid_request',
  ],
  ['a silent client times out', '', 'request_timeout'],
  ['half a header times out', 'GET /v1/hosts HTTP/1.1\r\nhost:', 'request_timeout'],
  ['half a body times out', `${post}content-length: 100\r\n\r\n{"name": `, 'request_timeout'],
  ['half a chunk times out', `${post}transfer-encoding: chunked\r\n\r\n40\r\n{"name": `, 'request_timeout'],
  [
    'half a second request times out, and the first is answered',
    'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET',
    200,
    'request_timeout',
  ],
  [
    'half a zone file times out',
    `PUT /v1/zones/c/zonefile HTTP/1.1\r\nhost: x\r\n${authorization}content-type: text/dns\r\ncontent-length: 99\r\n\r\n@`,
    'request_timeout',
  ],
];

/** Returns the problem in a refusal. Asserts the headers that every such refusal has. */
function problemIn(status: number, headers: ReadonlyMap<string, string>, body: string) {
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', body);
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('connection'), 'close');
  assert.match(headers.get('x-request-id') ?? '', /^[-\da-f]{36}$/);
  assert.ok(Date.parse(headers.get('date') ?? '') > 0);
  const problem = JSON.parse(body) as { code: keyof typeof errorCodes; status: number; detail: string };
  assert.deepEqual([problem.status, errorCodes[problem.code][0]], [status, status]);
  assert.ok(problem.detail.length > 0);
  return problem;
}

suite('broken requests and slow clients', { concurrency: true }, () => {
  test('anything but a whole, valid request gets problem+json, and the connection is closed', {
    concurrency: true,
  }, async (t) => {
    const { url, api, dump } = await servedApi(t, {
      limits: {
        headersMilliseconds: 1500,
        requestMilliseconds: 3000,
        checkMilliseconds: 300,
      },
    });
    await api.ok(201, 'POST', '/v1/zones', { name: 'c' });
    const whole = await dump();
    const tests = refusals.map(([what, sent, ...codes]) =>
      t.test(what, async () => {
        const client = await rawClient(t, url);
        client.send(sent);
        const answers = rawAnswers(await client.ended());
        const got = answers.map(({ status, headers, body }) => {
          if (status < 300) return status;
          return problemIn(status, headers, body).code;
        });
        assert.deepEqual(got, codes);
      }),
    );
    await Promise.all(tests);
    const { 'zones/b': _, 'serials/b': __, ...rest } = await dump();
    assert.deepEqual(rest, whole);
  });

  test('a URL with a character that it may not have is refused, with the advice to percent-encode it', async (t) => {
    const { url } = await servedApi(t);
    const detailOf = async (path: string) => {
      const client = await rawClient(t, url);
      client.send(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
      const [answer] = rawAnswers(await client.ended());
      return (JSON.parse(answer?.body ?? '') as { detail: string }).detail;
    };
    const encode = 'the URL has a character that it may not have: percent-encode it, as UTF-8';
    for (const path of ['/v1/hosts?search=müller', '/v1/hosts/müller.example', '/v1/hosts?search=\u0001']) {
      assert.equal(await detailOf(path), encode, path);
    }
    assert.match(
      await detailOf('/v1/hosts?search=a b'),
      /^the request is not HTTP: .*: percent-encode blanks in the URL \(%20\)$/,
    );
  });

  test('a client that stops sending its body or reading its answer is cut off, but not one that waits for its answer', async (t) => {
    const { url, api, store } = await servedApi(t, { limits: { silenceMilliseconds: 1500 } });
    await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
    const long = `"${'x'.repeat(250)}"`;
    for (let part = 0; part < 10; part += 1) {
      const rrsets = Array.from({ length: 100 }, (_, index) => ({
        name: `n${part}-${index}`,
        type: 'TXT',
        records: Array.from({ length: 16 }, (_, one) => `"${one}" ${long}`),
      }));
      await api.ok(200, 'PATCH', '/v1/zones/foo.k8s/rrsets', rrsets);
    }
    const sender = await rawClient(t, url);
    sender.send(`${post}content-length: 100\r\n\r\n{"name": `);
    const reader = await rawClient(t, url);
    reader.send(`GET /v1/zones/foo.k8s/zonefile HTTP/1.1\r\nhost: x\r\n${authorization}\r\n`);
    await once(reader.socket, 'data');
    reader.socket.pause();
    const [refused] = await Promise.all([sender.ended(), delay(6000)]);
    assert.equal(rawAnswers(refused)[0]?.status, 408);
    reader.socket.resume();
    assert.doesNotMatch(await reader.ended(), /0\r\n\r\n$/, 'the client that stopped reading got the whole zone file');

    const commit = store.commit.bind(store);
    t.mock.method(store, 'commit', async (...args: Parameters<typeof commit>) => {
      await delay(2500);
      return commit(...args);
    });
    await api.ok(201, 'POST', '/v1/zones', { name: 'slow.k8s' });
  });
});

test('while the first request of a connection waits, only some of the next ones are read, and all are answered in the end', async (t) => {
  const { url, store } = await servedApi(t);
  const release = holdCommits(t, store);
  const client = await rawClient(t, url);
  const waiting = 300_000;
  client.send(`${post}content-length: 13\r\n\r\n{"name": "b"}`);
  client.send('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(waiting));
  await delay(1000);
  const unsent = client.socket.writableLength;
  assert.ok(unsent > 0, 'the server has read all requests');
  await delay(500);
  assert.equal(client.socket.writableLength, unsent);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  release();
  await until(() => client.received().split('HTTP/1.1 200').length > 1000, 'the requests are not answered', 20_000);
  assert.match(client.received(), /^HTTP\/1.1 201 /);
});

test('requests that wait on a connection are not carried out if the connection ends', async (t) => {
  const { url, store, api } = await servedApi(t);
  const release = holdCommits(t, store);
  const client = await rawClient(t, url);
  const create = (name: string) => `${post}content-length: 13\r\n\r\n{"name": "${name}"}`;
  client.send(create('a') + create('b') + create('c'));
  await delay(500);
  client.socket.resetAndDestroy();
  await delay(500);
  release();
  await until(
    async () => (await api.send('GET', '/v1/zones/a')).status === 200,
    'the first request is not carried out',
  );
  await delay(500);
  assert.deepEqual((await api.ok<{ items: unknown[] }>(200, 'GET', '/v1/zones')).items.length, 1);
});

/** Makes commits wait. Returns a function that lets them continue. */
function holdCommits(t: TestContext, store: Store): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const commit = store.commit.bind(store);
  t.mock.method(store, 'commit', async (...args: Parameters<typeof commit>) => {
    await promise;
    return commit(...args);
  });
  return resolve;
}

async function answered(client: RawClient): Promise<void> {
  const data = once(client.socket, 'data');
  client.send(health);
  await Promise.race([data, client.ended()]);
  assert.equal(rawAnswers(client.received()).at(-1)?.status, 200);
}

/** Limits of three connections. None is reserved for this machine, because the clients of the tests run on it. */
const few = { maxConnections: 3, maxPerClient: 3, reservedForMachine: 0 };

for (const [what, limits] of [
  ['the limit', { ...few, maxPerClient: 100 }],
  ['the limit of its client', { ...few, maxConnections: 100 }],
] as const) {
  test(`a connection beyond ${what} closes the idle one that was used least recently`, async (t) => {
    const { url } = await servedApi(t, { limits });
    const [first, second, third] = [await rawClient(t, url), await rawClient(t, url), await rawClient(t, url)];
    for (const client of [first, second, third, first]) await answered(client);
    const fourth = await rawClient(t, url);
    await second.ended();
    for (const client of [first, third, fourth]) await answered(client);
  });
}

test('beyond the limit, silent connections and those with half a request are closed, those whose requests are carried out are not', async (t) => {
  const { url, store, api } = await servedApi(t, { limits: few });
  const release = holdCommits(t, store);
  const writer = await rawClient(t, url);
  writer.send(`${post}content-length: 13\r\n\r\n{"name": "b"}`);
  const uploader = await rawClient(t, url);
  uploader.send(`${post}content-length: 13\r\n\r\n{"name"`);
  await delay(500);
  for (const sent of [
    '',
    'GET /healthz HTTP/1.1\r\nhost:',
    'POST /v1/zones HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n',
  ]) {
    const slow = await rawClient(t, url);
    if (sent.length > 0) slow.send(sent);
    await delay(500);
    await answered(await rawClient(t, url));
    await slow.ended();
  }
  const busy = await rawClient(t, url);
  busy.send(`${post}content-length: 13\r\n\r\n{"name": "c"}`);
  await delay(500);
  const late = await rawClient(t, url);
  late.send(`${post}content-length: 13\r\n\r\n{"name": "e"}`);
  const [answer, ...more] = rawAnswers(await late.ended());
  assert.ok(answer && more.length === 0);
  assert.equal(problemIn(answer.status, answer.headers, answer.body).code, 'too_many_connections');
  assert.equal(answer.headers.get('retry-after'), '1');
  uploader.send(': "d"}');
  release();
  for (const client of [writer, uploader, busy]) {
    await until(() => rawAnswers(client.received())[0]?.status === 201, 'a request was cut');
  }
  await api.refused('not_found', 'GET', '/v1/zones/e');
});

test('the probe of this machine gets a connection, even if other clients on this machine have used up the limit', async (t) => {
  const { url, store } = await servedApi(t, { limits: { ...few, reservedForMachine: 1 } });
  const release = holdCommits(t, store);
  const busy = [];
  for (const name of ['a', 'b', 'c']) {
    const client = await rawClient(t, url);
    client.send(`${post}content-length: 13\r\n\r\n{"name": "${name}"}`);
    busy.push(client);
  }
  await delay(500);
  await answered(await rawClient(t, url));
  for (const sent of ['{"name": "d"}', '{"name"']) {
    const beyond = await rawClient(t, url);
    beyond.send(`${post}content-length: 13\r\n\r\n${sent}`);
    const [answer, ...more] = rawAnswers(await beyond.ended());
    assert.ok(answer && more.length === 0);
    assert.equal(problemIn(answer.status, answer.headers, answer.body).code, 'too_many_connections');
    await answered(await rawClient(t, url));
  }
  release();
  for (const client of busy) {
    await until(() => rawAnswers(client.received())[0]?.status === 201, 'a request was cut');
  }
});
