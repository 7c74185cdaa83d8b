// The kinds of UDP sockets to servers, as the forwarder's thread uses them.

import { BatchedServerSockets } from '../../../src/dns/ask/batched-server-sockets.ts';
import { type OpenServerSocket, openNodeSocket } from '../../../src/dns/ask/server-socket.ts';
import { type Libc, openLibc } from '../../../src/dns/listen/libc.ts';
import type { Cleanup } from '../../support/temporary.ts';

interface SocketKind {
  readonly name: 'datagram' | 'batched' | 'polled';
  open(t: Cleanup): OpenServerSocket;
  /** Says why this kind cannot be used here; false if it can. */
  readonly skip: string | false;
}

// Once: to open it takes longer than most tests.
const [libc, withoutLibc] = tryToOpenLibc();

export const socketKinds: readonly SocketKind[] = [
  { name: 'datagram', open: () => openNodeSocket, skip: false },
  // These are the sockets of a thread that rests: the event loop watches them.
  { name: 'batched', open: () => new BatchedServerSockets(libc as Libc).open, skip: withoutLibc },
  // These are the sockets of a thread that is busy: it asks them for answers itself.
  { name: 'polled', open: openPolled, skip: withoutLibc },
];

function openPolled(t: Cleanup): OpenServerSocket {
  const sockets = new BatchedServerSockets(libc as Libc);
  sockets.receive(true);
  const timer = setInterval(() => {
    sockets.send();
    sockets.receive(true);
  }, 5);
  t.after(() => clearInterval(timer));
  return sockets.open;
}

function tryToOpenLibc(): [libc: Libc | undefined, why: string | false] {
  try {
    return [openLibc(), false];
  } catch (error) {
    return [undefined, String(error)];
  }
}
