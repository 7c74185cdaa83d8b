// The DNS listeners as the process sees them: starts the threads, says where they listen, adds up their counters, stops them.
// Answering happens in the threads alone: nothing here runs per query.

import { messageOf } from '../../errors.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import type { Logger } from '../../model/logger.ts';
import type { Table } from '../../table/table.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { checkBatchedSockets } from './batched-self-check.ts';
import { type CertificateFiles, KeptCertificate } from './certificate.ts';
import { openLibc } from './libc.ts';
import type { CounterValues } from './listen-counters.ts';
import { ListenThreads } from './listen-threads.ts';
import type { SocketKind, StreamLimits, TcpTask, UdpSocket, UdpTask } from './thread-task.ts';

const defaultLimits: StreamLimits = { idleMilliseconds: 10_000, connections: 1_000, connectionsPerClient: 100 };

export interface DnsServerOptions {
  /** What is answered from. */
  readonly table: Table;
  readonly addresses: readonly Endpoint[];
  /** UDP threads; TCP has one more. */
  readonly threads: number;
  readonly log: Logger;
  /** Batched unless said otherwise; where that does not work, datagram takes over by itself. */
  readonly socket?: SocketKind;
  /** Of TCP, TLS and HTTPS together. */
  readonly limits?: Partial<StreamLimits>;
  readonly secure?: SecureOptions | undefined;
  readonly responses?: ResponseSettings;
}

/** DNS over TLS and over HTTPS. */
interface SecureOptions {
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  /** Read again when they change. */
  readonly certificate: CertificateFiles;
}

/** In the order of the options, with the ports that were picked. */
interface PickedAddresses {
  readonly addresses: readonly Endpoint[];
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
}

export interface DnsServer extends PickedAddresses {
  /** What /metrics shows: sums over all threads since the start, the dead ones included. */
  counters(): CounterValues[];
  /** Answers what has been received, and returns when every thread is gone. */
  close(): Promise<void>;
}

/** Listens on every address over UDP and TCP, and where it is to over TLS and HTTPS. Rejects, and leaves nothing behind, when it cannot listen on all of them. */
export async function startDns(options: DnsServerOptions): Promise<DnsServer> {
  const { table, log, responses = {} } = options;
  const certificate = options.secure && (await KeptCertificate.open(options.secure.certificate, log));
  const threads = new ListenThreads(table, responses, log);

  async function close(): Promise<void> {
    certificate?.close();
    await threads.stop();
  }

  try {
    // TCP first: it picks the ports, which all threads then keep; and no two servers can have the same one by mistake.
    const picked = await startStreams(threads, options, certificate);
    const socket = await startUdp(threads, options, picked.addresses);
    const listen = picked.addresses.map(formatEndpoint);
    const secure = certificate && { tls: picked.tls.map(formatEndpoint), https: picked.https.map(formatEndpoint) };
    log.info({ listen, ...secure, threads: options.threads, socket }, 'DNS is listening');
    return { ...picked, counters: () => threads.counters(), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Starts the thread of TCP, TLS and HTTPS; returns the ports that it picked, which it keeps when it is started again. */
async function startStreams(
  threads: ListenThreads,
  options: DnsServerOptions,
  certificate: KeptCertificate | undefined,
): Promise<PickedAddresses> {
  const limits = { ...defaultLimits, ...options.limits };
  const { tls = [], https = [] } = options.secure ?? {};
  let picked: PickedAddresses = { addresses: options.addresses, tls, https };
  const { ready, thread } = await threads.start<TcpTask>('dns-tcp', './tcp-thread.ts', (again) => ({
    addresses: picked.addresses,
    limits,
    probeUdp: !again,
    secure: certificate && { tls: picked.tls, https: picked.https, certificate: certificate.current },
  }));
  picked = { addresses: ready.addresses, tls: ready.tls ?? [], https: ready.https ?? [] };
  certificate?.watch((changed) => thread.tell(changed));
  return picked;
}

/** Starts the UDP threads; returns the kind of socket that they use. */
async function startUdp(
  threads: ListenThreads,
  options: DnsServerOptions,
  addresses: readonly Endpoint[],
): Promise<SocketKind> {
  const found = await findUdpSocket(options);
  await Promise.all(
    Array.from({ length: options.threads }, (_, index) =>
      threads.start<UdpTask>(`dns-udp-${index}`, './udp-thread.ts', () => ({ addresses, ...found })),
    ),
  );
  return found.socket;
}

/** What works here, for all threads and for those that are started again. */
async function findUdpSocket({ addresses, socket = 'batched', log }: DnsServerOptions): Promise<UdpSocket> {
  const datagram = { socket: 'datagram', joins: false } as const;
  if (socket === 'datagram') return datagram;
  try {
    const { joins, reason } = await checkBatchedSockets(openLibc(), addresses);
    if (reason !== undefined)
      log.warn({ reason }, 'answers over UDP cannot leave together here: sending each by itself');
    return { socket, joins };
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'batched UDP sockets do not work here: using dgram instead');
    return datagram;
  }
}
