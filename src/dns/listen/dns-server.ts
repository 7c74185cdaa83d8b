// The DNS listeners as the process sees them: starts the threads, says where they listen, adds up their counters, stops them.
// Answering happens in the threads alone: nothing here runs per query.

import { messageOf } from '../../errors.ts';
import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import type { Logger } from '../../model/logger.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import { LateResponder } from '../handed-on/late-responder.ts';
import { Taker } from '../handed-on/taker.ts';
import type { Tenants } from '../handed-on/tenant.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { checkBatchedSockets } from './batched-self-check.ts';
import type { CertificateFiles, KeptCertificate } from './certificate.ts';
import { openLateDatagrams } from './late-datagrams.ts';
import { openLibc } from './libc.ts';
import { CounterCells, type CounterValues, counterCell, newThreadCounters } from './listen-counters.ts';
import { ListenThreads } from './listen-threads.ts';
import type { SocketKind, StreamLimits, TcpTask, UdpSocket, UdpTask } from './thread-task.ts';

/** Enough for a moment in which the taker's thread does something else; a queue of seconds would only make answers late. */
const defaultUnderWay = 256;
/** Octets of one thread's handed-on queries. */
const maxHandedOnOctets = 2 ** 20;
/** Shorter than resolvers wait for an answer over TCP, in milliseconds. */
const defaultDeadline = 5_000;

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
  readonly handedOn?: HandedOnOptions;
}

/** About queries that are handed on. */
export interface HandedOnOptions {
  /** In place of those that answer from the table. */
  readonly tenants?: Partial<Tenants>;
  /** Of each answering thread. */
  readonly maxUnderWay?: number;
  /** In milliseconds. */
  readonly deadline?: number;
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
  const certificate = options.secure && (await openCertificate(options.secure.certificate, log));
  const { taker, counters, release } = openTaker(options);
  const threads = new ListenThreads(table, responses, taker, log);
  threads.addCounters(counters);

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

/** Loads TLS only for a server that has a certificate. */
async function openCertificate(files: CertificateFiles, log: Logger): Promise<KeptCertificate> {
  const { KeptCertificate } = await import('./certificate.ts');
  return KeptCertificate.open(files, log);
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

/** Makes the taker of handed-on queries, in this thread, and its counters. `release` after its last answer. */
function openTaker({ table, log, responses = {}, handedOn = {} }: DnsServerOptions) {
  const counters = newThreadCounters();
  const cells = new CounterCells(counters.listen);
  const words = wordsOf(table.buffer);
  const reader = claimCell(words);
  const late = new LateResponder({ table: table.buffer, reader, counters: counters.respond, settings: responses });
  const endCells = {
    answered: counterCell.handedOnAnswered,
    silent: counterCell.handedOnSilent,
    failed: counterCell.handedOnFailed,
    expired: counterCell.handedOnExpired,
    gone: counterCell.handedOnGone,
  };
  const taker = new Taker({
    tenants: { ...late.openTenants(), ...handedOn.tenants },
    failure: late.openFailure(),
    sendDatagram: openLateDatagrams(cells),
    limits: { maxUnderWay: handedOn.maxUnderWay ?? defaultUnderWay, maxOctets: maxHandedOnOctets },
    deadline: handedOn.deadline ?? defaultDeadline,
    count: (end) => cells.add(endCells[end]),
    onFault: (reason) => log.error({ reason }, 'a handed-on query was not answered: this is a bug'),
  });
  return { taker, counters, release: () => releaseCell(words, reader) };
}
