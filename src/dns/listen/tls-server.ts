// DNS over TLS (RFC 7858): TCP's frames inside TLS. The frames: tcp-connection.ts.

import { createServer, type Server } from 'node:tls';
import type { Certificate } from './certificate.ts';
import { guardHandshakes, oldestTls } from './handshakes.ts';
import { counterCell } from './listen-counters.ts';
import { type Stream, type StreamAnswering, TcpConnection } from './tcp-connection.ts';
import type { StreamLimits } from './thread-task.ts';

const stream: Stream = { transport: 'tls', received: counterCell.tlsReceived, answered: counterCell.tlsAnswered };

export function newTlsServer(shared: StreamAnswering, certificate: Certificate, limits: StreamLimits): Server {
  const server = createServer({
    ...certificate,
    minVersion: oldestTls,
    // Who names no protocol is welcome too.
    ALPNProtocols: ['dot'],
    handshakeTimeout: limits.idleMilliseconds,
    // As over TCP.
    allowHalfOpen: true,
    noDelay: true,
  });
  const cells = { accepted: counterCell.tlsAccepted, failed: counterCell.tlsHandshakeFailed };
  guardHandshakes(server, shared, cells, (socket, host, carrier) => {
    new TcpConnection(socket, host, shared, stream, carrier);
  });
  return server;
}
