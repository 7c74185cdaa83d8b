// DNS over HTTPS (RFC 8484): HTTP/2, or HTTP/1.1 for those who have no better. What a request gets: https-request.ts.

import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from 'node:http2';
import type { Certificate } from './certificate.ts';
import { guardHandshakes, oldestTls } from './handshakes.ts';
import { HttpsConnection } from './https-connection.ts';
import { answerRequest } from './https-request.ts';
import { counterCell } from './listen-counters.ts';
import type { StreamAnswering } from './tcp-connection.ts';
import type { StreamLimits } from './thread-task.ts';

/** Of one connection at a time (RFC 9113 §5.1.2 recommends no fewer). */
const concurrentStreams = 100;

export function newHttpsServer(
  shared: StreamAnswering,
  certificate: Certificate,
  limits: StreamLimits,
): Http2SecureServer {
  const server = createSecureServer({
    ...certificate,
    minVersion: oldestTls,
    allowHTTP1: true,
    // Never the first to close an idle connection: that is for StreamConnections.
    http1Options: { keepAliveTimeout: 2 * limits.idleMilliseconds },
    handshakeTimeout: limits.idleMilliseconds,
    noDelay: true,
    settings: { maxConcurrentStreams: concurrentStreams },
    // In megabytes: the least there is.
    maxSessionMemory: 1,
  });
  /** By session for HTTP/2, by socket for HTTP/1.1. */
  const connections = new WeakMap<object, HttpsConnection>();
  /** The one whose session is being made. */
  let latest: HttpsConnection | undefined;

  const cells = { accepted: counterCell.httpsAccepted, failed: counterCell.httpsHandshakeFailed };
  guardHandshakes(server, shared, cells, (socket, host, carrier) => {
    const connection = new HttpsConnection(socket, host, carrier, shared);
    connections.set(socket, connection);
    latest = connection;
    shared.connections.add(connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      shared.connections.delete(connection);
      connection.answers.abandon();
    });
  });
  // Comes while 'secureConnection', which the guard hears first, is still being told.
  server.on('session', (session) => {
    if (latest === undefined) return;
    latest.session = session;
    connections.set(session, latest);
  });
  server.on('sessionError', () => undefined);
  server.on('request', (request, response) => {
    const connection = connections.get(carrierOf(request) ?? server);
    if (connection === undefined) response.destroy();
    else answerRequest({ request, response, connection, shared, patience: limits.idleMilliseconds });
  });
  return server;
}

/** HTTP/1.1 requests come as node:http's own, which have no stream. */
function carrierOf(request: Http2ServerRequest): object | undefined {
  return request.httpVersionMajor === 1 ? request.socket : request.stream.session;
}
