// The connections below the requests: how long each may keep us waiting, what is said where no request came about, and how they end
// when the replica stops. What a request meets: server.ts.

import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal } from '../errors.ts';
import { problemOf } from './problem.ts';

// An import would also load a WebSocket client, which is a lazy property of this module: 14 MB (bench/weight.ts).
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export interface ConnectionLimits {
  /** At once: each costs a file descriptor. One more is closed without a word. */
  greatestConnections: number;
  /** For a request's header. */
  headersMilliseconds: number;
  /** For a whole request: the largest zone file, over a slow line. */
  requestMilliseconds: number;
  /** Without a byte from who sends a request, or to who reads an answer. */
  silenceMilliseconds: number;
  /** How often the first two are looked at. */
  checkMilliseconds: number;
}

export const connectionLimits: ConnectionLimits = {
  greatestConnections: 1024,
  headersMilliseconds: 10_000,
  requestMilliseconds: 1_800_000,
  silenceMilliseconds: 60_000,
  checkMilliseconds: 2000,
};

/** When we stop: for the rest of a request that has begun. */
const arriveMilliseconds = 1000;
/** When we stop: for answers that are under way. More than a write takes that waits for a store which is away. */
const answerMilliseconds = 5500;

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

export class Connections {
  readonly #sockets = new Map<Duplex, Set<Exchange>>();

  watch(server: Server): void {
    server.on('connection', (socket) => {
      this.#sockets.set(socket, new Set());
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      const exchange = { request, response };
      const exchanges = this.#sockets.get(request.socket);
      exchanges?.add(exchange);
      response.once('close', () => exchanges?.delete(exchange));
    });
    server.on('timeout', (socket) => {
      // Whoever waits for us may be silent.
      if (socket.writableLength > 0) socket.destroy();
      else if (this.#waitsForAnswer(socket) === undefined) this.#end(socket, tooSlow());
    });
  }

  /** Resolves when the requests that came before this one on its connection have their answers: one may rely on what another did (RFC 9112 §9.3.2). */
  async turn(request: IncomingMessage): Promise<void> {
    let previous: Exchange | undefined;
    for (const exchange of this.#exchangesOf(request.socket)) {
      if (exchange.request === request) break;
      previous = exchange;
    }
    if (previous !== undefined && !previous.response.closed) await once(previous.response, 'close');
  }

  /** What Node could not read as a request, or not in time. */
  readonly refuse = (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const before = this.#waitsForAnswer(socket);
    // Sent at once, it would be taken for the answer to the request before.
    if (before !== undefined) before.response.once('close', () => this.refuse(error, socket));
    else this.#end(socket, refusalOf(error));
  };

  /** Once the server takes no more connections: ends those that it has, the idle ones aside (Node ends these). */
  drain(server: Server): void {
    const unasked = setTimeout(() => {
      for (const socket of this.#sockets.keys()) {
        if (this.#waitsForAnswer(socket) === undefined) this.#end(socket, tooSlow());
      }
    }, arriveMilliseconds);
    const all = setTimeout(() => server.closeAllConnections(), answerMilliseconds);
    server.once('close', () => {
      clearTimeout(unasked);
      clearTimeout(all);
    });
  }

  /** A whole request that has no whole answer yet. */
  #waitsForAnswer(socket: Duplex): Exchange | undefined {
    return this.#exchangesOf(socket).find(({ request }) => request.complete);
  }

  /** Says why, unless that would fall into the middle of an answer. */
  #end(socket: Duplex, refusal: Refusal): void {
    if (!socket.writable || this.#exchangesOf(socket).some(({ response }) => response.headersSent)) {
      socket.destroy();
      return;
    }
    const body = JSON.stringify(problemOf(refusal));
    const header = [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      'content-type: application/problem+json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.end(`${header.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  }

  #exchangesOf(socket: Duplex): Exchange[] {
    return [...(this.#sockets.get(socket) ?? [])];
  }
}

function refusalOf({ code, message }: NodeJS.ErrnoException): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow();
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal('header_too_large', 'the header has more than 16 KiB');
  return new Refusal('invalid_request', `this is no HTTP request: ${message}`);
}

function tooSlow(): Refusal {
  return new Refusal('request_timeout', 'the request was not complete in time');
}
