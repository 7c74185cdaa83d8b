// DNS over HTTPS (RFC 8484): requests over HTTP/2 and HTTP/1.1, cache control, and wrong requests.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { Agent, request } from 'node:https';
import { suite, test } from 'node:test';
import { ednsOption, encodeQuestion, withOptions } from '../../support/answers.ts';
import { withoutOpenssl } from '../../support/certificate.ts';
import { queryBytes } from '../../support/dns-client.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { counted } from './running-server.ts';
import { runSecureServer, type SecureServer } from './secure-server.ts';

const type = 'application/dns-message';
const question = { name: 'host.example', type: 'A' };
const post = { ':method': 'POST', ':path': '/dns-query', 'content-type': type };

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function open(t: Cleanup, { https, certificate }: SecureServer): Promise<ClientHttp2Session> {
  const session = connect(`https://127.0.0.1:${https.port}`, {
    ca: certificate.ca,
    servername: 'localhost',
    // Lets Node's client send headers that are too long for a server.
    maxSendHeaderBlockLength: 100_000,
  });
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  await once(session, 'connect');
  return session;
}

async function send(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<Reply> {
  const stream = session.request(headers);
  const responded = once(stream, 'response', { signal: AbortSignal.timeout(30_000) });
  stream.on('error', () => undefined);
  stream.end(body);
  const [received] = (await responded) as [IncomingHttpHeaders];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { status: Number(received[':status']), headers: received, body: Buffer.concat(chunks) };
}

function getPath(query: Uint8Array): string {
  return `/dns-query?dns=${Buffer.from(query).toString('base64url')}`;
}

suite('HTTPS', { skip: withoutOpenssl, concurrency: 3 }, () => {
  test('many simultaneous streams get their answers, with GET and POST', async (t) => {
    const running = await runSecureServer(t);
    const session = await open(t, running);
    const replies = await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        const query = queryBytes(question);
        const reply = i % 2 === 0 ? send(session, post, query) : send(session, { ':path': getPath(query) });
        return { query, reply: await reply };
      }),
    );
    for (const { query, reply } of replies) {
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['content-type'], type);
      assert.equal(Number(reply.headers['content-length']), reply.body.length);
      assert.equal(reply.body.readUInt16BE(0), (query[0]! << 8) | query[1]!);
      assert.equal(reply.body.readUInt16BE(6), 1);
    }
    assert.equal(counted(running.server, 'dns_https_connections_total'), 1);
    assert.equal(counted(running.server, 'dns_https_answered_total'), 300);
  });

  test('RFC 8484 §5.1: max-age is the TTL of the answer, or of the SOA of a negative answer, and 0 without both', async (t) => {
    const session = await open(t, await runSecureServer(t));
    for (const [name, asked, seconds] of [
      ['host.example', 'A', 300],
      ['host.example', 'MX', 60],
      ['none.example', 'A', 60],
      ['elsewhere.test', 'A', 0],
    ] as const) {
      const reply = await send(session, { ':path': getPath(queryBytes({ name, type: asked })) });
      assert.equal(reply.status, 200);
      assert.equal(reply.headers['cache-control'], `max-age=${seconds}`, `${name} ${asked}`);
    }
  });

  test('RFC 8484 §5.1, RFC 7873 §5.2.3: a response with a cookie is marked private', async (t) => {
    const responses = { nsid: 'replica', cookies: { strict: false, secrets: [new Uint8Array(16)] } };
    const session = await open(t, await runSecureServer(t, { responses }));
    const asked = encodeQuestion('host.example. A edns');
    const clientCookie = ednsOption(10, '2464c4abcf10c957');
    for (const [query, expected] of [
      [withOptions(asked, ednsOption(3), clientCookie), 'private, max-age=300'],
      [withOptions(encodeQuestion('elsewhere.test. A do'), clientCookie), 'private, max-age=0'],
      [withOptions(asked, ednsOption(3)), 'max-age=300'],
      [asked, 'max-age=300'],
    ] as const) {
      const replies = [await send(session, { ':path': getPath(query) }), await send(session, post, query)];
      assert.deepEqual(
        replies.map(({ headers }) => headers['cache-control']),
        [expected, expected],
      );
    }
  });

  test('wrong requests get the right status, and the connection can be used again', async (t) => {
    const session = await open(t, await runSecureServer(t));
    const query = queryBytes(question);
    const wrong: [number, OutgoingHttpHeaders, Uint8Array?][] = [
      [404, { ':path': '/' }],
      [404, { ':path': '/dns-query/' }],
      [404, { ...post, ':path': '/resolve' }, query],
      [405, { ...post, ':method': 'PUT' }, query],
      [405, { ':path': '/dns-query', ':method': 'DELETE' }],
      [415, { ...post, 'content-type': 'application/json' }, query],
      [415, { ':method': 'POST', ':path': '/dns-query' }, query],
      [413, post, new Uint8Array(65_536)],
      [400, post, new Uint8Array(11)],
      [400, post],
      [400, { ':path': '/dns-query' }],
      [400, { ':path': '/dns-query?dns=' }],
      [400, { ':path': '/dns-query?dns=AAAA$AAA' }],
      [400, { ':path': `${getPath(query)}=` }],
      [400, { ':path': `${getPath(query)}&dns=AAAA` }],
      // The message has one octet more than the largest one. HPACK codes `a` in five bits. With longer codes, the field
      // would exceed the 64 KiB that nghttp2 accepts.
      [414, { ':path': `/dns-query?dns=${'a'.repeat(Math.ceil((65_536 / 3) * 4))}` }],
    ];
    for (const [status, headers, body] of wrong) {
      const reply = await send(session, headers, body);
      assert.equal(reply.status, status, JSON.stringify(headers));
      assert.equal(reply.headers['cache-control'], 'no-store');
      if (status === 405) assert.equal(reply.headers.allow, 'GET, HEAD, POST');
    }
    assert.equal((await send(session, post, query)).status, 200);
    const head = await send(session, { ':method': 'HEAD', ':path': getPath(query) });
    assert.deepEqual([head.status, head.body.length], [200, 0]);
  });

  test('a body that arrives too slowly gets 408, also if other streams of the connection are active', async (t) => {
    const session = await open(t, await runSecureServer(t, { limits: { idleMilliseconds: 3_000 } }));
    const slow = session.request(post);
    slow.on('error', () => undefined);
    slow.write(Uint8Array.of(0));
    const responded = once(slow, 'response', { signal: AbortSignal.timeout(30_000) });
    const asking = setInterval(() => void send(session, post, queryBytes(question)).catch(() => undefined), 100);
    t.after(() => clearInterval(asking));
    const [headers] = await responded;
    assert.equal(headers[':status'], 408);
  });

  test('several HTTP/1.1 requests use one connection', async (t) => {
    const running = await runSecureServer(t);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });

    t.after(() => agent.destroy());
    const options = { agent, ca: running.certificate.ca, servername: 'localhost', port: running.https.port };
    for (const method of ['GET', 'POST', 'POST']) {
      const query = queryBytes(question);
      const sent = request({ ...options, method, path: getPath(query), headers: { 'content-type': type } });
      sent.end(method === 'POST' ? query : undefined);
      const [response] = await once(sent, 'response', { signal: AbortSignal.timeout(30_000) });
      assert.equal(response.statusCode, 200);
      response.resume();
      await once(response, 'end');
    }
    assert.equal(counted(running.server, 'dns_https_connections_total'), 1);
  });

  test('an HTTP/1.1 GET that is too long gets 431', async (t) => {
    const { https, certificate } = await runSecureServer(t);
    const query = Buffer.alloc(65_535);
    query.set(queryBytes(question));
    const options = { agent: false, ca: certificate.ca, servername: 'localhost', port: https.port } as const;
    const sent = request({ ...options, path: getPath(query) });
    // The server does not read the request to its end.
    sent.on('error', () => undefined).end();
    const [response] = await once(sent, 'response', { signal: AbortSignal.timeout(30_000) });
    assert.equal(response.statusCode, 431);
    response.resume();
  });
});
