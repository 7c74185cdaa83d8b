// TLS connections until they have shaken hands: counted and limited like any other from their first octet on, so that nobody holds ports open with half
// a handshake. What they are afterwards: tcp-connection.ts, https-connection.ts.

import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { newClient, setClientAddress } from '../respond/client.ts';
import { type Connection, clientKey } from './stream-connections.ts';
import type { StreamAnswering } from './tcp-connection.ts';

/** RFC 8310 §5, RFC 9325 §3.1.1. */
export const oldestTls = 'TLSv1.2';

/** The cells of its counters. */
interface Cells {
  readonly accepted: number;
  readonly failed: number;
}

/** Watches the server's handshakes; `begin` gets each connection that has come through, before its first octet, and the TCP connection that carries it. */
export function guardHandshakes(
  server: Server,
  { counters, connections }: StreamAnswering,
  cells: Cells,
  begin: (socket: TLSSocket, host: string, carrier: Socket) => void,
): void {
  const waiting = new Map<string, Handshake>();
  server.on('connection', (socket: Socket) => {
    counters.add(cells.accepted);
    const host = socket.remoteAddress;
    // No address: it is gone already.
    if (host === undefined) {
      socket.destroy();
      return;
    }
    const handshake = new Handshake(socket, host);
    const peer = peerOf(socket);
    waiting.set(peer, handshake);
    connections.add(handshake);
    // What its TLSSocket does not hear, such as being reset twice.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      connections.delete(handshake);
      if (waiting.get(peer) === handshake) waiting.delete(peer);
    });
  });
  // Before node:http2's own listener.
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
    begin(socket, host, handshake.carrier);
  });
  server.on('tlsClientError', (_error, socket) => {
    counters.add(cells.failed);
    socket.destroy();
  });
}

class Handshake implements Connection {
  readonly client: string;
  lastActive = 0;
  readonly busyUntil = 0;
  readonly carrier: Socket;

  constructor(carrier: Socket, host: string) {
    this.carrier = carrier;
    const from = newClient('tls');
    setClientAddress(from, host);
    this.client = clientKey(from);
  }

  finish(): void {
    this.cut();
  }

  cut(): void {
    this.carrier.resetAndDestroy();
  }
}

/** Tells a listener's connections apart; a TLSSocket does not say which Socket it stands on. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
