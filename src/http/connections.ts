// The connections of the HTTP server: their number, their time limits, the answer to bytes that are not a request, and
// how connections end when the replica stops. One connection: pipeline.ts. The handling of requests: server.ts.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Refusal } from '../errors.ts';
import { noteArrival } from '../model/turn.ts';
import { cautiousHeaders } from './cautious-headers.ts';
import { clientKey } from './client-key.ts';
import { type Exchange, Pipeline } from './pipeline.ts';
import { problemOf, retryAfter } from './problem.ts';

// An import of node:http would read every property of the module. One of the properties loads a WebSocket client: 14 MB
// (bench/weight.ts).
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export interface ConnectionLimits {
  /**
   * Connections at the same time; each takes a file descriptor. At the limit, an idle connection of the client with the
   * most connections is closed for a new one. If no connection is idle, the new one is refused.
   */
  maxConnections: number;
  /** Connections of one client: an IPv4 address, or an IPv6 /64. */
  maxPerClient: number;
  /** Extra connections for health checks from addresses of this machine, so that the probe always gets one. */
  reservedForMachine: number;
  /** The time until the header of a request is complete. */
  headersMilliseconds: number;
  /** The time until a request is complete: enough for the largest zone file over a slow network. */
  requestMilliseconds: number;
  /**
   * The time without a byte received or sent after which a connection is closed, unless its client waits for an answer.
   */
  silenceMilliseconds: number;
  /** The time between two checks of headersMilliseconds and requestMilliseconds. */
  checkMilliseconds: number;
}

export const connectionLimits: ConnectionLimits = {
  maxConnections: 1024,
  maxPerClient: 256,
  reservedForMachine: 16,
  headersMilliseconds: 10_000,
  requestMilliseconds: 1_800_000,
  silenceMilliseconds: 60_000,
  checkMilliseconds: 2000,
};

export const allInUse = 'all connections that clients may have are in use: close some, or try again later';

/** When the server stops, a request that has begun to arrive must be complete within this time. */
const arriveMilliseconds = 1000;
/**
 * When the server stops, all answers must be sent within this time. A write that waits for an unreachable store takes
 * less.
 */
const answerMilliseconds = 5500;

/** A connection whose TLS handshake is not complete. */
class Handshake {
  readonly exchanges: readonly Exchange[] = [];
  readonly socket: Socket;
  readonly client: string;

  constructor(socket: Socket, client: string) {
    this.socket = socket;
    this.client = client;
  }
}

/** The open connections, the least recently used first. */
export class Connections {
  readonly #open = new Map<Duplex, Pipeline | Handshake>();
  /** The connections whose TLS handshake is not complete, by {@link peerOf}. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #perClient = new Map<string, number>();
  /** The connections that were beyond the limits when they were accepted. */
  readonly #reserved = new WeakSet<Duplex>();
  readonly #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Follows the connections of a server. */
  watch(server: Server): void {
    // Twice our limit: Node also counts connections that we have cut, until they have ended.
    server.maxConnections = 2 * this.#limits.maxConnections;
    if ('setSecureContext' in server) {
      server.on('connection', (socket) => this.#accept(socket, Handshake));
      server.on('secureConnection', (socket) => this.#endHandshake(socket));
    } else server.on('connection', (socket) => this.#accept(socket, Pipeline));
    // Runs before the listener that handles the request.
    server.prependListener('request', (request, response) => {
      const { socket } = request;
      this.#pipelineOf(socket)?.add(request, response);
      this.#touch(socket);
      response.once('close', () => this.#touch(socket));
    });
    server.on('connect', (_, socket) => {
      // Node has removed its own listeners from the socket.
      socket.on('error', () => socket.destroy());
      this.#refuse(socket, new Refusal('invalid_request', 'CONNECT is not supported: this is not a proxy'));
    });
    server.on('timeout', (socket) => {
      // A client that waits for an answer sends nothing meanwhile: its connection stays open.
      if (socket.writableLength > 0) socket.destroy();
      else if (this.#waitsForAnswer(socket) === undefined) this.#end(socket, tooSlow());
    });
  }

  /** Returns a promise if the request must wait for earlier ones of its connection. */
  turn(request: IncomingMessage): Promise<void> | undefined {
    return this.#pipelineOf(request.socket)?.turn(request);
  }

  /**
   * Returns whether the request came over a connection beyond the limits. Such a connection is only for health checks.
   * If other requests could use it, none would be left for the probe.
   */
  isBeyondLimits({ socket }: IncomingMessage): boolean {
    const pipeline = this.#pipelineOf(socket);
    return pipeline !== undefined && this.#reserved.has(socket) && this.#isBeyondLimits(pipeline.client);
  }

  /** Notes that the request has a valid token: its connection is not idle until the answer is made. */
  noteAuthenticated(request: IncomingMessage): void {
    this.#pipelineOf(request.socket)?.noteAuthenticated(request);
  }

  /** Answers bytes that Node could not read as a request, or a request that was not complete in time. */
  readonly refuse = (error: NodeJS.ErrnoException, socket: Duplex): void => {
    // The TLS handshake failed, or the connection was cut: the client cannot read an answer.
    if (!this.#open.has(socket)) socket.destroy();
    else this.#refuse(socket, refusalOf(error));
  };

  /** Stops reading the connection. Sends the refusal when its earlier requests are answered. */
  #refuse(socket: Duplex, refusal: Refusal): void {
    this.#pipelineOf(socket)?.stop();
    const before = this.#waitsForAnswer(socket);
    // If the refusal were sent now, the client would take it for the answer to its earlier request.
    if (before !== undefined) before.response.once('close', () => this.#refuse(socket, refusal));
    else this.#end(socket, refusal);
  }

  /** Ends the connections of a server that accepts no new ones. Node itself closes idle connections. */
  drain(server: Server): void {
    const incomplete = setTimeout(() => {
      for (const socket of this.#open.keys()) {
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
    sendRefusal(socket, refusal);
  }

  #exchangesOf(socket: Duplex): readonly Exchange[] {
    return this.#open.get(socket)?.exchanges ?? [];
  }

  /** Returns the pipeline; undefined before the TLS handshake is complete, and after the connection was cut. */
  #pipelineOf(socket: Duplex): Pipeline | undefined {
    const connection = this.#open.get(socket);
    return connection instanceof Pipeline ? connection : undefined;
  }

  /**
   * Adds a connection. At the limit for a client, closes the connection of that client that has been idle longest. At
   * the limit for all, closes one by {@link #closeIdleOfLargest}. If none is idle, refuses the new one.
   */
  #accept(socket: Socket, Kind: typeof Pipeline | typeof Handshake): void {
    noteArrival();
    const client = clientKey(socket);
    // Without an address, the connection is already closed.
    if (client === undefined) return void socket.destroy();
    const { maxConnections, maxPerClient, reservedForMachine } = this.#limits;
    const reserved = isOfMachine(socket) ? reservedForMachine : 0;
    const ofClient = this.#perClient.get(client) ?? 0;
    const hasRoom =
      ofClient >= maxPerClient + reserved
        ? this.#closeIdle((one) => one.client === client)
        : this.#open.size < maxConnections + reserved || this.#closeIdleOfLargest();
    if (!hasRoom) return void refuseConnection(socket, Kind === Handshake);
    this.#perClient.set(client, (this.#perClient.get(client) ?? 0) + 1);
    const connection = new Kind(socket, client);
    this.#open.set(socket, connection);
    if (this.#isBeyondLimits(client)) this.#reserved.add(socket);
    if (connection instanceof Handshake) this.#handshakes.set(peerOf(socket), connection);
    socket.once('close', () => this.#delete(socket));
  }

  /** Accepts requests over a connection whose TLS handshake is complete. */
  #endHandshake(socket: Socket): void {
    const handshake = this.#handshakes.get(peerOf(socket));
    // The handshake was closed to make room for another connection.
    if (handshake === undefined) return void socket.destroy();
    this.#handshakes.delete(peerOf(socket));
    // The connection still counts for its client, but now has another socket object.
    this.#open.delete(handshake.socket);
    this.#open.set(socket, new Pipeline(socket, handshake.client));
    if (this.#reserved.has(handshake.socket)) this.#reserved.add(socket);
    socket.once('close', () => this.#delete(socket));
  }

  /** Returns whether more connections are open than all clients together, or this client, may have. */
  #isBeyondLimits(client: string): boolean {
    const { maxConnections, maxPerClient } = this.#limits;
    return this.#open.size > maxConnections || (this.#perClient.get(client) ?? 0) > maxPerClient;
  }

  /** Makes the connection the most recently used one. */
  #touch(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    this.#open.delete(socket);
    this.#open.set(socket, connection);
  }

  #delete(socket: Duplex): void {
    const connection = this.#open.get(socket);
    if (connection === undefined) return;
    this.#open.delete(socket);
    if (connection instanceof Handshake) this.#handshakes.delete(peerOf(connection.socket));
    const left = (this.#perClient.get(connection.client) ?? 1) - 1;
    if (left > 0) this.#perClient.set(connection.client, left);
    else this.#perClient.delete(connection.client);
  }

  /**
   * Closes an idle connection of the client with the most connections, so that one client cannot displace all others.
   * If that client has no idle one, closes an idle connection of any client.
   */
  #closeIdleOfLargest(): boolean {
    const most = Math.max(...this.#perClient.values());
    return this.#closeIdle((one) => this.#perClient.get(one.client) === most) || this.#closeIdle(() => true);
  }

  /** Closes the eligible connection that has been idle longest. Returns false if none is idle. */
  #closeIdle(eligible: (connection: Pipeline | Handshake) => boolean): boolean {
    for (const [socket, connection] of this.#open) {
      if (!eligible(connection) || connection.exchanges.some(isBusy)) continue;
      this.#delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }
}

/** Sends the refusal with the headers of all answers, then closes the connection. */
function sendRefusal(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify(problemOf(refusal));
  const wait = retryAfter[refusal.code];
  const headers = {
    'x-request-id': randomUUID(),
    ...cautiousHeaders,
    ...(wait !== undefined && { 'retry-after': wait }),
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    date: new Date().toUTCString(),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n${lines.join('')}\r\n`;
  socket.end(head + body, () => socket.destroy());
}

/**
 * Refuses a connection beyond the limits. Over TLS, closes it without an answer, which would need a handshake first.
 */
function refuseConnection(socket: Socket, isTls: boolean): void {
  if (isTls) return void socket.destroy();
  // Otherwise Node's parser would emit a request.
  socket.removeAllListeners('data').on('data', () => {});
  sendRefusal(socket, new Refusal('too_many_connections', allInUse));
}

/**
 * Returns whether the request keeps its connection from being idle. The connection counts as idle while an
 * unauthenticated request is incomplete, and while the client does not read a finished answer.
 */
function isBusy({ request, response, authenticated }: Exchange): boolean {
  return !response.writableEnded && (authenticated || request.complete);
}

/** Returns a key that a TLSSocket and the Socket below it share: the TLSSocket has no reference to the Socket. */
function peerOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

function isOfMachine({ remoteAddress = '', localAddress }: Socket): boolean {
  return remoteAddress === localAddress || /^(::ffff:)?127\./.test(remoteAddress);
}

function refusalOf({ code, message }: NodeJS.ErrnoException): Refusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow();
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal('header_too_large', 'the header has more than 16 KiB');
  if (code === 'HPE_INVALID_URL')
    return new Refusal('invalid_request', 'the URL has a character that it may not have: percent-encode it, as UTF-8');
  // The parser takes the text after a blank for the HTTP version.
  const blank = message.includes('Expected HTTP/') ? ': percent-encode blanks in the URL (%20)' : '';
  return new Refusal('invalid_request', `the request is not HTTP: ${message}${blank}`);
}

function tooSlow(): Refusal {
  return new Refusal('request_timeout', 'the request was not complete in time');
}
