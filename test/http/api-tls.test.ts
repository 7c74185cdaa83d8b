// The API over TLS: versions of TLS, a certificate that changes, certificates of clients, and connections without a
// handshake.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readFile, rename } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, type TestContext, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { startApp } from '../../src/app.ts';
import { ConfigFaults, readConfig } from '../../src/config.ts';
import { readCertificate } from '../../src/dns/listen/certificate.ts';
import { adminToken } from '../support/api-client.ts';
import { type MadeCertificate, makeCertificate, withoutOpenssl } from '../support/certificate.ts';
import { servedApi } from '../support/served-api.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const authorization = `Bearer ${adminToken}`;

interface Asked {
  /** The CA that the client trusts. */
  ca: string;
  /** The certificate of the client. */
  client?: MadeCertificate;
  maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';
}

/**
 * Asks with a connection of its own. Resolves with the status, the code of a problem, and the parameters of the TLS
 * session.
 */
async function ask(url: string, path: string, { ca, client, maxVersion = 'TLSv1.3' }: Asked) {
  const agent = new Agent({ maxCachedSessions: 0 });
  const own = client && { cert: await readFile(client.cert), key: await readFile(client.key) };
  const asking = request(new URL(path, url), {
    agent,
    ca,
    ...own,
    maxVersion,
    ...(maxVersion === 'TLSv1.1' && { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    headers: { authorization },
  });
  asking.end();
  const [response] = (await once(asking, 'response')) as [import('node:http').IncomingMessage];
  const socket = response.socket as TLSSocket;
  const [version, name] = [socket.getProtocol(), socket.getPeerCertificate().subject?.CN];
  const body = await text(response);
  agent.destroy();
  const isProblem = response.headers['content-type']?.includes('problem');
  const { code, detail } = isProblem ? JSON.parse(body) : {};
  return { status: response.statusCode, code, detail, version, name };
}

/** Serves the API with these files. Returns its URL and the lines of its log. */
async function startWith(t: TestContext, ...flags: string[]) {
  const folder = await temporaryFolder(t);
  const listen = flags.includes('--http') ? [] : ['--http', '127.0.0.1:0'];
  const args = ['--data-dir', folder, '--replica', 'test', '--dns', '127.0.0.1:0', '--dns-threads', '1'];
  const config = readConfig([...args, ...listen, ...flags], { ZONEWRIGHT_ADMIN_TOKEN: adminToken });
  const lines: { level: number; msg: string }[] = [];
  const app = await startApp(config, pino({}, { write: (line) => lines.push(JSON.parse(line)) }), '0.0.0-test');
  t.after(() => app.close());
  await app.ready;
  const endpoints = JSON.parse(await readFile(join(folder, 'endpoints.json'), 'utf8'));
  return { url: `https://${endpoints.http}`, endpoints, lines };
}

suite('the API over TLS', { skip: withoutOpenssl }, () => {
  test('TLS 1.3 and 1.2 are accepted, TLS 1.1 is not, and plain HTTP ends the connection', async (t) => {
    const folder = await temporaryFolder(t);
    const files = await makeCertificate(folder, 'first');
    const { url } = await servedApi(t, { certificate: await readCertificate(files, 'API') });
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const answer = await ask(url, '/v1/zones', { ca: files.ca, maxVersion });
      assert.deepEqual([answer.status, answer.version], [200, maxVersion]);
    }
    await assert.rejects(ask(url, '/v1/zones', { ca: files.ca, maxVersion: 'TLSv1.1' }));
    await assert.rejects(fetch(url.replace('https', 'http')));
    assert.equal((await ask(url, '/healthz', { ca: files.ca })).status, 200);
  });

  test('a new certificate is used for new connections, and those that are open stay open', async (t) => {
    const folder = await temporaryFolder(t);
    const [first, second] = [await makeCertificate(folder, 'first'), await makeCertificate(folder, 'second')];
    const ca = first.ca + second.ca;
    const { url, endpoints, lines } = await startWith(t, '--http-tls-cert', first.cert, '--http-tls-key', first.key);
    assert.equal(endpoints.httpTls, true);
    const { hostname, port } = new URL(url);
    const open = connect({ host: hostname, port: Number(port), ca: first.ca });
    t.after(() => open.destroy());
    await once(open, 'secureConnect');
    assert.equal((await ask(url, '/readyz', { ca })).name, 'first');
    await copyFile(first.key, join(folder, 'old.key'));
    await copyFile(second.key, join(folder, 'kept.key'));
    await rename(second.key, first.key);
    await until(() => lines.some(({ msg }) => msg.includes('new API certificate is not usable')), 'not noticed');
    assert.equal((await ask(url, '/readyz', { ca })).name, 'first');
    await rename(join(folder, 'old.key'), first.key);
    await until(
      () => lines.some(({ msg }) => msg === 'the API certificate is usable again, as it was'),
      'nothing says that it is over',
    );
    await rename(join(folder, 'kept.key'), first.key);
    await rename(second.cert, first.cert);
    await until(
      () => lines.some(({ msg }) => msg === 'the API certificate has changed and is in use'),
      'the new certificate is not used',
    );
    assert.equal((await ask(url, '/readyz', { ca })).name, 'second');
    open.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n');
    assert.match(String((await once(open, 'data'))[0]), /^HTTP\/1\.1 200 /);
    assert.deepEqual(
      lines.filter(({ msg }) => msg.includes('without TLS')),
      [],
    );
  });

  test('with authorities of clients, only health checks need no certificate, and a changed file of authorities is read again', async (t) => {
    const folder = await temporaryFolder(t);
    const [server, client, stranger] = await Promise.all(
      ['server', 'client', 'stranger'].map((name) => makeCertificate(folder, name)),
    );
    assert.ok(server && client && stranger);
    const { ca } = server;
    const files = ['--http-tls-cert', server.cert, '--http-tls-key', server.key];
    const { url, lines } = await startWith(t, ...files, '--http-tls-client-ca', client.cert);
    for (const path of ['/healthz', '/readyz']) {
      assert.equal((await ask(url, path, { ca })).status, 200);
      assert.equal((await ask(url, path, { ca, client: stranger })).status, 200);
    }
    for (const path of ['/v1/zones', '/metrics', '/docs', '/openapi.json', '/nowhere']) {
      for (const asked of [{ ca }, { ca, client: stranger }, { ca, maxVersion: 'TLSv1.2' } as const]) {
        const { status, code, detail } = await ask(url, path, asked);
        assert.deepEqual([status, code], [403, 'client_certificate_needed'], path);
        const reason = 'client' in asked ? /\([A-Z_]*(SIGNED|ISSUER|LEAF)[A-Z_]*\)$/ : /\(no certificate was sent\)$/;
        assert.match(detail, reason);
      }
    }
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      assert.equal((await ask(url, '/v1/zones', { ca, client, maxVersion })).status, 200);
    }
    const own = { cert: await readFile(client.cert), key: await readFile(client.key) };
    await rename(stranger.cert, client.cert);
    await until(() => lines.some(({ msg }) => msg.includes('has changed')), 'the authorities are not read again');
    const { hostname, port } = new URL(url);
    const asking = request({ hostname, port, path: '/v1/zones', ca, ...own, headers: { authorization } }).end();
    const [response] = (await once(asking, 'response')) as [import('node:http').IncomingMessage];
    response.resume();
    assert.equal(response.statusCode, 403);
  });

  test('connections without a handshake count as idle, and end after the time limit of a header', async (t) => {
    const folder = await temporaryFolder(t);
    const files = await makeCertificate(folder, 'first');
    const limits = { maxConnections: 3, maxPerClient: 3, reservedForMachine: 0, headersMilliseconds: 1500 };
    const { url } = await servedApi(t, { limits, certificate: await readCertificate(files, 'API') });
    const { hostname, port } = new URL(url);
    const silent = Array.from({ length: 3 }, () => connectTcp(Number(port), hostname));
    let closed = 0;
    for (const socket of silent) {
      t.after(() => socket.destroy());
      socket
        .on('error', () => {})
        .on('close', () => {
          closed += 1;
        });
      await once(socket, 'connect');
    }
    assert.equal((await ask(url, '/healthz', { ca: files.ca })).status, 200);
    await until(() => closed === 1, 'the oldest is not closed');
    await until(() => closed === 3, 'the others are not closed in time');
    // All connections are free again.
    for (let turn = 0; turn < 5; turn += 1) assert.equal((await ask(url, '/healthz', { ca: files.ca })).status, 200);
  });

  test('a file without a certificate of an authority is refused at the start', async (t) => {
    const folder = await temporaryFolder(t);
    const server = await makeCertificate(folder, 'server');
    await assert.rejects(
      startWith(t, '--http-tls-cert', server.key, '--http-tls-key', server.key),
      (error) => error instanceof ConfigFaults && /--http-tls-cert .* must be a certificate/.test(error.message),
    );
    await assert.rejects(
      readCertificate({ ...server, clientCa: server.key }, 'API'),
      /--http-tls-client-ca .*: it has no certificate/,
    );
  });
});

test('without TLS, an address that other machines reach makes one warning, and loopback makes none', async (t) => {
  const warnings = async (http: string) => {
    const { lines } = await startWith(t, '--http', http);
    return lines.filter(({ level, msg }) => level === 40 && msg.includes('without TLS')).length;
  };
  assert.deepEqual([await warnings('0.0.0.0:0'), await warnings('127.0.0.1:0'), await warnings('[::1]:0')], [1, 0, 0]);
});

test('settings of TLS that do not fit together are faults', () => {
  const faults = (...flags: string[]) => {
    try {
      readConfig(flags, {});
      return '';
    } catch (error) {
      assert.ok(error instanceof ConfigFaults);
      return error.faults.join();
    }
  };
  assert.match(faults('--http-tls-cert', 'c.pem'), /^--http-tls-cert and --http-tls-key go together/);
  assert.match(faults('--http-tls-key', 'k.pem'), /^--http-tls-cert and --http-tls-key go together/);
  assert.match(faults('--http-tls-client-ca', 'ca.pem'), /^--http-tls-client-ca has no effect without/);
  assert.equal(faults('--http-tls-cert', 'c.pem', '--http-tls-key', 'k.pem', '--http-tls-client-ca', 'ca.pem'), '');
});
