// DNS over TLS (RFC 7858): DNS over TCP inside TLS, and handshakes that fail.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { withoutOpenssl } from '../../support/certificate.ts';
import { queryBytes, TcpClient } from '../../support/dns-client.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { counted, loopback6 } from './running-server.ts';
import { runSecureServer } from './secure-server.ts';

const question = { name: 'host.example', type: 'A' };

function idOf(message: Uint8Array): number {
  return (message[0]! << 8) | message[1]!;
}

async function openTcp(test: Cleanup, { address, port }: Endpoint): Promise<Socket> {
  const socket = connect({ host: address, port });
  // A paused socket would not report its end.
  socket.resume();
  socket.on('error', () => undefined);
  test.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Resolves when the socket is closed, for whatever reason. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Returns the error of a handshake that must fail. */
function handshakeError({ address, port }: Endpoint, options: ConnectionOptions): Promise<string> {
  const socket = connectTls({ host: address, port, servername: 'localhost', ...options });
  return new Promise((resolve, reject) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('secureConnect', () => reject(new Error('the handshake succeeded')));
  });
}

suite('TLS', { skip: withoutOpenssl, concurrency: 3 }, () => {
  test('the server answers pipelined queries over IPv4 and IPv6, with and without ALPN', async (t) => {
    for (const address of [undefined, loopback6]) {
      const { server, tls, certificate } = await runSecureServer(t, address && { address });
      for (const ALPNProtocols of [['dot'], undefined]) {
        const client = await TcpClient.openTls(tls, { ca: certificate.ca, ...(ALPNProtocols && { ALPNProtocols }) }, t);
        const queries = Array.from({ length: 1_000 }, () => queryBytes(question));
        client.send(...queries);
        const answered = new Set<number>();
        while (answered.size < queries.length) answered.add(idOf(await client.next()));
        assert.deepEqual(answered, new Set(queries.map(idOf)));
      }
      assert.equal(counted(server, 'dns_tls_connections_total'), 2);
      assert.equal(counted(server, 'dns_tls_answered_total'), 2_000);
      const queries = server.counters().find(({ name }) => name === 'dns_queries_total');
      assert.equal(queries?.values.tls, 2_000);
    }
  });

  test('when the client closes its side, the server answers all queries that came before, then closes the connection', async (t) => {
    const { tls, certificate } = await runSecureServer(t);
    const client = await TcpClient.openTls(tls, { ca: certificate.ca }, t);
    const queries = Array.from({ length: 100 }, () => queryBytes(question));
    client.send(...queries);
    client.socket.end();
    for (const query of queries) assert.equal(idOf(await client.next()), idOf(query));
    await client.end();
  });

  test('the server refuses old versions of TLS, and clients that offer another protocol', async (t) => {
    const { server, tls, certificate } = await runSecureServer(t);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    assert.match(await handshakeError(tls, { ca: certificate.ca, ...old }), /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/);
    const http = { ca: certificate.ca, ALPNProtocols: ['h2'] };
    assert.match(await handshakeError(tls, http), /NO_APPLICATION_PROTOCOL|ECONNRESET/);
    await until(() => counted(server, 'dns_tls_handshake_failures_total') === 2, 'failures are not counted');
  });

  test('a client that does not speak TLS, or stops in the middle of the handshake, does not disturb other clients', async (t) => {
    const { server, tls, certificate } = await runSecureServer(t);
    for (const garbage of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\xff\xff', '\0'.repeat(100_000)]) {
      const socket = await openTcp(t, tls);
      const gone = closed(socket);
      socket.write(garbage, 'latin1');
      // Sends the beginning of a handshake only.
      if (garbage.length < 10) socket.end();
      await gone;
    }
    await until(() => counted(server, 'dns_tls_handshake_failures_total') === 3, 'failures are not counted');
    const client = await TcpClient.openTls(tls, { ca: certificate.ca }, t);
    client.send(queryBytes(question));
    await client.next();
  });

  test('the server cuts off a handshake that takes too long, and a client that is silent after it', async (t) => {
    const { tls, https, certificate } = await runSecureServer(t, { limits: { idleMilliseconds: 3_000 } });
    const sockets = await Promise.all([tls, https, tls].map((address) => openTcp(t, address)));
    const drip = setInterval(() => sockets[2]?.write('\x16'), 50);
    t.after(() => clearInterval(drip));
    const silent = await TcpClient.openTls(tls, { ca: certificate.ca }, t);
    await Promise.all([...sockets.map((socket) => closed(socket)), silent.end()]);
  });

  test('limits count connections during the handshake, and those of TCP, TLS and HTTPS together', async (t) => {
    const { server, tls, https, certificate } = await runSecureServer(t, { limits: { connectionsPerClient: 3 } });
    const [first] = [await openTcp(t, tls), await openTcp(t, https)];
    const plain = await TcpClient.open(server.addresses[0]!, t);
    const gone = closed(first!);
    const client = await TcpClient.openTls(tls, { ca: certificate.ca }, t);
    await gone;
    for (const one of [plain, client]) {
      one.send(queryBytes(question));
      await one.next();
    }
    assert.equal(counted(server, 'dns_tcp_limit_closed_total'), 1);
  });
});
