// The connections of the HTTP server: how many there may be, their time limits, the answer to bytes that are not a
// request, and how they end when the replica stops. One connection: pipeline.ts. How requests are handled: server.ts.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Refusal } from '../errors.ts';
import { cautiousHeaders } from './cautious-headers.ts';
import { clientKey } from './client-key.ts';
import { type Exchange, Pipeline } from './pipeline.ts';
import { problemOf, retryAfter } from './problem.ts';

// An import would read every property of this module. One of them loads a WebSocket client: 14 MB (bench/weight.ts).
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export interface ConnectionLimits {
  /**
   * Connections at the same time; each takes a file descriptor. For one more, the idle one that has waited longest is
   * closed. If none is idle, the new one is refused.
   */
  maxConnections: number;
  /** Connections of one client: an IPv4 address, or an IPv6 /64. */
  maxPerClient: number;
  /**
   * Connections beyond both limits from addresses of this machine, for health checks only, so that its probe always
   * gets one.
   */
  reservedForMachine: number;
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
  maxPerClient: 256,
  reservedForMachine: 16,
  headersMilliseconds: 10_000,
  requestMilliseconds: 1_800_000,
  silenceMilliseconds: 60_000,
  checkMilliseconds: 2000,
};

export const allInUse = 'all connections that clients may have are in use: close some, or try again later';

/** From the server's stop until requests that have begun to arrive must be complete. */
const arriveMilliseconds = 1000;
/** From the server's stop until answers must be sent. A write that waits for an unreachable store takes less. */
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
  /** The handshakes among them, by {@link peerOf}. */
  readonly #handshakes = new Map<string, Handshake>();
  readonly #perClient = new Map<string, number>();
  /** Those that were beyond the limits when they were accepted. */
  readonly #reserved = new WeakSet<Duplex>();
  readonly #limits: ConnectionLimits;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Follows the connections of a server. */
  watch(server: Server): void {
    // Connections that were cut count until they have ended.
    server.maxConnections = 2 * this.#limits.maxConnections;
    if ('setSecureContext' in server) {
      server.on('connection', (socket) => this.#accept(socket, Handshake));
      server.on('secureConnection', (socket) => this.#endHandshake(socket));
    } else server.on('connection', (socket) => this.#accept(socket, Pipeline));
    // Before the request is handled.
    server.prependListener('request', (request, response) => {
      const { socket } = request;
      this.#pipelineOf(socket)?.add(request, response);
      this.#touch(socket);
      response.once('close', () => this.#touch(socket));
    });
    server.on('connect', (_, socket) => {
      // Node does not listen to the socket any more.
      socket.on('error', () => socket.destroy());
      this.#refuse(socket, new Refusal('invalid_request', 'CONNECT is for proxies, and this is none'));
    });
    server.on('timeout', (socket) => {
      // A client that waits for its answer need not send anything: its connection stays open.
      if (socket.writableLength > 0) socket.destroy();
      else if (this.#waitsForAnswer(socket) === undefined) this.#end(socket, tooSlow());
    });
  }

  /** Returns a promise if the request must wait for earlier ones of its connection. */
  turn(request: IncomingMessage): Promise<void> | undefined {
    return this.#pipelineOf(request.socket)?.turn(request);
  }

  /**
   * Returns whether the request came over a connection beyond the limits. Others could hold those as long as they like,
   * and the probe would get none.
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
    // Its TLS handshake failed, so that it could not read an answer.
    if (!this.#open.has(socket)) socket.destroy();
    else this.#refuse(socket, refusalOf(error));
  };

  /** Reads no more of the connection. Sends the refusal when its earlier requests are answered. */
  #refuse(socket: Duplex, refusal: Refusal): void {
    this.#pipelineOf(socket)?.stop();
    const before = this.#waitsForAnswer(socket);
    // A client would take an answer sent now for the answer to its earlier request.
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

  /** Returns undefined before the TLS handshake is complete, and after the connection was cut. */
  #pipelineOf(socket: Duplex): Pipeline | undefined {
    const connection = this.#open.get(socket);
    return connection instanceof Pipeline ? connection : undefined;
  }

  /** Adds a connection. At a limit, closes the idle one of that client, or of any, that has waited longest. */
  #accept(socket: Socket, Kind: typeof Pipeline | typeof Handshake): void {
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

  /** Lets requests arrive over a connection whose handshake is complete. */
  #endHandshake(socket: Socket): void {
    const handshake = this.#handshakes.get(peerOf(socket));
    // It was closed to make room for another one.
    if (handshake === undefined) return void socket.destroy();
    this.#handshakes.delete(peerOf(socket));
    // It goes on counting as a connection of its client, under the other socket.
    this.#open.delete(handshake.socket);
    this.#open.set(socket, new Pipeline(socket, handshake.client));
    if (this.#reserved.has(handshake.socket)) this.#reserved.add(socket);
    socket.once('close', () => this.#delete(socket));
  }

  /** Returns whether the open connections are more than all clients, or this one, may have. */
  #isBeyondLimits(client: string): boolean {
    const { maxConnections, maxPerClient } = this.#limits;
    return this.#open.size > maxConnections || (this.#perClient.get(client) ?? 0) > maxPerClient;
  }

  /** Makes it the most recently used one. */
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

  /** Closes an idle connection of the client that has the most, so that one client cannot displace all others. */
  #closeIdleOfLargest(): boolean {
    const most = Math.max(...this.#perClient.values());
    return this.#closeIdle((one) => this.#perClient.get(one.client) === most) || this.#closeIdle(() => true);
  }

  /** Returns false if no such connection is idle. */
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

/** Refuses a connection beyond the limits. Over TLS, closes it: the handshake would come before an answer. */
function refuseConnection(socket: Socket, isTls: boolean): void {
  if (isTls) return void socket.destroy();
  // Node's parser would hand on a request.
  socket.removeAllListeners('data').on('data', () => {});
  sendRefusal(socket, new Refusal('too_many_connections', allInUse));
}

/**
 * Returns whether the request is being handled. A request without a token that does not end, and an answer that its
 * client does not read, are as idle as silence.
 */
function isBusy({ request, response, authenticated }: Exchange): boolean {
  return !response.writableEnded && (authenticated || request.complete);
}

/** Returns a key for a connection: a TLSSocket has no reference to the Socket below it. */
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
  // The parser takes what follows a blank for the version.
  const blank = message.includes('Expected HTTP/') ? ': percent-encode blanks in the URL (%20)' : '';
  return new Refusal('invalid_request', `the request is not HTTP: ${message}${blank}`);
}

function tooSlow(): Refusal {
  return new Refusal('request_timeout', 'the request was not complete in time');
}
