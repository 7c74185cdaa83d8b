// Sends queries to one server over TCP or TLS. One connection carries many queries (RFC 7766 §6.2.1, RFC 7858 §3.4),
// and is closed after some idle seconds.

import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { readUint16, writeUint16 } from '../../dns/wire/header.ts';
import type { ForwarderTarget } from '../../model/forwarder.ts';
import { messageOf } from '../../model/thrown.ts';
import type { Exchange, ExchangeFailure } from './exchange.ts';
import { WaitingExchanges } from './waiting-exchanges.ts';

/** Milliseconds after which an idle connection is closed. Servers commonly close one after ten seconds or more. */
const maxIdle = 5_000;
/**
 * Milliseconds after which a query gets a new connection, if nothing has come since an earlier query. A firewall or a
 * server that was restarted may have forgotten the connection, and the kernel would notice that only after minutes.
 */
const maxSilence = 3_000;

export class StreamConnection {
  readonly #target: ForwarderTarget;
  readonly #authorities: string | undefined;
  #connection: Connection | undefined;

  constructor(target: ForwarderTarget, authorities: string | undefined) {
    this.#target = target;
    this.#authorities = authorities;
  }

  /** Sends the query by the open connection, or by a new one. */
  send(exchange: Exchange): void {
    const before = this.#connection;
    if (before === undefined || before.isClosed || before.isSilent(exchange.sentAt)) {
      this.#connection = new Connection(this.#target, this.#authorities);
      before?.close('broken');
    }
    this.#connection?.send(exchange);
  }

  close(): void {
    this.#connection?.close('broken');
  }
}

class Connection {
  isClosed = false;
  readonly #waiting = new WaitingExchanges();
  #socket: Socket | undefined;
  #unsent: Uint8Array[] = [];
  #received: Buffer = Buffer.alloc(0);
  #hasAnswered = false;
  /** When the first of the queries was sent since which nothing has come; undefined if there is no such query. */
  #silentSince: number | undefined;

  constructor(target: ForwarderTarget, authorities: string | undefined) {
    void this.#open(target, authorities).catch((error: unknown) => this.close('broken', messageOf(error)));
  }

  async #open({ address, port, tlsName }: ForwarderTarget, authorities: string | undefined): Promise<void> {
    const plain = { host: address, port, noDelay: true };
    // node:tls is loaded only when it is needed: most targets are asked without TLS.
    const socket =
      tlsName === undefined
        ? connect(plain)
        : (await import('node:tls')).connect({
            ...plain,
            servername: tlsName,
            ALPNProtocols: ['dot'],
            ...(authorities !== undefined && { ca: authorities }),
          });
    this.#socket = socket;
    if (this.isClosed) socket.destroy();
    socket.on('data', (octets: Buffer) => this.#receive(octets));
    socket.on('error', (error: NodeJS.ErrnoException) => this.close(kindOf(error, socket), reasonOf(error)));
    socket.on('close', () => this.close('broken'));
    socket.on('end', () => this.close('broken'));
    socket.setTimeout(maxIdle, () => this.close('broken'));
    socket.unref();
    for (const frame of this.#unsent) socket.write(frame);
    this.#unsent = [];
  }

  send(exchange: Exchange): void {
    const { query } = exchange;
    this.#waiting.add(exchange);
    this.#silentSince ??= exchange.sentAt;
    const frame = new Uint8Array(2 + query.length);
    writeUint16(frame, 0, query.length);
    frame.set(query, 2);
    if (this.#socket === undefined) this.#unsent.push(frame);
    else this.#socket.write(frame);
  }

  isSilent(now: number): boolean {
    return this.#silentSince !== undefined && now - this.#silentSince > maxSilence;
  }

  close(why: ExchangeFailure, detail?: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#socket?.destroy();
    this.#waiting.failAll(this.#hasAnswered ? 'ended' : why, detail);
  }

  #receive(octets: Buffer): void {
    this.#silentSince = undefined;
    this.#received = this.#received.length === 0 ? octets : Buffer.concat([this.#received, octets]);
    while (this.#received.length >= 2) {
      const end = 2 + readUint16(this.#received, 0);
      if (this.#received.length < end) return;
      const message = this.#received.subarray(2, end);
      this.#received = this.#received.subarray(end);
      const exchange = this.#waiting.find(message);
      if (exchange === undefined) continue;
      if (!exchange.receive(message)) {
        this.close('broken');
        return;
      }
      this.#hasAnswered = true;
      this.#waiting.forget(exchange);
    }
  }
}

/** Returns the message of the error. Of a message of OpenSSL, returns only what is wrong, not where in its code. */
function reasonOf({ message }: Error): string {
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(message) ?? [];
  return reason === undefined ? message : `TLS: ${reason}`;
}

function kindOf({ code }: NodeJS.ErrnoException, socket: Socket | TLSSocket): ExchangeFailure {
  if (code === 'ECONNREFUSED') return 'refused';
  // `authorizationError` is set if the certificate was read and not accepted.
  return 'authorizationError' in socket && socket.authorizationError ? 'distrusted' : 'broken';
}
