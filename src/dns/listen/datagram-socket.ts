// UDP through node:dgram: works wherever Node does, at one system call and some garbage per query. The fast way: batched-socket.ts.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { familyOf } from '../../model/address.ts';
import { type Endpoint, isWildcard } from '../../model/endpoint.ts';
import type { Asker, LateAnswers } from '../handed-on/late-answers.ts';
import { type Client, newClient, setClientAddress } from '../respond/client.ts';
import type { Answerer } from './answerer.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { listenError } from './listen-error.ts';
import { largestDatagram, receiveBufferSize } from './udp-sizes.ts';

/** Answers that may wait for the system to take them; more are dropped, as the network would. */
const longestSendQueue = 256;

/** What all sockets of a thread share. */
interface DatagramAnswering {
  readonly answerer: Answerer;
  readonly counters: CounterCells;
  readonly late: LateAnswers;
}

interface DatagramSocket {
  /** Stops receiving. What was received has been answered. */
  close(): Promise<void>;
}

/**
 * Answers on one address. dgram cannot say from which address an answer leaves, so that on a host with several the client could get it from
 * one it did not ask. On a wildcard we therefore open a socket for every address that the host has now, which the kernel prefers for
 * queries to that address and which answers from it; the wildcard's own socket stays for addresses that come later.
 */
export async function openDatagramSocket(address: Endpoint, shared: DatagramAnswering): Promise<DatagramSocket> {
  const sockets: Socket[] = [];
  const close = async () => {
    await Promise.all(sockets.map(closeSocket));
  };
  try {
    sockets.push(await bind(address.address, address, shared));
  } catch (error) {
    throw listenError(address, 'UDP', error);
  }
  for (const host of isWildcard(address) ? localAddresses(address) : []) {
    // One that does not work, say because its interface just went, is served by the wildcard's socket.
    const socket = await bind(host, address, shared).catch(() => undefined);
    if (socket !== undefined) sockets.push(socket);
  }
  return { close };
}

function localAddresses(wildcard: Endpoint): string[] {
  const family = familyOf(wildcard.address) === 'ipv6' ? 'IPv6' : 'IPv4';
  return Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    addresses
      .filter((address) => address.family === family)
      .map(({ address }) => (address.startsWith('fe80:') ? `${address}%${device}` : address)),
  );
}

async function bind(host: string, { address, port }: Endpoint, shared: DatagramAnswering) {
  const socket = createSocket({
    type: familyOf(address) === 'ipv6' ? 'udp6' : 'udp4',
    reusePort: true,
    ipv6Only: familyOf(address) === 'ipv6',
    // We only send to literal addresses; the default would look them up, a tick later.
    lookup: (name, _options, found) => found(null, name, name.includes(':') ? 6 : 4),
  });
  answerAll(socket, shared);
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address: host, port });
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.on('error', () => shared.counters.add(counterCell.udpReceiveFailed));
  try {
    socket.setRecvBufferSize(receiveBufferSize);
  } catch {
    // Some systems refuse what Linux silently cuts to its limit: their default has to do.
  }
  return socket;
}

function answerAll(socket: Socket, { answerer, counters, late }: DatagramAnswering): void {
  const client: Client = newClient('udp');
  let response = new Uint8Array(largestDatagram);
  let lastHost = '';
  const countFailure = (error: Error | null) => {
    if (error !== null) counters.add(counterCell.udpSendFailed);
  };
  let current: RemoteInfo | undefined;
  client.handOn = (kind, query, length) => {
    if (current === undefined) return false;
    const { port } = current;
    const asker = askerAt(socket, current, counters);
    return late.handOn({ kind, message: query.subarray(0, length), client, port }, asker) !== undefined;
  };
  socket.on('message', (query: Uint8Array, from: RemoteInfo) => {
    counters.add(counterCell.udpReceived);
    current = from;
    if (from.port === 0) return counters.add(counterCell.udpSilent);
    if (from.address !== lastHost) {
      lastHost = from.address;
      setClientAddress(client, from.address);
    }
    answerer.wake();
    const length = answerer.respond(query, query.length, response, client);
    answerer.sleep();
    if (length < 0) return;
    if (length === 0) return counters.add(counterCell.udpSilent);
    counters.add(counterCell.udpAnswered);
    if (socket.getSendQueueCount() >= longestSendQueue) return counters.add(counterCell.udpSendFailed);
    socket.send(response, 0, length, from.port, from.address, countFailure);
    // Nearly always the system took the answer during send(), and the buffer is ours again. If not, it belongs to the queue.
    if (socket.getSendQueueCount() > 0) response = new Uint8Array(largestDatagram);
  });
}

/** Where a late answer goes. */
function askerAt(socket: Socket, { address, port }: RemoteInfo, counters: CounterCells): Asker {
  return {
    deliver: (message) => {
      // Fails where the socket has been closed meanwhile.
      try {
        if (socket.getSendQueueCount() >= longestSendQueue) throw new Error('the way out is full');
        socket.send(message, port, address, (error) => {
          if (error !== null) counters.add(counterCell.udpSendFailed);
        });
        counters.add(counterCell.udpAnswered);
      } catch {
        counters.add(counterCell.udpSendFailed);
      }
      return true;
    },
    end: () => undefined,
  };
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((closed) => {
    socket.close(() => closed());
  });
}
