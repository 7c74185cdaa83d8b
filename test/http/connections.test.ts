// Connections: octets that are not HTTP, requests that never end, clients that never read.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCodes } from '../../src/errors.ts';
import { adminToken } from '../support/api-client.ts';
import { rawAnswers, rawClient } from '../support/raw-client.ts';
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
    `PUT /v1/zones/b/zonefile HTTP/1.1\r\nhost: x\r\n${authorization}content-type: text/dns\r\ncontent-length: 99\r\n\r\n@`,
    'request_timeout',
  ],
];

suite('broken requests and slow clients', { concurrency: true }, () => {
  test('anything but a whole, valid request gets problem+json, and the connection is closed', {
    concurrency: true,
  }, async (t) => {
    const { url, dump } = await servedApi(t, undefined, {
      headersMilliseconds: 1500,
      requestMilliseconds: 3000,
      checkMilliseconds: 300,
    });
    const whole = await dump();
    const tests = refusals.map(([what, sent, ...codes]) =>
      t.test(what, async () => {
        const client = await rawClient(t, url);
        client.send(sent);
        const answers = rawAnswers(await client.ended());
        const got = answers.map(({ status, headers, body }) => {
          if (status < 300) return status;
          assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', body);
          const problem = JSON.parse(body) as { code: keyof typeof errorCodes; status: number; detail: string };
          assert.deepEqual([problem.status, errorCodes[problem.code][0]], [status, status]);
          assert.ok(problem.detail.length > 0);
          return problem.code;
        });
        assert.deepEqual(got, codes);
      }),
    );
    await Promise.all(tests);
    const { 'zones/b': _, 'serials/b': __, ...rest } = await dump();
    assert.deepEqual(rest, whole);
  });

  test('a client that stops sending its body or reading its answer is cut off, but not one that waits for its answer', async (t) => {
    const { url, api, store } = await servedApi(t, undefined, { silenceMilliseconds: 1500 });
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

test('a connection beyond the limit is closed immediately, and the others keep working', async (t) => {
  const { url } = await servedApi(t, undefined, { maxConnections: 3 });
  const ask = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';
  const clients = await Promise.all([1, 2, 3].map(() => rawClient(t, url)));
  const answered = async (client: (typeof clients)[number]) => {
    client.send(ask);
    await once(client.socket, 'data');
    assert.equal(rawAnswers(client.received()).at(-1)?.status, 200);
  };
  for (const client of clients) await answered(client);
  const late = await rawClient(t, url);
  assert.equal(await late.ended(), '');
  for (const client of clients) await answered(client);
  clients[0]?.socket.destroy();
  await until(async () => {
    const next = await rawClient(t, url);
    next.send(ask);
    return Promise.race([once(next.socket, 'data').then(() => true), next.ended().then(() => false)]);
  }, 'no new connection is accepted after one has ended');
});
