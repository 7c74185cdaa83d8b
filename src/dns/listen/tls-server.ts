// DNS over TLS (RFC 7858). The frames are those of DNS over TCP: tcp-connection.ts.

import { createServer, type Server } from 'node:tls';
import type { Certificate } from './certificate.ts';
import { minTls, type StreamLimits } from './dns-limits.ts';
import { guardHandshakes } from './handshakes.ts';
import { counterCell } from './listen-counters.ts';
import { type Stream, type StreamAnswering, TcpConnection } from './tcp-connection.ts';

const stream: Stream = { transport: 'tls', received: counterCell.tlsReceived, answered: counterCell.tlsAnswered };

export function newTlsServer(shared: StreamAnswering, certificate: Certificate, limits: StreamLimits): Server {
  const server = createServer({
    ...certificate,
    minVersion: minTls,
    // Clients that name no protocol are served too.
    ALPNProtocols: ['dot'],
    handshakeTimeout: limits.idleMilliseconds,
    // These options are as over TCP (stream-thread.ts).
    allowHalfOpen: true,
    noDelay: true,
  });
  const cells = { accepted: counterCell.tlsAccepted, failed: counterCell.tlsHandshakeFailed };
  guardHandshakes(server, shared, cells, (socket, host, rawSocket) => {
    new TcpConnection(socket, host, shared, stream, rawSocket);
  });
  return server;
}
