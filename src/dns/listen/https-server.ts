// DNS over HTTPS (RFC 8484), with HTTP/2 or HTTP/1.1. Requests: https-request.ts.

import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from 'node:http2';
import type { Certificate } from './certificate.ts';
import { minTls, type StreamLimits } from './dns-limits.ts';
import { guardHandshakes } from './handshakes.ts';
import { HttpsConnection } from './https-connection.ts';
import { answerRequest } from './https-request.ts';
import { counterCell } from './listen-counters.ts';
import type { StreamAnswering } from './tcp-connection.ts';

/** The most streams that one connection may have open (RFC 9113 §5.1.2 recommends at least 100). */
const concurrentStreams = 100;

export function newHttpsServer(
  shared: StreamAnswering,
  certificate: Certificate,
  limits: StreamLimits,
): Http2SecureServer {
  const server = createSecureServer({
    ...certificate,
    minVersion: minTls,
    allowHTTP1: true,
    // This is longer than the idle limit: StreamConnections closes idle connections, not node:http.
    http1Options: { keepAliveTimeout: 2 * limits.idleMilliseconds },
    handshakeTimeout: limits.idleMilliseconds,
    noDelay: true,
    settings: { maxConcurrentStreams: concurrentStreams },
    // The limit is in megabytes; 1 is the minimum.
    maxSessionMemory: 1,
  });
  /** The open connections. The key is the session with HTTP/2, the socket with HTTP/1.1. */
  const connections = new WeakMap<object, HttpsConnection>();
  /** The connection whose session is being created. */
  let latest: HttpsConnection | undefined;

  const cells = { accepted: counterCell.httpsAccepted, failed: counterCell.httpsHandshakeFailed };
  guardHandshakes(server, shared, cells, (socket, host, rawSocket) => {
    const connection = new HttpsConnection(socket, host, rawSocket, shared);
    connections.set(socket, connection);
    latest = connection;
    shared.connections.add(connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      shared.connections.delete(connection);
      connection.answers.abandon();
    });
  });
  // The event comes during 'secureConnection', after guardHandshakes has called `begin`.
  server.on('session', (session) => {
    if (latest === undefined) return;
    latest.session = session;
    connections.set(session, latest);
  });
  server.on('sessionError', () => undefined);
  server.on('request', (request, response) => {
    const connection = connections.get(connectionKeyOf(request) ?? server);
    if (connection === undefined) response.destroy();
    else answerRequest({ request, response, connection, shared, patience: limits.idleMilliseconds });
  });
  return server;
}

/** Returns the key of a request's connection. HTTP/1.1 requests come from node:http and have no stream. */
function connectionKeyOf(request: Http2ServerRequest): object | undefined {
  return request.httpVersionMajor === 1 ? request.socket : request.stream.session;
}
