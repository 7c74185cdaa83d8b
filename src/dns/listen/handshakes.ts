// TLS connections before their handshake is complete. They are counted and limited from the start, so that an
// unfinished handshake cannot keep a connection open. After the handshake: tcp-connection.ts, https-connection.ts.

import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { newClient, setClientAddress } from '../respond/client.ts';
import { type Connection, clientKey } from './stream-connections.ts';
import type { StreamAnswering } from './tcp-connection.ts';

interface Cells {
  readonly accepted: number;
  readonly failed: number;
}

/**
 * Watches the server's handshakes. Calls `begin` after each handshake, before the octets that follow it are read.
 * `rawSocket` is the TCP socket below `socket`.
 */
export function guardHandshakes(
  server: Server,
  { counters, connections }: StreamAnswering,
  cells: Cells,
  begin: (socket: TLSSocket, host: string, rawSocket: Socket) => void,
): void {
  const waiting = new Map<string, Handshake>();
  server.on('connection', (socket: Socket) => {
    counters.add(cells.accepted);
    const host = socket.remoteAddress;
    // The connection is already closed if it has no address.
    if (host === undefined) {
      socket.destroy();
      return;
    }
    const handshake = new Handshake(socket, host);
    const peer = peerOf(socket);
    waiting.set(peer, handshake);
    connections.add(handshake);
    // This handles errors that the TLSSocket does not report, such as a second reset.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connections.delete(handshake);
      if (waiting.get(peer) === handshake) waiting.delete(peer);
    });
  });
  // This listener runs before node:http2's own one.
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const host = socket.remoteAddress;
    const peer = peerOf(socket);
    const handshake = waiting.get(peer);
    if (host === undefined || handshake === undefined) {
      socket.destroy();
      return;
    }
    waiting.delete(peer);
    connections.delete(handshake);
    begin(socket, host, handshake.rawSocket);
  });
  server.on('tlsClientError', (_error, socket) => {
    counters.add(cells.failed);
    socket.destroy();
  });
}

/** A connection whose handshake is not complete. */
class Handshake implements Connection {
  readonly client: string;
  lastActive = 0;
  readonly busyUntil = 0;
  readonly rawSocket: Socket;

  constructor(rawSocket: Socket, host: string) {
    this.rawSocket = rawSocket;
    const from = newClient('tls');
    setClientAddress(from, host);
    this.client = clientKey(from);
  }

  finish(): void {
    this.cut();
  }

  cut(): void {
    this.rawSocket.resetAndDestroy();
  }
}

/** Returns a key that a Socket and the TLSSocket above it share: a TLSSocket has no reference to the Socket. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
