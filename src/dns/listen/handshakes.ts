// TLS connections until they have shaken hands: counted and limited like any other from their first octet on, so that nobody holds ports open with half
// a handshake. What they are afterwards: tcp-connection.ts, https-connection.ts.

import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { newClient, setClientAddress } from '../respond/client.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { type Connection, clientKey, type StreamConnections } from './stream-connections.ts';

interface Cells {
  readonly accepted: keyof typeof counterCell;
  readonly failed: keyof typeof counterCell;
}

/** Watches the server's handshakes; `begin` gets each connection that has come through, before its first octet. */
export function guardHandshakes(
  server: Server,
  counters: CounterCells,
  connections: StreamConnections,
  cells: Cells,
  begin: (socket: TLSSocket, host: string) => void,
): void {
  const waiting = new Map<string, Handshake>();
  server.on('connection', (socket: Socket) => {
    counters.add(counterCell[cells.accepted]);
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
    begin(socket, host);
  });
  server.on('tlsClientError', (_error, socket) => {
    counters.add(counterCell[cells.failed]);
    socket.destroy();
  });
}

class Handshake implements Connection {
  readonly client: string;
  lastActive = 0;
  readonly #socket: Socket;

  constructor(socket: Socket, host: string) {
    this.#socket = socket;
    const from = newClient('tls');
    setClientAddress(from, host);
    this.client = clientKey(from);
  }

  finish(): void {
    this.cut();
  }

  cut(): void {
    this.#socket.destroy();
  }
}

/** Tells a listener's connections apart; a TLSSocket does not say which Socket it stands on. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
