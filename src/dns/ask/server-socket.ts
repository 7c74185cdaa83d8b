// UDP sockets that are each connected to one server: only the server can send to such a socket, and a closed port is
// noticed at once. The sockets of this file are Node's. batched-server-sockets.ts has cheaper ones, if libc can be
// called.

import { createSocket } from 'node:dgram';
import { familyOf } from '../../model/address.ts';
import type { Endpoint } from '../../model/endpoint.ts';

/** Why a socket was closed: the server's port is closed, or the socket cannot be used. */
export type SocketFailure = 'refused' | 'broken';

export interface ServerSocket {
  /** Sends the query, now or soon. */
  send(query: Uint8Array): void;
  /** Closes the socket: nothing is sent or received any more. */
  close(): void;
}

export interface SocketListener {
  /** Takes a datagram of the server. The octets are valid only during the call. */
  received(octets: Uint8Array): void;
  /** Learns that the socket is closed. Not called before the function that opened the socket has returned. */
  failed(why: SocketFailure): void;
}

export type OpenServerSocket = (server: Endpoint, listener: SocketListener) => ServerSocket;

/** Opens a socket on a random port. If that fails, `listener.failed` is called. */
export function openNodeSocket({ address, port }: Endpoint, listener: SocketListener): ServerSocket {
  /** The queries that wait until the socket is connected; undefined once it is. */
  let unsent: Uint8Array[] | undefined = [];
  let isClosed = false;
  const family = familyOf(address) === 'ipv6' ? 6 : 4;
  // With its default function, Node would look the address up in another thread.
  const lookup = (host: string, _: unknown, done: (error: null, address: string, family: number) => void) =>
    done(null, host, family);
  const socket = createSocket({ type: `udp${family}`, lookup: lookup as never });
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    socket.close();
  };
  socket.on('message', (octets) => listener.received(octets));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    close();
    const why = error.code === 'ECONNREFUSED' ? 'refused' : 'broken';
    // If there is no file descriptor left, the error comes before this function has returned.
    queueMicrotask(() => listener.failed(why));
  });
  socket.once('connect', () => {
    const waiting = unsent ?? [];
    unsent = undefined;
    // The socket was closed while it was being connected (test/forwarding/forwarders/datagram-ports.test.ts).
    if (isClosed) return;
    for (const query of waiting) socket.send(query);
  });
  socket.connect(port, address);
  return {
    send: (query) => {
      if (isClosed) return;
      if (unsent === undefined) socket.send(query);
      else unsent.push(query);
    },
    close,
  };
}
