// The DNS server as the process sees it: starts and stops the answering threads, knows where they listen, and adds up
// their counters. The thread that starts the server answers only queries that the others hand on (dns/handed-on/).

import { createForwardCache } from '../../forward-cache/create-forward-cache.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import type { Logger } from '../../model/logger.ts';
import { messageOf } from '../../model/thrown.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import type { HandOnLimits } from '../handed-on/hand-on-limits.ts';
import { LateResponder, type OtherTenants } from '../handed-on/late-responder.ts';
import { RemoteTaker } from '../handed-on/remote-taker.ts';
import { Taker } from '../handed-on/taker.ts';
import type { Tenants } from '../handed-on/tenant.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { checkBatchedSockets } from './batched-self-check.ts';
import type { CertificateFiles, KeptCertificate } from './certificate.ts';
import { type DnsLimits, dnsLimits, type StreamLimits } from './dns-limits.ts';
import { openLateDatagrams } from './late-datagrams.ts';
import { openLibc } from './libc.ts';
import { CounterCells, type CounterValues, newThreadCounters, type ThreadCounters } from './listen-counters.ts';
import { ListenThreads } from './listen-threads.ts';
import { endCells } from './taker-counters.ts';
import type { SocketKind, StreamTask, UdpSocket, UdpTask } from './thread-task.ts';

export interface DnsServerOptions {
  /** The zones that are served. */
  readonly table: Table;
  readonly addresses: readonly Endpoint[];
  /** The number of UDP threads. One more thread is for TCP, TLS and HTTPS. */
  readonly threads: number;
  readonly logger: Logger;
  /** The kind of UDP sockets. Batched by default; if they do not work here, datagram sockets are used. */
  readonly socket?: SocketKind;
  readonly secure?: SecureOptions | undefined;
  readonly responses?: ResponseSettings;
  /** The tenants that need more than the table. Tests also replace tenants that need only the table. */
  readonly tenants: OtherTenants & Partial<Tenants>;
  /** The size of the cache for answers of forwarded zones, in octets. Only the used part takes memory. */
  readonly forwardCacheOctets?: number;
}

const defaultForwardCache = 64 * 2 ** 20;

interface SecureOptions {
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  /** The files are read again when they change. */
  readonly certificate: CertificateFiles;
}

/** The addresses on which the server listens, in the order of the options, with the ports that were picked. */
interface PickedAddresses {
  readonly addresses: readonly Endpoint[];
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
}

/**
 * What the forwarder's thread needs of the server: the memory that it shares with the answering threads, and its taker.
 */
export interface ForwarderPart {
  readonly taker: RemoteTaker;
  readonly cache: SharedArrayBuffer;
  readonly counters: ThreadCounters;
  /** The kind of socket that was found to work. */
  readonly socket: SocketKind;
}

export interface DnsServer extends PickedAddresses {
  /** Returns the sums over all threads since the start, also over threads that died, for /metrics. */
  counters(): CounterValues[];
  /** Returns when the certificate expires, in seconds since 1970; undefined if there is none. */
  certificateExpires(): number | undefined;
  /** The server's part for the forwarder's thread. */
  readonly forwarder: ForwarderPart;
  /** Answers the queries that were received. Resolves when all threads have ended. */
  close(): Promise<void>;
}

/**
 * Listens on every address over UDP and TCP, and on the secure addresses over TLS or HTTPS. If any of this fails,
 * closes the rest and rejects.
 */
export async function startDns(options: DnsServerOptions, limits: DnsLimits = dnsLimits): Promise<DnsServer> {
  const { table, logger, responses = {} } = options;
  const certificate = options.secure && (await openCertificate(options.secure.certificate, logger));
  const { taker, counters, release } = openTaker(options, limits.handedOn);
  const forwarder = {
    taker: new RemoteTaker(limits.forwarded),
    cache: createForwardCache(options.forwardCacheOctets ?? defaultForwardCache),
    counters: newThreadCounters(),
  };
  const shared = { table, forwardCache: forwarder.cache };
  const threads = new ListenThreads(shared, responses, { main: taker, forwarder: forwarder.taker }, logger);
  threads.addCounters(counters);
  threads.addCounters(forwarder.counters);

  let closing: Promise<void> | undefined;
  async function stop(): Promise<void> {
    certificate?.close();
    await threads.stop();
    taker.close();
    release();
  }
  const close = () => {
    closing ??= stop();
    return closing;
  };

  try {
    // The thread of TCP comes first: it picks the ports, which all threads keep, and checks that no other process has
    // them. The sockets of the UDP threads share their ports, so they may not show that.
    const picked = await startStreams(threads, options, limits.streams, certificate);
    const socket = await startUdp(threads, options, picked.addresses);
    const listen = picked.addresses.map(formatEndpoint);
    const secure = certificate && { tls: picked.tls.map(formatEndpoint), https: picked.https.map(formatEndpoint) };
    logger.info({ listen, ...secure, threads: options.threads, socket }, 'DNS is listening');
    return {
      ...picked,
      counters: () => threads.counters(),
      certificateExpires: () => certificate?.expires,
      forwarder: { ...forwarder, socket },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the certificate. The module is loaded only here, since a server without a certificate needs no TLS. */
async function openCertificate(files: CertificateFiles, logger: Logger): Promise<KeptCertificate> {
  const { KeptCertificate } = await import('./certificate.ts');
  return KeptCertificate.open(files, logger);
}

/**
 * Starts the thread of TCP, TLS and HTTPS. Returns the addresses with the ports that the thread picked. A restarted
 * thread keeps these ports.
 */
async function startStreams(
  threads: ListenThreads,
  options: DnsServerOptions,
  limits: StreamLimits,
  certificate: KeptCertificate | undefined,
): Promise<PickedAddresses> {
  const { tls = [], https = [] } = options.secure ?? {};
  let picked: PickedAddresses = { addresses: options.addresses, tls, https };
  const { ready, thread } = await threads.start<StreamTask>('dns-tcp', './stream-thread.ts', (again) => ({
    addresses: picked.addresses,
    limits,
    probeUdp: !again,
    secure: certificate && { tls: picked.tls, https: picked.https, certificate: certificate.current },
  }));
  picked = { addresses: ready.addresses, tls: ready.tls ?? [], https: ready.https ?? [] };
  certificate?.watch((changed) => thread.tell(changed));
  return picked;
}

/** Starts the UDP threads. Returns the kind of socket that they use. */
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

/** Finds the kind of socket that works here. The result holds for all threads, and for restarts. */
async function findUdpSocket({ addresses, socket = 'batched', logger }: DnsServerOptions): Promise<UdpSocket> {
  const datagram = { socket: 'datagram', joins: false } as const;
  if (socket === 'datagram') return datagram;
  try {
    const { joins, reason } = await checkBatchedSockets(openLibc(), addresses);
    if (reason !== undefined)
      logger.warn({ reason }, 'UDP segmentation offload (UDP_SEGMENT) is not usable: sending each answer separately');
    return { socket, joins };
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, 'batched UDP sockets are not usable: using node:dgram');
    return datagram;
  }
}

/**
 * Opens the taker of handed-on queries in this thread, with its counters. Call `release` after the last late answer.
 */
function openTaker({ table, logger, responses = {}, tenants }: DnsServerOptions, limits: HandOnLimits) {
  const counters = newThreadCounters();
  const cells = new CounterCells(counters.listen);
  const words = wordsOf(table.buffer);
  const reader = claimCell(words);
  const late = new LateResponder({ table: table.buffer, reader, counters: counters.respond, settings: responses });
  const taker = new Taker({
    tenants: { ...late.openTenants(), ...tenants },
    failure: late.openFailure(),
    sendDatagrams: openLateDatagrams(cells),
    limits,
    count: (end) => cells.add(endCells[end]),
    onFault: (reason) => logger.error({ reason }, 'a handed-on query was not answered: this is a bug'),
  });
  return { taker, counters, release: () => releaseCell(words, reader) };
}
