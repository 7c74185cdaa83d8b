// A small DNS client for tests, on dns-packet: asks one question over UDP or TCP, or opens a TCP or TLS connection for
// unusual exchanges.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { decode, encode, type Message, type MessageToEncode, type OptRecord } from 'dns-packet';
import type { Cleanup } from './temporary.ts';

export interface Server {
  readonly address: string;
  readonly port: number;
}

export interface Ask {
  readonly server: Server;
  readonly name: string;
  readonly type: string;
  readonly tcp?: boolean;
  /** If set, the query has an OPT record with these fields. */
  readonly edns?: Partial<Omit<OptRecord, 'type' | 'name'>>;
  readonly recursionDesired?: boolean;
  readonly timeoutMilliseconds?: number;
}

/** A long time, because a busy machine may answer late. A test that expects no answer passes a shorter one. */
const defaultTimeout = 20_000;
let lastId = 0;

/** Returns a query. Each query has another id, so that no two queries under way have the same. */
export function queryBytes({ name, type, edns, recursionDesired = false }: Omit<Ask, 'server'>): Uint8Array {
  lastId = (lastId + 1) & 0xffff;
  const message: MessageToEncode = {
    id: lastId,
    type: 'query',
    flags: recursionDesired ? 0x0100 : 0,
    questions: [{ name, type }],
  };
  if (edns !== undefined) message.additionals = [{ type: 'OPT', name: '.', udpPayloadSize: 1232, ...edns }];
  return encode(message);
}

/** Asks once, without a retry; rejects if no answer comes in time. */
export async function ask(question: Ask): Promise<Message> {
  const query = queryBytes(question);
  return decode(await exchange(question.server, query, question));
}

/** Sends one message. Returns the first message that comes back; over UDP, the first one with the same id. */
export async function exchange(
  server: Server,
  query: Uint8Array,
  { tcp = false, timeoutMilliseconds = defaultTimeout }: { tcp?: boolean; timeoutMilliseconds?: number } = {},
): Promise<Buffer> {
  if (!tcp) return exchangeDatagrams(server, query, timeoutMilliseconds);
  const connection = await TcpClient.open(server);
  try {
    connection.send(query);
    return await connection.next(timeoutMilliseconds);
  } finally {
    connection.destroy();
  }
}

async function exchangeDatagrams(server: Server, query: Uint8Array, timeoutMilliseconds: number): Promise<Buffer> {
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timeout = setTimeout(() => reject(new Error(`no answer over UDP from ${server.port}`)), timeoutMilliseconds);
  socket.on('error', reject);
  socket.on('message', (answer, from) => {
    const fromThere = from.address === server.address && from.port === server.port;
    if (fromThere && answer[0] === query[0] && answer[1] === query[1]) resolve(answer);
  });
  socket.send(query, server.port, server.address);
  try {
    return await promise;
  } finally {
    clearTimeout(timeout);
    socket.close();
  }
}

/** A TCP or TLS connection that sends and receives whole messages. */
export class TcpClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static async open(server: Server, test?: Cleanup): Promise<TcpClient> {
    const socket = connect({ host: server.address, port: server.port, allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    const client = new TcpClient(socket);
    test?.after(() => client.destroy());
    return client;
  }

  /** Connects over TLS; the server's certificate must be for `localhost`. */
  static async openTls(server: Server, options: ConnectionOptions, test?: Cleanup): Promise<TcpClient> {
    const address = { host: server.address, port: server.port, allowHalfOpen: true };
    const socket = connectTls({ ...address, servername: 'localhost', ...options });
    await once(socket, 'secureConnect');
    const client = new TcpClient(socket);
    test?.after(() => client.destroy());
    return client;
  }

  /** Sends messages, each with its length before it, in one write. */
  send(...messages: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(messages.flatMap((message) => [lengthPrefix(message.length), message])));
  }

  /** Returns the next message; rejects if the connection ends, or if none comes in time. */
  async next(timeoutMilliseconds = defaultTimeout): Promise<Buffer> {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    for (;;) {
      const chunk: Buffer | null = this.socket.read();
      if (chunk !== null) this.#received = Buffer.concat([this.#received, chunk]);
      const whole = this.#received.length < 2 ? Infinity : 2 + this.#received.readUInt16BE(0);
      if (this.#received.length >= whole) {
        const message = this.#received.subarray(2, whole);
        this.#received = this.#received.subarray(whole);
        return message;
      }
      if (chunk !== null) continue;
      if (this.#closed || this.socket.readableEnded) throw new Error('the server closed the connection');
      const waiting = new AbortController();
      const either = { signal: AbortSignal.any([signal, waiting.signal]) };
      await Promise.race([once(this.socket, 'readable', either), once(this.socket, 'close', either)]);
      waiting.abort();
    }
  }

  /** Waits until the server closes its side or resets the connection; returns the number of octets not yet read. */
  async end(timeoutMilliseconds = defaultTimeout): Promise<number> {
    let octets = this.#received.length;
    this.socket.on('data', (chunk: Buffer) => {
      octets += chunk.length;
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timeout = setTimeout(() => reject(new Error('the server keeps the connection')), timeoutMilliseconds);
    this.socket.on('end', resolve).on('close', resolve);
    if (this.#closed || this.socket.readableEnded) resolve();
    await promise.finally(() => clearTimeout(timeout));
    return octets;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export function lengthPrefix(length: number): Uint8Array {
  return Uint8Array.of(length >> 8, length & 255);
}
