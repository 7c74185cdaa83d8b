// The DNS listeners as the process sees them: starts the threads, says where they listen, adds up their counters, stops them.
// Answering happens in the threads alone: nothing here runs per query.

import { KeptThread } from './kept-thread.ts';
import { formatListenAddress, type ListenAddress } from './listen-address.ts';
import { type ListenCounter, newCounterCells, sumCounters } from './listen-counters.ts';
import type { ListenLog, SocketKind, TcpLimits, TcpTask, ThreadTask, UdpTask } from './thread-task.ts';

const defaultTcpLimits: TcpLimits = { idleMilliseconds: 10_000, connections: 1_000, connectionsPerClient: 100 };

export interface DnsServerOptions {
  readonly addresses: readonly ListenAddress[];
  /** UDP threads; TCP has one more. */
  readonly threads: number;
  readonly log: ListenLog;
  /** Batched unless said otherwise; where that does not work, datagram takes over by itself. */
  readonly socket?: SocketKind;
  readonly tcp?: Partial<TcpLimits>;
}

export interface DnsServer {
  /** In the order of the options, with the ports that were picked. */
  readonly addresses: readonly ListenAddress[];
  counters(): Record<ListenCounter, number>;
  /** Answers what has been received, and returns when every thread is gone. */
  close(): Promise<void>;
}

/** Listens on every address over UDP and TCP. Rejects, and leaves nothing behind, when it cannot listen on all of them. */
export async function startDns(options: DnsServerOptions): Promise<DnsServer> {
  const { log, socket = 'batched' } = options;
  const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const threads: KeptThread[] = [];
  const counters: SharedArrayBuffer[] = [];

  async function close(): Promise<void> {
    Atomics.store(new Int32Array(stop), 0, 1);
    await Promise.all(threads.map((thread) => thread.stop()));
  }

  function start(name: string, script: string, addresses: readonly ListenAddress[], more: (again: boolean) => object) {
    const cells = newCounterCells();
    const task: ThreadTask = { addresses, stop, counters: cells };
    const thread = new KeptThread({
      name,
      script: new URL(script, import.meta.url),
      task: (again) => ({ ...task, ...more(again) }),
      log,
    });
    counters.push(cells);
    threads.push(thread);
    return thread.start();
  }

  try {
    // TCP first: it picks the ports, and no two servers can have the same one by mistake.
    const tcp = await start(
      'dns-tcp',
      './tcp-thread.ts',
      options.addresses,
      (again): Omit<TcpTask, keyof ThreadTask> => ({
        limits: { ...defaultTcpLimits, ...options.tcp },
        probeUdp: !again,
      }),
    );
    const udp = await Promise.all(
      Array.from({ length: options.threads }, (_, index) =>
        start(
          `dns-udp-${index}`,
          './udp-thread.ts',
          tcp.addresses,
          (): Omit<UdpTask, keyof ThreadTask> => ({ socket }),
        ),
      ),
    );
    const fallback = udp.find((ready) => ready.fallback !== undefined)?.fallback;
    if (fallback !== undefined)
      log.warn({ reason: fallback }, 'batched UDP sockets do not work here: using dgram instead');
    log.info(
      { listen: tcp.addresses.map(formatListenAddress), threads: options.threads, socket: udp[0]?.socket },
      'DNS is listening',
    );
    return { addresses: tcp.addresses, counters: () => sumCounters(counters), close };
  } catch (error) {
    await close();
    throw error;
  }
}
