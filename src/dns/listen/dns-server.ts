// The DNS listeners as the process sees them: starts the threads, says where they listen, adds up their counters, stops them.
// Answering happens in the threads alone: nothing here runs per query.

import { type Endpoint, formatEndpoint } from '../../model/endpoint.ts';
import type { Logger } from '../../model/logger.ts';
import { claimCell, releaseCell, type Table, wordsOf } from '../../table/table.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import { type CertificateFiles, KeptCertificate } from './certificate.ts';
import { KeptThread } from './kept-thread.ts';
import { type CounterValues, newThreadCounters, sumCounters, type ThreadCounters } from './listen-counters.ts';
import type { ReadyReport, SocketKind, TcpLimits, TcpTask, ThreadTask, UdpTask } from './thread-task.ts';

const defaultTcpLimits: TcpLimits = { idleMilliseconds: 10_000, connections: 1_000, connectionsPerClient: 100 };

export interface DnsServerOptions {
  /** What is answered from. */
  readonly table: Table;
  readonly addresses: readonly Endpoint[];
  /** UDP threads; TCP has one more. */
  readonly threads: number;
  readonly log: Logger;
  /** Batched unless said otherwise; where that does not work, datagram takes over by itself. */
  readonly socket?: SocketKind;
  /** For TLS and HTTPS too: together they have as many connections as TCP alone. */
  readonly tcp?: Partial<TcpLimits>;
  readonly secure?: SecureOptions | undefined;
  readonly responses?: ResponseSettings;
}

/** DNS over TLS and over HTTPS. */
export interface SecureOptions {
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  /** Read again when they change. */
  readonly certificate: CertificateFiles;
}

export interface DnsServer {
  /** In the order of the options, with the ports that were picked. */
  readonly addresses: readonly Endpoint[];
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  /** What /metrics shows: sums over all threads since the start, the dead ones included. */
  counters(): CounterValues[];
  /** Answers what has been received, and returns when every thread is gone. */
  close(): Promise<void>;
}

/** Listens on every address over UDP and TCP, and where it is to over TLS and HTTPS. Rejects, and leaves nothing behind, when it cannot listen on all of them. */
export async function startDns(options: DnsServerOptions): Promise<DnsServer> {
  const { table, log, socket = 'batched' } = options;
  const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const limits = { ...defaultTcpLimits, ...options.tcp };
  const threads: KeptThread[] = [];
  const counters: ThreadCounters[] = [];
  let { addresses } = options;
  const certificate = options.secure && (await KeptCertificate.open(options.secure.certificate, log));
  let { tls = [], https = [] } = options.secure ?? {};

  async function startThread(
    name: string,
    script: string,
    more: (again: boolean) => object,
  ): Promise<{ ready: ReadyReport; thread: KeptThread }> {
    const cells = newThreadCounters();
    const words = wordsOf(table.buffer);
    let reader = -1;
    const thread = new KeptThread({
      name,
      script: new URL(script, import.meta.url),
      task: (again): ThreadTask => {
        reader = claimCell(words);
        return {
          addresses,
          stop,
          table: table.buffer,
          reader,
          counters: cells.listen,
          responseCounters: cells.respond,
          responses: options.responses ?? {},
          ...more(again),
        };
      },
      // A dead thread cannot do it, and the table would free nothing any more.
      onEnd: () => releaseCell(words, reader),
      log,
    });
    counters.push(cells);
    threads.push(thread);
    return { ready: await thread.start(), thread };
  }

  async function close(): Promise<void> {
    certificate?.close();
    Atomics.store(new Int32Array(stop), 0, 1);
    await Promise.all(threads.map((thread) => thread.stop()));
  }

  try {
    // TCP first: it picks the ports, which all threads then keep; and no two servers can have the same one by mistake.
    const { ready, thread } = await startThread(
      'dns-tcp',
      './tcp-thread.ts',
      (again): TcpPart => ({
        limits,
        probeUdp: !again,
        secure: certificate && { tls, https, certificate: certificate.current },
      }),
    );
    addresses = ready.addresses;
    tls = ready.tls ?? [];
    https = ready.https ?? [];
    certificate?.watch((changed) => thread.tell(changed));
    const udp = await Promise.all(
      Array.from({ length: options.threads }, (_, index) =>
        startThread(`dns-udp-${index}`, './udp-thread.ts', (): UdpPart => ({ socket })),
      ),
    );
    const reason = udp.find(({ ready }) => ready.fallback !== undefined)?.ready.fallback;
    if (reason !== undefined) log.warn({ reason }, 'batched UDP sockets do not work here: using dgram instead');
    const listen = addresses.map(formatEndpoint);
    const secure = certificate && { tls: tls.map(formatEndpoint), https: https.map(formatEndpoint) };
    log.info({ listen, ...secure, threads: options.threads, socket: udp[0]?.ready.socket }, 'DNS is listening');
    return { addresses, tls, https, counters: () => sumCounters(counters), close };
  } catch (error) {
    await close();
    throw error;
  }
}

type TcpPart = Omit<TcpTask, keyof ThreadTask>;
type UdpPart = Omit<UdpTask, keyof ThreadTask>;
