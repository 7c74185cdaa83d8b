// Sends UDP queries to one server, by connected sockets with random ports (RFC 5452 §9.2). Only the server can send to
// such a socket, and a closed port of the server is noticed at once. One socket sends several queries, since opening a
// socket costs more than a query; then a new socket takes its place.

import { createSocket, type Socket } from 'node:dgram';
import { familyOf } from '../../model/address.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Exchange } from './exchange.ts';
import { WaitingExchanges } from './waiting-exchanges.ts';

/** The most queries that one socket sends. */
const maxUses = 32;
/** Milliseconds after which the next query gets a new socket, with another port. */
const maxAge = 10_000;

export class DatagramPorts {
  readonly #server: Endpoint;
  readonly #onForeign: () => void;
  readonly #open = new Set<Port>();
  #current: Port | undefined;

  /** `onForeign` is called for each message that answers no query. */
  constructor(server: Endpoint, onForeign: () => void) {
    this.#server = server;
    this.#onForeign = onForeign;
  }

  send(exchange: Exchange): void {
    const { sentAt } = exchange;
    let port = this.#current;
    if (port === undefined || port.isClosed || port.uses >= maxUses || sentAt - port.openedAt > maxAge) {
      port?.retire();
      port = new Port(this.#server, sentAt, this.#onForeign, (closed) => this.#open.delete(closed));
      if (!port.isClosed) this.#open.add(port);
      this.#current = port;
    }
    port.send(exchange);
  }

  close(): void {
    for (const port of this.#open) port.close();
  }
}

class Port {
  readonly openedAt: number;
  uses = 0;
  isClosed = false;
  readonly #socket: Socket;
  readonly #waiting = new WaitingExchanges(() => this.#closeIfDone());
  readonly #onClosed: (port: Port) => void;
  /** The queries that wait until the socket is connected; undefined once it is. */
  #unsent: Uint8Array[] | undefined = [];
  #isRetired = false;

  constructor({ address, port }: Endpoint, openedAt: number, onForeign: () => void, onClosed: (port: Port) => void) {
    this.openedAt = openedAt;
    this.#onClosed = onClosed;
    const family = familyOf(address) === 'ipv6' ? 6 : 4;
    // Without this, Node would look the address up in another thread.
    const lookup = (host: string, _: unknown, done: (error: null, address: string, family: number) => void) =>
      done(null, host, family);
    this.#socket = createSocket({ type: `udp${family}`, lookup: lookup as never });
    this.#socket.on('message', (octets) => {
      if (!this.#receive(octets)) onForeign();
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(error));
    this.#socket.once('connect', () => {
      const unsent = this.#unsent ?? [];
      this.#unsent = undefined;
      // The socket was closed while it was being connected (test/forwarding/forwarders/datagram-ports.test.ts).
      if (this.isClosed) return;
      for (const query of unsent) this.#socket.send(query);
    });
    this.#socket.connect(port, address);
  }

  send(exchange: Exchange): void {
    const { query } = exchange;
    this.#waiting.add(exchange);
    this.uses += 1;
    // No socket could be opened. The caller expects a failure only after this method has returned.
    if (this.isClosed) {
      queueMicrotask(() => this.#waiting.failAll('broken'));
      return;
    }
    if (this.#unsent === undefined) this.#socket.send(query);
    else this.#unsent.push(query);
  }

  /** Sends no further query, and closes the socket when no query waits for an answer. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfDone();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket.close();
    this.#onClosed(this);
  }

  #receive(octets: Uint8Array): boolean {
    const exchange = this.#waiting.find(octets);
    if (exchange === undefined || !exchange.receive(octets)) return false;
    exchange.forget();
    return true;
  }

  #fail(error: NodeJS.ErrnoException): void {
    this.close();
    this.#waiting.failAll(error.code === 'ECONNREFUSED' ? 'refused' : 'broken');
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#waiting.size === 0) this.close();
  }
}
