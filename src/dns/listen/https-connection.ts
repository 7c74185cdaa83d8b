// One connection of DNS over HTTPS, as the limits see it. Its requests: https-request.ts.

import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Client, newClient, setClientAddress } from '../respond/client.ts';
import { type Connection, clientKey } from './stream-connections.ts';

export class HttpsConnection implements Connection {
  readonly client: string;
  lastActive = 0;
  /** Who asks. */
  readonly from: Client = newClient('https');
  /** Octets that requests have brought which are not whole yet. */
  pending = 0;
  /** HTTP/2's; HTTP/1.1 has none. */
  session: ServerHttp2Session | undefined;
  readonly #socket: TLSSocket;
  readonly #carrier: Socket;

  constructor(socket: TLSSocket, host: string, carrier: Socket) {
    this.#socket = socket;
    this.#carrier = carrier;
    setClientAddress(this.from, host);
    this.client = clientKey(this.from);
  }

  finish(): void {
    if (this.session === undefined) this.#socket.end();
    else if (!this.session.closed) this.session.close();
  }

  cut(): void {
    this.#carrier.resetAndDestroy();
  }
}
