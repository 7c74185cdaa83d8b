// Sends UDP queries to one server, by connected sockets with random ports (RFC 5452 §9.2). One socket sends several
// queries, since opening a socket costs more than a query; then a new socket takes its place. The sockets:
// dns/ask/.

import type { OpenServerSocket, ServerSocket } from '../../dns/ask/server-socket.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { Exchange, ExchangeFailure } from './exchange.ts';
import { WaitingExchanges } from './waiting-exchanges.ts';

/** The most queries that one socket sends. With few queries, `maxAge` ends its use before. */
const maxUses = 128;
/** Milliseconds after which the next query gets a new socket, with another port. */
const maxAge = 10_000;

export class DatagramPorts {
  readonly #server: Endpoint;
  readonly #openSocket: OpenServerSocket;
  readonly #onForeign: () => void;
  readonly #open = new Set<Port>();
  #current: Port | undefined;

  /** `onForeign` is called for each message that answers no query. */
  constructor(server: Endpoint, openSocket: OpenServerSocket, onForeign: () => void) {
    this.#server = server;
    this.#openSocket = openSocket;
    this.#onForeign = onForeign;
  }

  /** Sends the query. The exchange does not end before `send` has returned. */
  send(exchange: Exchange): void {
    const { sentAt } = exchange;
    let port = this.#current;
    if (port === undefined || port.isClosed || port.uses >= maxUses || sentAt - port.openedAt > maxAge) {
      port?.retire();
      port = this.#openPort(sentAt);
      this.#current = port;
    }
    port.send(exchange);
  }

  close(): void {
    for (const port of this.#open) port.close();
  }

  #openPort(now: number): Port {
    const port: Port = new Port(now, this.#onForeign, () => this.#open.delete(port));
    this.#open.add(port);
    port.open(this.#openSocket, this.#server);
    return port;
  }
}

class Port {
  readonly openedAt: number;
  uses = 0;
  isClosed = false;
  readonly #onForeign: () => void;
  readonly #onClosed: () => void;
  readonly #waiting = new WaitingExchanges(() => this.#closeIfDone());
  #socket: ServerSocket | undefined;
  #isRetired = false;

  constructor(openedAt: number, onForeign: () => void, onClosed: () => void) {
    this.openedAt = openedAt;
    this.#onForeign = onForeign;
    this.#onClosed = onClosed;
  }

  open(openSocket: OpenServerSocket, server: Endpoint): void {
    this.#socket = openSocket(server, {
      received: (octets) => this.#receive(octets),
      failed: (why) => this.#fail(why),
    });
  }

  send(exchange: Exchange): void {
    this.#waiting.add(exchange);
    this.uses += 1;
    this.#socket?.send(exchange.query);
  }

  /** Sends no further query, and closes the socket when no query waits for an answer. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfDone();
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket?.close();
    this.#onClosed();
  }

  #receive(octets: Uint8Array): void {
    const exchange = this.#waiting.find(octets);
    if (exchange?.receive(octets) === true) this.#waiting.forget(exchange);
    else this.#onForeign();
  }

  #fail(why: ExchangeFailure): void {
    this.close();
    this.#waiting.failAll(why);
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#waiting.size === 0) this.close();
  }
}
