// The entry file of the thread for TCP, TLS and HTTPS: listens on every address, picks a port where the port is 0, and
// serves until it is told to stop.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';
import { familyOf } from '../../model/address.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { messageOf } from '../../model/thrown.ts';
import { AllLateAnswers } from '../handed-on/late-answers.ts';
import { openAnswerer } from './answerer.ts';
import { minTls } from './dns-limits.ts';
import { CounterCells, counterCell } from './listen-counters.ts';
import { listenError, type Protocol, systemCode } from './listen-error.ts';
import { openOutlets } from './open-outlets.ts';
import { limitSendBuffers } from './send-buffers.ts';
import { StreamConnections } from './stream-connections.ts';
import { plainTcp, StreamAnswering, TcpConnection } from './tcp-connection.ts';
import type { SecureTask, StreamTask, ThreadOrder, ThreadReport } from './thread-task.ts';

/**
 * The most ports to try. A port is rarely free for TCP but not for UDP: after this many tries, the cause is another
 * one.
 */
const portAttempts = 20;
/** Milliseconds in which clients may still read answers after a stop. */
const maxGoodbye = 250;

const task: StreamTask = workerData;
const counters = new CounterCells(task.counters);
const connections = new StreamConnections(task.limits, counters);
const late = new AllLateAnswers(openOutlets(task.handOn, counters), task.handOn);
const shared = new StreamAnswering(
  openAnswerer(task, (message) => report({ kind: 'fault', message })),
  counters,
  connections,
  late,
);
const servers: Server[] = [];
const secureServers: TlsServer[] = [];

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

function newServer(): Server {
  // With noDelay, no answer waits for the next one. TcpConnection says why allowHalfOpen is set.
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const host = socket.remoteAddress;
    counters.add(counterCell.tcpAccepted);
    // The connection is already closed if it has no address.
    if (host === undefined) socket.destroy();
    else new TcpConnection(socket, host, shared, plainTcp);
  });
}

/**
 * Listens on the address over TCP. With port 0, picks a port that is free for UDP too. Returns the address with its
 * port.
 */
async function listenBoth(address: Endpoint): Promise<Endpoint> {
  for (let attempt = 1; ; attempt += 1) {
    const server = newServer();
    const picked = await listen(server, address, 'TCP');
    try {
      if (task.probeUdp) await probeUdp(picked);
      servers.push(server);
      return picked;
    } catch (error) {
      server.close();
      const another = address.port === 0 && attempt < portAttempts && systemCode(error) === 'EADDRINUSE';
      if (!another) throw listenError(picked, 'UDP', error);
    }
  }
}

async function listen(server: Server, address: Endpoint, protocol: Protocol): Promise<Endpoint> {
  try {
    const listening = once(server, 'listening');
    server.listen({ host: address.address, port: address.port, ipv6Only: true, backlog: 511 });
    await listening;
  } catch (error) {
    throw listenError(address, protocol, error);
  }
  // A later error must not end the thread. It is not counted: on Linux, Node does not report a failed accept(), and
  // libuv closes the waiting connections (tried with too many open files).
  server.on('error', () => undefined);
  limitSendBuffers(server);
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error(`a server for ${protocol} has no address`);
  return { address: address.address, port: bound.port };
}

/**
 * Throws if another process uses the UDP port. Our own sockets allow that their port is shared, and could silently
 * share it with that process too.
 */
async function probeUdp({ address, port }: Endpoint): Promise<void> {
  const ipv6 = familyOf(address) === 'ipv6';
  const socket = createSocket({ type: ipv6 ? 'udp6' : 'udp4', ipv6Only: ipv6 });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port });
    await listening;
  } finally {
    socket.close();
  }
}

async function listenSecure({ tls, https, certificate }: SecureTask): Promise<{ tls: Endpoint[]; https: Endpoint[] }> {
  const picked = { tls: [] as Endpoint[], https: [] as Endpoint[] };
  const listenOne = async (server: TlsServer, address: Endpoint, protocol: Protocol) => {
    const endpoint = await listen(server, address, protocol);
    servers.push(server);
    secureServers.push(server);
    return endpoint;
  };
  // These modules are loaded only here: TLS and HTTP/2 take memory that most replicas can save (bench/weight.ts).
  const { newTlsServer } = await import('./tls-server.ts');
  const { newHttpsServer } = await import('./https-server.ts');
  for (const address of tls) {
    picked.tls.push(await listenOne(newTlsServer(shared, certificate, task.limits), address, 'TLS'));
  }
  for (const address of https) {
    picked.https.push(await listenOne(newHttpsServer(shared, certificate, task.limits), address, 'HTTPS'));
  }
  return picked;
}

async function drain(): Promise<void> {
  const closed = servers.map((server) => new Promise((done) => server.close(done)));
  connections.finishAll();
  const goodbye = setTimeout(() => connections.cutAll(), maxGoodbye);
  await Promise.all(closed);
  clearTimeout(goodbye);
  connections.cutAll();
}

const stopped = new Promise<void>((stop) => {
  parentPort?.on('message', (order: ThreadOrder) => {
    if (order === 'stop') stop();
    // The new certificate is for new handshakes. Open connections keep the old one.
    else for (const server of secureServers) server.setSecureContext({ ...order, minVersion: minTls });
  });
});
try {
  const addresses: Endpoint[] = [];
  for (const address of task.addresses) addresses.push(await listenBoth(address));
  const secure = task.secure && (await listenSecure(task.secure));
  report({ kind: 'ready', addresses, ...secure, descriptors: [] });
  await stopped;
} catch (error) {
  report({ kind: 'failed', message: messageOf(error), descriptors: [] });
}
await drain();
// If they stayed open, the message ports would keep a failed thread alive.
late.close();
parentPort?.close();
