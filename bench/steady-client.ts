// A client that asks one question again and again at a steady rate, in a thread of its own, and counts the lost
// answers. It calls libc itself: with node:dgram, it took more CPU time than the server that it measured.

import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { setPriority } from 'node:os';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { linux, openLibc } from '../src/dns/listen/libc.ts';
import { queryBytes, type Server } from '../test/support/dns-client.ts';
import { layOutDatagrams } from './datagram-memory.ts';

interface SteadyQuestion {
  /** Must be at 127.0.0.1 (datagram-memory.ts). */
  server: Server;
  /** The name whose A record is asked for. It must have exactly one. */
  name: string;
  perSecond: number;
}

export interface Answered {
  sent: number;
  lost: number;
  /** The median of the latencies. This and the following are in microseconds. */
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

/** How long the client waits for the last answers at its end. */
const patienceMilliseconds = 2000;
/**
 * The size of the socket's receive buffer. It holds the answers that arrive while this thread waits for a processor.
 */
const bufferBytes = 8 * 1024 * 1024;
/** The largest number of answers in one system call. */
const batch = 64;
/** The most octets of an answer that are received. The answer to the question is shorter. */
const maxAnswer = 512;

/** Asks at a steady rate while the work runs. */
export async function askDuring(question: SteadyQuestion, work: () => Promise<unknown>): Promise<Answered> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...question, stop },
    // The thread opens its socket with libc and closes it with node:fs, which warns of descriptors that it did not
    // open.
    trackUnmanagedFds: false,
  });
  const answered = once(worker, 'message') as Promise<[Answered]>;
  try {
    await work();
  } finally {
    Atomics.store(new Int32Array(stop), 0, 1);
  }
  return (await answered)[0];
}

/** Returns the median of each latency, and the sums of sent queries and lost answers. */
export function mediansOf(runs: readonly Answered[]): Answered {
  const median = (figure: keyof Answered) =>
    runs.map((run) => run[figure]).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
  return {
    sent: runs.reduce((sum, { sent }) => sum + sent, 0),
    lost: runs.reduce((sum, { lost }) => sum + lost, 0),
    p50: median('p50'),
    p99: median('p99'),
    p999: median('p999'),
    max: median('max'),
  };
}

// Other threads of a bench import this file too, with other worker data.
if (workerData?.stop instanceof SharedArrayBuffer) parentPort?.postMessage(ask(workerData));

function ask({ server, name, perSecond, stop }: SteadyQuestion & { stop: SharedArrayBuffer }): Answered {
  prefer(-15);
  const stopped = new Int32Array(stop);
  const libc = openLibc();
  const descriptor = libc.socket(linux.AF_INET, linux.SOCK_DGRAM, 0);
  libc.setsockopt(descriptor, linux.SOL_SOCKET, linux.SO_RCVBUF, Int32Array.of(bufferBytes).buffer, 4);
  const octets = queryBytes({ name, type: 'A' });
  const question = layOutDatagrams(libc.pointerTo, { count: 1, maxOctets: octets.length, port: server.port });
  const [query] = question.datagrams as [Uint8Array];
  query.set(octets);
  const answers = layOutDatagrams(libc.pointerTo, { count: batch, maxOctets: maxAnswer });
  const untilAnswer = Int32Array.of(descriptor, linux.POLLIN).buffer;
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  const receive = () => {
    const count = libc.recvmmsg(descriptor, answers.pointer, batch, linux.MSG_DONTWAIT, 0n);
    const now = performance.now();
    for (const answer of answers.datagrams.slice(0, Math.max(0, count))) {
      const id = (answer[0]! << 8) | answer[1]!;
      const at = sentAt.get(id);
      const answerCount = (answer[6]! << 8) | answer[7]!;
      if (at === undefined || answerCount !== 1) continue;
      sentAt.delete(id);
      latencies.push(now - at);
    }
  };
  const begun = performance.now();
  let sent = 0;
  while (Atomics.load(stopped, 0) === 0) {
    const due = ((performance.now() - begun) / 1000) * perSecond;
    for (; sent < due; sent += 1) {
      query[0] = (sent >>> 8) & 0xff;
      query[1] = sent & 0xff;
      sentAt.set(sent & 0xffff, performance.now());
      libc.sendmmsg(descriptor, question.pointer, 1, 0);
    }
    if (libc.poll(untilAnswer, 1n, 1) > 0) receive();
  }
  const patience = performance.now() + patienceMilliseconds;
  while (sentAt.size > 0 && performance.now() < patience) if (libc.poll(untilAnswer, 1n, 1) > 0) receive();
  closeSync(descriptor);
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0) * 1000);
  return { sent, lost: sent - latencies.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/**
 * Sets the priority, on Linux of this thread only. A real client has a processor of its own. Without a higher priority,
 * the client would measure its own wait for a processor.
 */
function prefer(priority: number): void {
  try {
    setPriority(0, priority);
  } catch {
    console.log('not privileged: the client competes with the load for processors');
  }
}
