// The connections of the HTTP server: their time limits, the answer to bytes that are not a request, and how they end
// when the replica stops. How requests are handled: server.ts.

import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal } from '../errors.ts';
import { problemOf } from './problem.ts';

// An import would read every property of this module. One of them loads a WebSocket client: 14 MB (bench/weight.ts).
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export interface ConnectionLimits {
  /** Connections at the same time; each takes a file descriptor. One more is closed without an answer. */
  maxConnections: number;
  /** Until the header of a request is complete. */
  headersMilliseconds: number;
  /** Until a request is complete. The largest zone file fits, over a slow line. */
  requestMilliseconds: number;
  /** Without a byte received or sent. */
  silenceMilliseconds: number;
  /** Between checks of the two limits for requests. */
  checkMilliseconds: number;
}

export const connectionLimits: ConnectionLimits = {
  maxConnections: 1024,
  headersMilliseconds: 10_000,
  requestMilliseconds: 1_800_000,
  silenceMilliseconds: 60_000,
  checkMilliseconds: 2000,
};

/** From the server's stop until requests that have begun to arrive must be complete. */
const arriveMilliseconds = 1000;
/** From the server's stop until answers must be sent. A write that waits for an unreachable store takes less. */
const answerMilliseconds = 5500;

/** A request and its response. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** The open connections, each with its requests that are not answered yet. */
export class Connections {
  readonly #sockets = new Map<Duplex, Set<Exchange>>();

  /** Follows the connections of a server. */
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
      // A client that waits for its answer need not send anything: its connection stays open.
      if (socket.writableLength > 0) socket.destroy();
      else if (this.#waitsForAnswer(socket) === undefined) this.#end(socket, tooSlow());
    });
  }

  /**
   * Resolves when all earlier requests of the connection have their answers. A request may depend on the effects of an
   * earlier one (RFC 9112 §9.3.2).
   */
  async turn(request: IncomingMessage): Promise<void> {
    let previous: Exchange | undefined;
    for (const exchange of this.#exchangesOf(request.socket)) {
      if (exchange.request === request) break;
      previous = exchange;
    }
    if (previous !== undefined && !previous.response.closed) await once(previous.response, 'close');
  }

  /** Answers bytes that Node could not read as a request, or a request that was not complete in time. */
  readonly refuse = (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const before = this.#waitsForAnswer(socket);
    // A client would take an answer sent now for the answer to its earlier request.
    if (before !== undefined) before.response.once('close', () => this.refuse(error, socket));
    else this.#end(socket, refusalOf(error));
  };

  /** Ends the connections of a server that accepts no new ones. Node itself closes idle connections. */
  drain(server: Server): void {
    const incomplete = setTimeout(() => {
      for (const socket of this.#sockets.keys()) {
        if (this.#waitsForAnswer(socket) === undefined) this.#end(socket, tooSlow());
      }
    }, arriveMilliseconds);
    const all = setTimeout(() => server.closeAllConnections(), answerMilliseconds);
    server.once('close', () => {
      clearTimeout(incomplete);
      clearTimeout(all);
    });
  }

  /** Returns the first complete request of the connection that has no complete answer yet. */
  #waitsForAnswer(socket: Duplex): Exchange | undefined {
    return this.#exchangesOf(socket).find(({ request }) => request.complete);
  }

  /** Sends the refusal, unless part of another answer was sent before it. Then closes the connection. */
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
  return new Refusal('invalid_request', `the request is not HTTP: ${message}`);
}

function tooSlow(): Refusal {
  return new Refusal('request_timeout', 'the request was not complete in time');
}
