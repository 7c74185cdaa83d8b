// One connection of DNS over HTTPS, as the limits see it. Its requests: https-request.ts.

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Client, newClient, setClientAddress } from '../respond/client.ts';
import { PendingAnswers } from './pending-answers.ts';
import { type Connection, clientKey } from './stream-connections.ts';
import type { StreamAnswering } from './tcp-connection.ts';

export class HttpsConnection implements Connection {
  readonly client: string;
  lastActive = 0;
  busyUntil = 0;
  /** Who asks. */
  readonly from: Client = newClient('https');
  /** Octets that requests have brought which are not whole yet. */
  pending = 0;
  /** HTTP/2's; HTTP/1.1 has none. */
  session: ServerHttp2Session | undefined;
  readonly answers: PendingAnswers;
  readonly port: number;
  #finishing = false;
  readonly #socket: TLSSocket;
  readonly #carrier: Socket;

  constructor(socket: TLSSocket, host: string, carrier: Socket, shared: StreamAnswering) {
    this.#socket = socket;
    this.#carrier = carrier;
    setClientAddress(this.from, host);
    this.client = clientKey(this.from);
    this.port = socket.remotePort ?? 0;
    this.answers = new PendingAnswers(this, shared.connections, shared.late);
  }

  finish(): void {
    this.#finishing = true;
    // A session ends by itself after its last stream.
    if (this.session === undefined) this.endIfFinished();
    else if (!this.session.closed) this.session.close();
  }

  /** Ends a connection with HTTP/1.1 that was finished, once no answer is missing. */
  endIfFinished(): void {
    if (this.#finishing && this.session === undefined && this.answers.isEmpty) this.#socket.end();
  }

  cut(): void {
    this.#carrier.resetAndDestroy();
  }
}
