// UDP through node:dgram. These sockets work on every system, but cost system calls and some garbage for each query.
// batched-socket.ts is faster.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { familyOf } from '../../model/address.ts';
import { type Endpoint, isWildcard } from '../../model/endpoint.ts';
import type { AllLateAnswers, Recipient } from '../handed-on/late-answers.ts';
import { type Client, newClient, setClientAddress } from '../respond/client.ts';
import type { Answerer } from './answerer.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { listenError } from './listen-error.ts';
import { maxDatagram, receiveBufferSize } from './udp-sizes.ts';

/** The most answers of a socket that wait for the system to take them. Further answers are dropped. */
const maxSendQueue = 256;

/** The parts that all sockets of a thread share. */
interface DatagramAnswering {
  readonly answerer: Answerer;
  readonly counters: CounterCells;
  readonly late: AllLateAnswers;
}

interface DatagramSocket {
  /** Stops receiving. All received queries have been answered or handed on by then. */
  close(): Promise<void>;
}

/**
 * Answers on one address. dgram cannot choose the source address of an answer: on a host with several addresses, a
 * client could get its answer from another address than it asked. So for a wildcard address, a socket is also opened
 * for each address that the host has now: the kernel prefers this socket for queries to its address, and answers leave
 * from that address. The wildcard's own socket serves addresses that are added later.
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
    // If a host address cannot be bound, for example because its interface has just gone, the wildcard's socket serves
    // it.
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
    // We only send to addresses, never to names. The default lookup would cost a tick of the event loop.
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
    // Linux silently lowers the size to its limit. Other systems may refuse the size: then the default stays.
  }
  return socket;
}

function answerAll(socket: Socket, { answerer, counters, late }: DatagramAnswering): void {
  const client: Client = newClient('udp');
  let response = new Uint8Array(maxDatagram);
  let lastHost = '';
  const countFailure = (error: Error | null) => {
    if (error !== null) counters.add(counterCell.udpSendFailed);
  };
  let current: RemoteInfo | undefined;
  client.handOn = (kind, query, length) => {
    if (current === undefined) return false;
    const { port } = current;
    const recipient = recipientAt(socket, current, counters);
    return late.handOn({ kind, message: query.subarray(0, length), client, port }, recipient) !== undefined;
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
    if (socket.getSendQueueCount() >= maxSendQueue) return counters.add(counterCell.udpSendFailed);
    socket.send(response, 0, length, from.port, from.address, countFailure);
    // Nearly always, the system takes the answer during send(), and the buffer can be reused. Otherwise, the send queue
    // keeps the buffer.
    if (socket.getSendQueueCount() > 0) response = new Uint8Array(maxDatagram);
  });
}

/** Returns the recipient of a late answer to a query that came through this socket. */
function recipientAt(socket: Socket, { address, port }: RemoteInfo, counters: CounterCells): Recipient {
  return {
    deliver: (message) => {
      // send() throws if the socket was closed meanwhile.
      try {
        if (socket.getSendQueueCount() >= maxSendQueue) throw new Error('the send queue is full');
        counters.add(counterCell.udpAnswered);
        socket.send(message, port, address, (error) => {
          if (error !== null) counters.add(counterCell.udpSendFailed);
        });
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
