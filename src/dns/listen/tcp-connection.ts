// One DNS connection over TCP (RFC 1035 §4.2.2, RFC 7766) or TLS (RFC 7858). Answers from the table are in the order of
// their queries; late answers are sent when they are made. Limits: stream-connections.ts.

import type { Socket } from 'node:net';
import type { AllLateAnswers } from '../handed-on/late-answers.ts';
import { type Client, newClient, setClientAddress } from '../respond/client.ts';
import type { Transport } from '../respond/counters.ts';
import { headerLength, readUint16, writeUint16 } from '../wire/header.ts';
import { maxMessage } from '../wire/max-message.ts';
import type { Answerer } from './answerer.ts';
import { ConnectionLateAnswers } from './connection-late-answers.ts';
import { growBuffer, initialLength } from './grow-buffer.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { type Connection, clientKey, type StreamConnections } from './stream-connections.ts';

/** The two octets of length before each message. */
const prefix = 2;

/** While more queries are at hand, answers are written in blocks of at least this many octets. */
const writeSize = 16_384;
const none = new Uint8Array(0);

/**
 * The parts that all stream connections of a thread share. Messages are answered one at a time, without waiting, so one
 * buffer (`out`) is enough.
 */
export class StreamAnswering {
  readonly answerer: Answerer;
  readonly counters: CounterCells;
  readonly connections: StreamConnections;
  readonly late: AllLateAnswers;
  readonly out = new Uint8Array(writeSize + prefix + maxMessage);

  constructor(answerer: Answerer, counters: CounterCells, connections: StreamConnections, late: AllLateAnswers) {
    this.answerer = answerer;
    this.counters = counters;
    this.connections = connections;
    this.late = late;
  }
}

/** The kind of stream below the frames, and the cells of its counters. */
export interface Stream {
  readonly transport: Transport;
  readonly received: number;
  readonly answered: number;
}

export const plainTcp: Stream = {
  transport: 'tcp',
  received: counterCell.tcpReceived,
  answered: counterCell.tcpAnswered,
};

export class TcpConnection implements Connection {
  readonly client: string;
  lastActive = 0;
  busyUntil = 0;
  readonly #socket: Socket;
  /** The TCP socket below `#socket` with TLS; else the same as `#socket`. */
  readonly #rawSocket: Socket;
  readonly #shared: StreamAnswering;
  readonly #stream: Stream;
  readonly #from: Client;
  readonly #lateAnswers: ConnectionLateAnswers;
  /** An incomplete message with its prefix. Its first `#partialLength` octets have arrived. */
  #partial: Uint8Array | undefined;
  #partialLength = 0;
  /**
   * Received octets that wait until the client has taken its answers: at most a chunk, and what the stream had buffered
   * before it was paused.
   */
  #waiting: Uint8Array | undefined;
  #finishing = false;
  /** True: the client has sent a frame that is not DNS. What comes after this frame is ignored. */
  #hasGarbage = false;

  constructor(socket: Socket, host: string, shared: StreamAnswering, stream: Stream, rawSocket = socket) {
    this.#socket = socket;
    this.#rawSocket = rawSocket;
    this.#shared = shared;
    this.#stream = stream;
    this.#from = newClient(stream.transport);
    setClientAddress(this.#from, host);
    this.client = clientKey(this.#from);
    this.#lateAnswers = new ConnectionLateAnswers(this, shared.connections, shared.late);
    this.#handOnFrom(this.#from, socket.remotePort ?? 0);
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('drain', () => this.#goOn());
    // The client sends no more queries, but may still read. Its queries are answered before the connection is closed
    // (RFC 7766 §6.2.4).
    socket.on('end', () => this.finish());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      shared.connections.delete(this);
      this.#lateAnswers.abandon();
    });
    shared.connections.add(this);
  }

  finish(): void {
    this.#finishing = true;
    this.#endIfFinished();
  }

  cut(): void {
    this.#rawSocket.resetAndDestroy();
  }

  #receive(chunk: Uint8Array): void {
    // No answer can be sent any more, or the rest is garbage.
    if (this.#socket.writableEnded || this.#hasGarbage) return;
    if (this.#waiting !== undefined) {
      // The stream had buffered these octets before it was paused.
      this.#waiting = Buffer.concat([this.#waiting, chunk]);
      return;
    }
    const { answerer } = this.#shared;
    answerer.wake();
    this.#answerAll(chunk);
    answerer.sleep();
  }

  #goOn(): void {
    this.#shared.connections.touch(this);
    this.#lateAnswers.goOn();
    const chunk = this.#waiting;
    if (chunk === undefined) return;
    this.#waiting = undefined;
    this.#receive(chunk);
    if (this.#waiting !== undefined) return;
    this.#socket.resume();
    this.#endIfFinished();
  }

  #endIfFinished(): void {
    if (!this.#lateAnswers.isEmpty) return;
    if (this.#hasGarbage) this.#socket.destroySoon();
    else if (this.#finishing && this.#waiting === undefined) this.#socket.end();
  }

  /**
   * Lets queries of the connection be handed on. Late answers are sent when they come, perhaps after the answers of
   * later queries (RFC 7766 §6.2.1.1).
   */
  #handOnFrom(client: Client, port: number): void {
    const recipient = {
      deliver: (message: Uint8Array) => this.#deliver(message),
      end: () => this.#endIfFinished(),
    };
    client.handOn = (kind, query, length) =>
      this.#lateAnswers.handOn({ kind, message: query.subarray(0, length), client, port }, recipient);
  }

  /** Writes a late answer. Returns false if the client does not keep up. */
  #deliver(message: Uint8Array): boolean {
    if (!this.#socket.writable) return true;
    const frame = Buffer.allocUnsafe(prefix + message.length);
    frame.writeUInt16BE(message.length, 0);
    frame.set(message, prefix);
    this.#shared.counters.add(this.#stream.answered);
    if (this.#socket.write(frame)) return true;
    this.#pause(none);
    return false;
  }

  #answerAll(chunk: Uint8Array): void {
    const { counters, connections } = this.#shared;
    let offset = 0;
    let used = 0;
    let finished = false;
    while (offset < chunk.length) {
      if (used >= writeSize) {
        if (!this.#write(used)) {
          this.#pause(chunk.subarray(offset));
          used = 0;
          break;
        }
        used = 0;
      }
      const left = chunk.length - offset;
      const whole = this.#partialLength === 0 && left >= prefix ? prefix + readUint16(chunk, offset) : Infinity;
      let message: Uint8Array | undefined;
      if (whole <= left) {
        message = chunk.subarray(offset + prefix, offset + whole);
        offset += whole;
      } else {
        offset += this.#collect(chunk, offset);
        message = this.#takeCollected();
        if (message === undefined) continue;
      }
      counters.add(this.#stream.received);
      if (message.length < headerLength) {
        // The frame is not DNS. The queries before it still get their answers, including late ones.
        counters.add(counterCell.tcpGarbageClosed);
        this.#write(used);
        this.#hasGarbage = true;
        this.#endIfFinished();
        return;
      }
      finished = true;
      used += this.#answer(message, used);
    }
    if (used > 0 && !this.#write(used)) this.#pause(none);
    if (finished) connections.touch(this);
  }

  /** Reads no more queries until the client has taken its answers. `unread` waits until then. */
  #pause(unread: Uint8Array): void {
    this.#waiting ??= unread;
    this.#socket.pause();
  }

  /**
   * Answers one message. Writes its answer after the first `used` octets of the shared buffer. Returns the octets
   * added.
   */
  #answer(message: Uint8Array, used: number): number {
    const { answerer, counters, out } = this.#shared;
    const start = used + prefix;
    const response = out.subarray(start, start + maxMessage);
    const length = answerer.respond(message, message.length, response, this.#from);
    if (length <= 0) return 0;
    writeUint16(out, used, length);
    counters.add(this.#stream.answered);
    return prefix + length;
  }

  /**
   * Writes the first `used` octets of the shared buffer to the socket. Returns false if the client does not keep up.
   */
  #write(used: number): boolean {
    if (used === 0) return true;
    return this.#socket.write(Buffer.from(this.#shared.out.subarray(0, used)));
  }

  /** Adds octets of the chunk to the incomplete message. Returns how many octets it took. */
  #collect(chunk: Uint8Array, offset: number): number {
    const have = this.#partialLength;
    this.#partial ??= new Uint8Array(initialLength);
    // Collects first the prefix, then the octets that the prefix announces.
    const wanted = have < prefix ? prefix : prefix + readUint16(this.#partial, 0);
    const taken = Math.min(wanted - have, chunk.length - offset);
    this.#partial = growBuffer(this.#partial, have, have + taken, prefix + maxMessage);
    this.#partial.set(chunk.subarray(offset, offset + taken), have);
    this.#partialLength += taken;
    return taken;
  }

  #takeCollected(): Uint8Array | undefined {
    const partial = this.#partial;
    if (partial === undefined || this.#partialLength < prefix) return undefined;
    const whole = prefix + readUint16(partial, 0);
    if (this.#partialLength < whole) return undefined;
    this.#partial = undefined;
    this.#partialLength = 0;
    return partial.subarray(prefix, whole);
  }
}
