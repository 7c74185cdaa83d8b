// One connection of the HTTP server: handles its requests one after the other, and reads no more while a few of them
// wait. Which connections may be open: connections.ts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Complete requests that may wait for their turn before the connection is paused. */
const maxWaiting = 8;
/**
 * The octets that Node's parser gets at once. It reports each request in them, so that more than `maxWaiting` requests
 * wait. They are fewer than a hundred: the smallest request has 20 octets.
 */
const slice = 2048;

/** A request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The request's token is valid. */
  authenticated: boolean;
  /** Lets the request be handled. Undefined: it is handled, or nobody has asked for its turn yet. */
  begin?: () => void;
}

export class Pipeline {
  readonly socket: Socket;
  /** The number of connections that its client has: client-key.ts. */
  readonly client: string;
  /** The requests that have no complete answer yet, oldest first. */
  readonly #exchanges = new Map<IncomingMessage, Exchange>();
  /** Octets that Node's parser has not got yet. */
  #unread: Buffer[] = [];
  /** Node's parser. */
  readonly #parse: (chunk: Buffer) => void;
  /** Too many requests wait. Node itself also pauses the socket, and resumes it. */
  #held = false;
  #feeding = false;
  #stopped = false;

  /** Takes over the octets of a connection that an HTTP server has just accepted. */
  constructor(socket: Socket, client: string) {
    this.socket = socket;
    this.client = client;
    const parse = socket.listeners('data')[0] as (chunk: Buffer) => void;
    this.#parse = parse;
    socket.off('data', parse);
    socket.on('data', (chunk: Buffer) => {
      if (this.#stopped) return;
      this.#unread.push(chunk);
      this.#feed();
    });
    socket.on('resume', () => {
      if (this.#held) socket.pause();
      else this.#feed();
    });
    // The requests that wait are not handled: nobody would get their answers.
    socket.once('close', () => {
      this.#exchanges.clear();
      this.#unread = [];
    });
  }

  get exchanges(): readonly Exchange[] {
    return [...this.#exchanges.values()];
  }

  add(request: IncomingMessage, response: ServerResponse): void {
    this.#exchanges.set(request, { request, response, authenticated: false });
    response.once('close', () => this.#finish(request));
  }

  noteAuthenticated(request: IncomingMessage): void {
    const exchange = this.#exchanges.get(request);
    if (exchange !== undefined) exchange.authenticated = true;
  }

  /**
   * Returns a promise if earlier requests of the connection have no complete answer: a request may depend on the
   * effects of an earlier one (RFC 9112 §9.3.2). The promise is never resolved if the connection ends before.
   */
  turn(request: IncomingMessage): Promise<void> | undefined {
    const exchange = this.#exchanges.get(request);
    if (exchange === undefined || exchange === this.#first()) return undefined;
    return new Promise((resolve) => {
      exchange.begin = resolve;
    });
  }

  /** Reads no more requests. Those that wait are still handled. */
  stop(): void {
    this.#stopped = true;
    this.#unread = [];
  }

  #first(): Exchange | undefined {
    return this.#exchanges.values().next().value;
  }

  #finish(request: IncomingMessage): void {
    this.#exchanges.delete(request);
    const next = this.#first();
    // Other connections are served in between.
    if (next?.begin !== undefined) setImmediate(() => this.#begin(next));
    if (!this.#held || this.#exchanges.size > maxWaiting) return;
    this.#held = false;
    this.socket.resume();
  }

  #begin(exchange: Exchange): void {
    if (!this.socket.destroyed) exchange.begin?.();
  }

  /** Gives the parser what was received, until too many requests wait or Node pauses the connection. */
  #feed(): void {
    // The parser may resume the socket while it gets a slice.
    if (this.#feeding) return;
    this.#feeding = true;
    try {
      while (this.#unread.length > 0 && !this.socket.isPaused() && !this.socket.destroyed) {
        const chunk = this.#unread[0] as Buffer;
        if (chunk.length > slice) this.#unread[0] = chunk.subarray(slice);
        else this.#unread.shift();
        this.#parse.call(this.socket, chunk.subarray(0, slice));
        if (this.#exchanges.size <= maxWaiting) continue;
        this.#held = true;
        this.socket.pause();
      }
    } finally {
      this.#feeding = false;
    }
  }
}
