// One connection of DNS over HTTPS, as stream-connections.ts counts and closes it. Its requests: https-request.ts.

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Client, newClient, setClientAddress } from '../respond/client.ts';
import { ConnectionLateAnswers } from './connection-late-answers.ts';
import { type Connection, clientKey } from './stream-connections.ts';
import type { StreamAnswering } from './tcp-connection.ts';

export class HttpsConnection implements Connection {
  readonly client: string;
  lastActive = 0;
  busyUntil = 0;
  readonly from: Client = newClient('https');
  /** Octets of the request bodies that are not complete. */
  pending = 0;
  /** The session of HTTP/2; undefined with HTTP/1.1. */
  session: ServerHttp2Session | undefined;
  readonly answers: ConnectionLateAnswers;
  readonly port: number;
  #finishing = false;
  readonly #socket: TLSSocket;
  readonly #rawSocket: Socket;

  constructor(socket: TLSSocket, host: string, rawSocket: Socket, shared: StreamAnswering) {
    this.#socket = socket;
    this.#rawSocket = rawSocket;
    setClientAddress(this.from, host);
    this.client = clientKey(this.from);
    this.port = socket.remotePort ?? 0;
    this.answers = new ConnectionLateAnswers(this, shared.connections, shared.late);
  }

  finish(): void {
    this.#finishing = true;
    // A closed session ends by itself after its last stream.
    if (this.session === undefined) this.endIfFinished();
    else if (!this.session.closed) this.session.close();
  }

  /** After `finish`, ends an HTTP/1.1 connection as soon as no late answer is missing. */
  endIfFinished(): void {
    if (this.#finishing && this.session === undefined && this.answers.isEmpty) this.#socket.end();
  }

  cut(): void {
    this.#rawSocket.resetAndDestroy();
  }
}
