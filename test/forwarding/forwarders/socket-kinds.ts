// The kinds of UDP sockets to servers, as the forwarder's thread uses them.

import { BatchedServerSockets } from '../../../src/dns/ask/batched-server-sockets.ts';
import { type OpenServerSocket, openNodeSocket } from '../../../src/dns/ask/server-socket.ts';
import { openLibc } from '../../../src/dns/listen/libc.ts';
import type { Cleanup } from '../../support/temporary.ts';

interface SocketKind {
  readonly name: 'datagram' | 'batched' | 'polled';
  open(t: Cleanup): OpenServerSocket;
  /** Says why this kind cannot be used here; false if it can. */
  readonly skip: string | false;
}

const withoutLibc = whyNoLibc();

export const socketKinds: readonly SocketKind[] = [
  { name: 'datagram', open: () => openNodeSocket, skip: false },
  // These are the sockets of a thread that rests: the event loop watches them.
  { name: 'batched', open: () => new BatchedServerSockets(openLibc()).open, skip: withoutLibc },
  // These are the sockets of a thread that is busy: it asks them for answers itself.
  { name: 'polled', open: openPolled, skip: withoutLibc },
];

function openPolled(t: Cleanup): OpenServerSocket {
  const sockets = new BatchedServerSockets(openLibc());
  sockets.receive(true);
  const timer = setInterval(() => {
    sockets.send();
    sockets.receive(true);
  }, 1);
  t.after(() => clearInterval(timer));
  return sockets.open;
}

function whyNoLibc(): string | false {
  try {
    openLibc();
    return false;
  } catch (error) {
    return String(error);
  }
}
