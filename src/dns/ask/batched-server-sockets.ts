// The UDP sockets to all servers, through libc: the queries of one turn that leave by one socket cost one call, and so
// do the answers. While the thread is busy, it receives after each turn. When it rests, Node's event loop watches the
// sockets.

import { createSocket, type Socket } from 'node:dgram';
import { closeSync } from 'node:fs';
import { familyOf } from '../../model/address.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { type Libc, linux } from '../listen/libc.ts';
import { batchSize } from '../listen/message-layout.ts';
import { socketAddress } from '../listen/open-batched-socket.ts';
import { DatagramBatch } from './datagram-batch.ts';
import type { ServerSocket, SocketFailure, SocketListener } from './server-socket.ts';

/** Milliseconds until queries are sent again that a full socket did not take. */
const retryMilliseconds = 1;
/** The most open sockets that are tried without asking poll() for those that have received something. */
const maxTried = 2;

export class BatchedServerSockets {
  readonly #libc: Libc;
  readonly #batch: DatagramBatch;
  readonly #open = new Set<BatchedServerSocket>();
  readonly #unsent = new Set<BatchedServerSocket>();
  /** The sockets in the order of the list for poll(); empty if it must be made anew. */
  #polled: BatchedServerSocket[] = [];
  #pollList = new Int32Array(0);
  /** True: {@link receive} is called again soon. */
  #isBusy = false;
  #retry: NodeJS.Timeout | undefined;
  #hasChecked = false;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#batch = new DatagramBatch(libc);
  }

  /** Opens a socket on a random port. If that fails, a query that is sent by it fails as `broken`. */
  readonly open = (server: Endpoint, listener: SocketListener): ServerSocket => {
    const descriptor = this.#connect(server);
    if (descriptor < 0) {
      return { send: () => queueMicrotask(() => listener.failed('broken')), close: () => undefined };
    }
    const socket = new BatchedServerSocket(
      descriptor,
      familyOf(server.address) === 'ipv6' ? 'udp6' : 'udp4',
      listener,
      {
        hasUnsent: () => this.#willSend(socket),
        isClosed: () => {
          this.#open.delete(socket);
          this.#unsent.delete(socket);
          this.#polled = [];
        },
      },
    );
    this.#open.add(socket);
    this.#polled = [];
    return socket;
  };

  /** Sends the queries that wait. Without a call, they are sent at the end of the turn. */
  send(): void {
    for (const socket of this.#unsent) {
      if (!socket.sendUnsent(this.#batch)) continue;
      this.#unsent.delete(socket);
      if (!this.#isBusy) socket.watch();
    }
    if (this.#unsent.size > 0) this.#retry ??= setTimeout(() => this.#sendAgain(), retryMilliseconds);
  }

  /** Receives what has arrived. `isBusy`: the caller calls again soon; otherwise the event loop watches the sockets. */
  receive(isBusy: boolean): void {
    this.#isBusy = isBusy;
    if (this.#open.size > 0) {
      if (this.#polled.length === 0) this.#listForPoll();
      const [sockets, list] = [this.#polled, this.#pollList];
      const isPolled = sockets.length > maxTried;
      if (!isPolled || this.#libc.poll(list.buffer, BigInt(sockets.length), 0) > 0) {
        for (let i = 0; i < sockets.length; i += 1) {
          // The events that were found are in the upper half.
          if (!isPolled || (list[2 * i + 1] as number) >>> 16 !== 0) sockets[i]?.receive(this.#batch);
        }
      }
    }
    if (!isBusy) for (const socket of this.#open) socket.watch();
  }

  #willSend(socket: BatchedServerSocket): void {
    if (this.#unsent.size === 0) queueMicrotask(() => this.send());
    this.#unsent.add(socket);
  }

  #sendAgain(): void {
    this.#retry = undefined;
    this.send();
  }

  #listForPoll(): void {
    this.#polled = [...this.#open];
    this.#pollList = Int32Array.from(this.#polled.flatMap(({ descriptor }) => [descriptor, linux.POLLIN]));
  }

  /** Returns the descriptor of a socket that is connected to the server; −1 if that is not possible. */
  #connect(server: Endpoint): number {
    const family = familyOf(server.address) === 'ipv6' ? linux.AF_INET6 : linux.AF_INET;
    const descriptor = this.#libc.socket(family, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    this.#checkJoining(descriptor);
    const name = socketAddress(server);
    if (this.#libc.connect(descriptor, name, name.byteLength) === 0) return descriptor;
    closeSync(descriptor);
    return -1;
  }

  /** Lets queries share a message only if the kernel knows UDP_SEGMENT: else it would send them as one datagram. */
  #checkJoining(descriptor: number): void {
    if (this.#hasChecked) return;
    this.#hasChecked = true;
    const none = new Uint32Array(1).buffer;
    const { IPPROTO_UDP, UDP_SEGMENT } = linux;
    if (this.#libc.setsockopt(descriptor, IPPROTO_UDP, UDP_SEGMENT, none, none.byteLength) !== 0)
      this.#batch.stopJoining();
  }
}

class BatchedServerSocket implements ServerSocket {
  readonly descriptor: number;
  readonly #type: 'udp4' | 'udp6';
  readonly #listener: SocketListener;
  readonly #owner: { hasUnsent(): void; isClosed(): void };
  #unsent: Uint8Array[] = [];
  /** Node's socket on the same descriptor, with which the event loop watches it; undefined before {@link watch}. */
  #watcher: Socket | undefined;
  #isClosed = false;

  constructor(
    descriptor: number,
    type: 'udp4' | 'udp6',
    listener: SocketListener,
    owner: { hasUnsent(): void; isClosed(): void },
  ) {
    this.descriptor = descriptor;
    this.#type = type;
    this.#listener = listener;
    this.#owner = owner;
  }

  send(query: Uint8Array): void {
    if (this.#isClosed) return;
    this.#unsent.push(query);
    if (this.#unsent.length === 1) this.#owner.hasUnsent();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#owner.isClosed();
    if (this.#watcher === undefined) closeSync(this.descriptor);
    else this.#watcher.close();
  }

  /** Sends the queries that wait. Returns false if some must be sent later, since the socket is full. */
  sendUnsent(batch: DatagramBatch): boolean {
    // Queries of one length are sent together (datagram-batch.ts).
    const queries = this.#unsent.sort((a, b) => a.length - b.length);
    for (let sent = 0; sent < queries.length; ) {
      const result = batch.send(this.descriptor, queries, sent);
      if (result > 0) {
        sent += result;
      } else if (result === -linux.EAGAIN || result === -linux.ENOBUFS) {
        this.#unsent = queries.slice(sent);
        return false;
      } else {
        this.#unsent = [];
        this.#fail(result);
        return true;
      }
    }
    this.#unsent = [];
    return true;
  }

  receive(batch: DatagramBatch): void {
    while (!this.#isClosed) {
      const count = batch.receive(this.descriptor);
      if (count < 0) {
        if (count !== -linux.EAGAIN) this.#fail(count);
        return;
      }
      for (let i = 0; i < count && !this.#isClosed; i += 1) this.#listener.received(batch.received(i));
      if (count < batchSize) return;
    }
  }

  /** Lets the event loop watch the socket. */
  watch(): void {
    if (this.#isClosed || this.#watcher !== undefined) return;
    const watcher = createSocket(this.#type);
    watcher.on('message', (octets) => this.#listener.received(octets));
    watcher.on('error', (error: NodeJS.ErrnoException) => this.#failAs(error.code === 'ECONNREFUSED'));
    try {
      watcher.bind({ fd: this.descriptor });
      this.#watcher = watcher;
    } catch {
      this.#failAs(false);
    }
  }

  #fail(result: number): void {
    this.#failAs(-result === linux.ECONNREFUSED);
  }

  #failAs(isRefused: boolean): void {
    const why: SocketFailure = isRefused ? 'refused' : 'broken';
    this.close();
    this.#listener.failed(why);
  }
}
