// One connection of the HTTP server. Its requests are handled one after the other. The connection is paused while too
// many requests wait. The limits for connections: connections.ts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A connection is paused while more requests than this have no complete answer. */
const maxWaiting = 8;
/**
 * The octets that Node's parser gets at once. The parser reports all requests in these octets: at most about a hundred,
 * because the smallest request has 20 octets. So for a moment, more than `maxWaiting` requests may wait.
 */
const slice = 2048;

/** A request and its response. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** True: the request has a valid token. */
  authenticated: boolean;
  /**
   * Lets the handling of the request begin. Absent if the request never had to wait for its turn
   * ({@link Pipeline.turn}).
   */
  begin?: () => void;
}

export class Pipeline {
  readonly socket: Socket;
  /** The key of the client (client-key.ts). */
  readonly client: string;
  /** The requests that have no complete answer yet, oldest first. */
  readonly #exchanges = new Map<IncomingMessage, Exchange>();
  /** Received octets that Node's parser has not got yet. */
  #unread: Buffer[] = [];
  /** Node's parser. */
  readonly #parse: (chunk: Buffer) => void;
  /** True while too many requests wait. A flag of our own, because Node too pauses and resumes the socket. */
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
    // Drops the waiting requests: nobody would get their answers.
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
   * Returns a promise of the turn of the request, if earlier requests of the connection have no complete answer: a
   * request may depend on the effects of an earlier one (RFC 9112 §9.3.2). If the connection ends before the turn, the
   * promise is never resolved.
   */
  turn(request: IncomingMessage): Promise<void> | undefined {
    const exchange = this.#exchanges.get(request);
    if (exchange === undefined || exchange === this.#first()) return undefined;
    return new Promise((resolve) => {
      exchange.begin = resolve;
    });
  }

  /** Stops reading requests. Waiting requests are still handled. */
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
    // Begins the next request later, so that other connections are served in between.
    if (next?.begin !== undefined) setImmediate(() => this.#begin(next));
    if (!this.#held || this.#exchanges.size > maxWaiting) return;
    this.#held = false;
    this.socket.resume();
  }

  #begin(exchange: Exchange): void {
    if (!this.socket.destroyed) exchange.begin?.();
  }

  /** Gives the parser the received octets, until too many requests wait or Node pauses the connection. */
  #feed(): void {
    // While the parser gets a slice, it may resume the socket, and so call this method again.
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
