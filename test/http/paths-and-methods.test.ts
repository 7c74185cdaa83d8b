// Paths and methods in many forms that clients send. A name in any of its forms finds its resource. Wrong paths and
// methods are refused with problem+json. Cited by src/http/percent-encoding.ts.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, METHODS, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { pino } from 'pino';
import { type ErrorCode, errorCodes } from '../../src/errors.ts';
import { adminToken } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';

const suite = suiteCleanup();
let served: ServedApi;
before(async () => {
  served = await servedApi(suite);
  const { api } = served;
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  await api.ok(201, 'POST', '/v1/pools', { name: 'default', ranges: ['192.0.2.0/28', '2001:db8::/112'] });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'web.foo.k8s', families: ['ipv4', 'ipv6'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/0%2F25/NS', { records: ['ns.example.'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/*/TXT', { records: ['"wild"'] });
  await api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a%5C.b/TXT', { records: ['"one label"'] });
});
interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Sends a request as it is written. `fetch` would normalise the path, and refuse some methods. */
async function send(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string,
): Promise<RawAnswer> {
  const sent = request(served.url, {
    method,
    path,
    agent: false,
    headers: { authorization: `Bearer ${adminToken}`, ...headers },
  });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}

const found: [path: string, name: string][] = [
  ['/v1/zones/FOO.k8s.', 'foo.k8s'],
  ['/v1/zones/f%6Fo%2Ek8s', 'foo.k8s'],
  ['/v1/zones/f\\111o.k8s'.replace('\\', '%5C'), 'foo.k8s'],
  ['/v1/hosts/WEB.Foo.K8s.', 'web.foo.k8s'],
  ['/v1/zones/FOO.K8S/rrsets/WEB/a', 'web'],
  ['/v1/zones/FOO.K8S/rrsets/web.foo.k8s./A', 'web'],
  ['/v1/zones/foo.k8s./rrsets/%40/SOA', '@'],
  ['/v1/zones/foo.k8s/rrsets/@/soa', '@'],
  ['/v1/zones/foo.k8s/rrsets/foo.k8s./TYPE6', '@'],
  ['/v1/zones/foo.k8s/rrsets/0%2f25/NS', '0/25'],
  ['/v1/zones/foo.k8s/rrsets/%2A/TXT', '*'],
  ['/v1/zones/foo.k8s/rrsets/a%5C046b/TXT', 'a\\.b'],
];

test('a name in any form finds its resource', async () => {
  for (const [path, name] of found) {
    const { status, body } = await send('GET', path);
    assert.equal(status, 200, `${path}: ${body}`);
    assert.equal(JSON.parse(body).name, name, path);
  }
  const address = await send('GET', '/v1/addresses/2001:DB8:0:0::');
  assert.equal(JSON.parse(address.body).address, '2001:db8::');
  assert.equal(JSON.parse((await send('GET', '/v1/hosts?name=WEB.FOO.K8S.')).body).items.length, 1);
});

const refused: [code: ErrorCode, method: string, path: string, headers?: Record<string, string>, body?: string][] = [
  ['invalid_request', 'GET', '/v1/hosts/%zz'],
  ['invalid_request', 'GET', '/v1/hosts/%'],
  ['invalid_request', 'GET', '/v1/hosts/%ff%fe'],
  ['invalid_request', 'GET', '/v1/hosts/a%00b'],
  ['invalid_request', 'GET', '/v1/hosts/a%20b'],
  ['invalid_request', 'GET', `/v1/hosts/${'a'.repeat(8000)}`],
  ['invalid_request', 'GET', `/v1/zones/foo.k8s/rrsets/${'%41'.repeat(3000)}/A`],
  ['invalid_request', 'GET', '/v1/hosts?limit=1&limit=2'],
  ['invalid_request', 'GET', '/v1/hosts?limit='],
  ['invalid_request', 'GET', '/v1/hosts?%zz'],
  ['invalid_request', 'GET', '/v1/hosts?search=%FC'],
  ['invalid_request', 'GET', '/v1/hosts#search=%FC'],
  ['invalid_request', 'GET', '/v1/hosts?search=%'],
  ['invalid_request', 'GET', '/v1/hosts?search=%ED%A0%80'],
  ['invalid_request', 'GET', '/healthz?search=%FC'],
  ['invalid_request', 'GET', '/v1/hosts?__proto__=1'],
  ['invalid_request', 'GET', '/v1/zones/foo.k8s?name=x'],
  ['not_found', 'GET', '/v0'],
  ['not_found', 'GET', '//v1/hosts'],
  ['invalid_request', 'GET', '/v1/hosts/'],
  ['not_found', 'GET', '/V1/HOSTS'],
  ['not_found', 'GET', '/v1/../healthz'],
  ['not_found', 'GET', '/v1/pools;a=b'],
  ['not_found', 'PUT', '/v1/pools;a=b'],
  ['not_found', 'GET', '/v1/zones/foo.k8s/rrsets/web'],
  ['not_found', 'GET', '/v1/nothing%20here'],
  ['not_found', 'GET', `/${'x'.repeat(8000)}`],
  ['not_found', 'QUERY', '/nowhere', { 'content-type': 'application/json' }, '{}'],
  ['not_found', 'QUERY', '/nowhere'],
  ['not_found', 'POST', '/nowhere', { 'content-type': 'application/xml' }, '<a/>'],
  ['not_found', 'PROPFIND', '/nowhere'],
  ['unsupported_media_type', 'POST', '/v1/hosts', { 'content-type': 'rubbish' }, '{}'],
  ['unsupported_media_type', 'POST', '/v1/hosts', { 'content-type': 'text/plain' }, '{}'],
  ['unsupported_media_type', 'POST', '/v1/hosts', {}, '{}'],
  [
    'unsupported_media_type',
    'POST',
    '/v1/hosts',
    { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    '{"name": "coded.foo.k8s"}',
  ],
  ['invalid_request', 'POST', '/v1/hosts'],
  ['invalid_request', 'POST', '/v1/hosts', { 'content-type': 'application/json' }],
  ['invalid_request', 'PATCH', '/v1/hosts/web.foo.k8s', { 'content-type': 'application/merge-patch+json' }],
  [
    'invalid_request',
    'DELETE',
    '/v1/hosts/web.foo.k8s',
    { 'content-type': 'application/json', 'content-length': '1' },
    '{',
  ],
  [
    'invalid_request',
    'DELETE',
    '/v1/zones/foo.k8s',
    { 'content-type': 'application/json', 'content-length': '14' },
    '{"force":true}',
  ],
  ['invalid_request', 'PUT', '/v1/zones/foo.k8s/zonefile'],
  ['unsupported_media_type', 'PUT', '/v1/zones/foo.k8s/zonefile', { 'content-type': 'application/json' }, '{}'],
];

test('every wrong request is refused with a code, and the store does not change', async (t) => {
  const whole = await served.dump();
  for (const [code, method, path, headers, body] of refused) {
    await t.test(`${method} ${path.slice(0, 60)} ${JSON.stringify(headers ?? '')} → ${code}`, async () => {
      const answer = await send(method, path, headers, body);
      assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/, answer.body);
      for (const name of ['cache-control', 'referrer-policy', 'x-content-type-options', 'x-request-id'])
        assert.ok(answer.headers[name], `there is no header ${name}`);
      const problem = JSON.parse(answer.body) as { code: ErrorCode; status: number };
      assert.deepEqual([problem.code, problem.status, answer.status], [code, errorCodes[code][0], errorCodes[code][0]]);
    });
  }
  assert.deepEqual(await served.dump(), whole);
});

/** The paths of the description, each with its methods. */
const described = Object.entries(
  (
    JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
      paths: Record<string, Record<string, { parameters?: { in: string; name: string }[] }>>;
    }
  ).paths,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [] }]) => ({ method: method.toUpperCase(), path, parameters })),
);

test('a part of a path, or a query parameter, that is not UTF-8 is refused', async () => {
  const filled = (path: string) => path.replaceAll(/\{.*?\}/g, 'x');
  let checked = 0;
  for (const { method, path, parameters } of described) {
    for (const { in: place, name } of parameters) {
      if (place === 'header') continue;
      const sent =
        place === 'path' ? filled(path.replace(`{${name}}`, 'm%FCller')) : `${filled(path)}?${name}=m%FCller`;
      const { status, headers, body } = await send(method, sent);
      assert.equal(status, 400, `${method} ${sent}: ${body}`);
      assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
      const { code, detail, errors } = JSON.parse(body);
      assert.equal(code, 'invalid_request');
      const isNot = 'must be percent-encoded UTF-8 (ü is %C3%BC)';
      if (place === 'path') assert.equal(detail, `'m%FCller' in the path ${isNot}`);
      else assert.deepEqual(errors, [{ pointer: `?${name}`, message: isNot }], detail);
      checked += 1;
    }
  }
  assert.ok(checked > 70, `${checked} parameters`);
});

test('a refusal tells all query parameters that are not UTF-8 at once', async () => {
  const { body } = await send('GET', '/v1/hosts?search=%FC&name=m%C3%BCller.foo.k8s&%E4=1&owner=%zz&pool=a+b');
  const pointers = (JSON.parse(body) as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);
  assert.deepEqual(pointers, ['?search', '?%E4', '?owner']);
});

test('the refusal of a part of a path that is too long does not repeat this part', async () => {
  const { body } = await send('GET', `/v1/hosts/${'a'.repeat(8000)}`);
  assert.equal(JSON.parse(body).detail, 'a part of the path has more than 2048 characters');
});

test('a path that matches no route is not logged', async (t) => {
  const lines: string[] = [];
  const logger = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
  const { url } = await servedApi(t, { logger });
  for (const path of [
    '/v1/secret',
    '/v1/hosts;secret',
    '/v1/pools/secret/no',
    '/v1/hosts/%zz/secret',
    '/metrics/?secret',
  ])
    for (const method of ['GET', 'POST']) await fetch(url + path, { method }).then((answer) => answer.arrayBuffer());
  assert.match(lines.join(''), /not_found/);
  assert.doesNotMatch(lines.join(''), /secret/);
});

test('every method that a resource does not support gets 405 with the supported ones', async () => {
  const paths: [path: string, allow: string][] = [
    ['/healthz', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD'],
    ['/v1/hosts', 'GET, HEAD, POST'],
    ['/v1/hosts/web.foo.k8s', 'DELETE, GET, HEAD, PATCH, PUT'],
    ['/v1/zones/foo.k8s/rrsets', 'GET, HEAD, PATCH'],
    ['/v1/zones/foo.k8s/zonefile', 'GET, HEAD, PUT'],
    ['/v1/addresses/192.0.2.0', 'DELETE, GET, HEAD'],
  ];
  for (const [path, allow] of paths) {
    for (const method of METHODS) {
      if (allow.split(', ').includes(method) || method === 'CONNECT') continue;
      const { status, headers, body } = await send(method, path);
      assert.deepEqual([status, headers.allow], [405, allow], `${method} ${path}: ${body}`);
      if (method !== 'HEAD') assert.equal(JSON.parse(body).code, 'method_not_allowed');
    }
  }
});

test('HEAD gets the answer of GET without the body', async () => {
  for (const path of [
    '/healthz',
    '/metrics',
    '/openapi.json',
    '/v1/hosts',
    '/v1/hosts/web.foo.k8s',
    '/v1/hosts/nobody.foo.k8s',
    '/v1/zones/foo.k8s',
    '/v1/zones/foo.k8s/zonefile',
    '/v1/zones/foo.k8s/rrsets/web/A',
    '/v1/pools/default/next',
  ]) {
    const [get, head] = [await send('GET', path), await send('HEAD', path)];
    assert.deepEqual([head.status, head.body], [get.status, ''], path);
    for (const field of ['content-type', 'etag', 'zonewright-revision'])
      assert.equal(head.headers[field], get.headers[field], `${path} ${field}`);
  }
});

test('a DELETE without a body may have Content-Type: application/json', async () => {
  const json = { 'content-type': 'application/json' };
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/gone/A', { records: ['192.0.2.1'] });
  for (const [path, headers] of [
    ['/v1/zones/foo.k8s/rrsets/gone/A', json],
    ['/v1/hosts/web.foo.k8s', { ...json, 'content-length': '0' }],
    ['/v1/pools/default', { ...json, 'transfer-encoding': 'chunked' }],
    ['/v1/zones/foo.k8s', { 'content-type': 'application/merge-patch+json' }],
  ] as const) {
    const { status, body } = await send('DELETE', path, headers);
    assert.equal(status, 204, `${path}: ${body}`);
  }
});

test('the root zone has a Location that a URL can hold', async () => {
  const made = await send('POST', '/v1/zones', { 'content-type': 'application/json' }, '{"name": "."}');
  assert.equal(made.status, 201, made.body);
  const place = new URL(made.headers.location ?? '', served.url);
  const { api } = served;
  assert.equal((await api.ok(200, 'GET', place.pathname)).name, '.');
  await api.ok(201, 'PUT', `${place.pathname}/rrsets/example/NS`, { records: ['ns.example.'] });
  assert.match((await send('GET', `${place.pathname}/zonefile`)).body, /^example\.\s.*NS/m);
  assert.equal(JSON.parse((await send('GET', '/v1/zones/.')).body).name, '.');
  assert.equal((await send('DELETE', place.pathname)).status, 204);
});

test('a missing file of the documentation is refused with problem+json', async () => {
  const { status, headers, body } = await send('GET', '/docs/static/nothing.js');
  assert.equal(status, 404);
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
  assert.equal(JSON.parse(body).code, 'not_found');
});

test('a path below /docs names the methods that it takes', async () => {
  const { status, headers } = await send('POST', '/docs/json', { 'content-type': 'application/json' }, '{}');
  assert.equal(status, 405);
  assert.match(headers.allow ?? '', /GET/);
});
