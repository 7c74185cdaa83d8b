// A client that asks the same question at a steady rate, in a thread of its own, and counts the lost answers.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import { queryBytes, type Server } from '../test/support/dns-client.ts';

interface SteadyQuestion {
  server: Server;
  /** The name whose A record is asked for. It has exactly one. */
  name: string;
  perSecond: number;
}

export interface Answered {
  sent: number;
  lost: number;
  /** Microseconds. */
  p50: number;
  p99: number;
  p999: number;
  max: number;
}

/** How long the client waits for the last answers. */
const patienceMilliseconds = 2000;
/**
 * The size of the socket's receive buffer. It holds the answers that arrive while this thread waits for a processor.
 */
const bufferBytes = 8 * 1024 * 1024;

/** Asks at a steady rate while the work runs. */
export async function askDuring(question: SteadyQuestion, work: () => Promise<unknown>): Promise<Answered> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...question, stop } });
  const answered = once(worker, 'message') as Promise<[Answered]>;
  try {
    await work();
  } finally {
    Atomics.store(new Int32Array(stop), 0, 1);
  }
  return (await answered)[0];
}

// Other threads of a bench import this file too, with other worker data.
if (workerData?.stop instanceof SharedArrayBuffer) parentPort?.postMessage(await ask(workerData));

async function ask({ server, name, perSecond, stop }: SteadyQuestion & { stop: SharedArrayBuffer }): Promise<Answered> {
  prefer(-15);
  const stopped = new Int32Array(stop);
  const socket = createSocket({ type: 'udp4', recvBufferSize: bufferBytes });
  const query = Buffer.from(queryBytes({ name, type: 'A' }));
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  let sent = 0;
  socket.on('message', (answer) => {
    const at = sentAt.get(answer.readUInt16BE(0));
    if (at === undefined || answer.readUInt16BE(6) !== 1) return;
    sentAt.delete(answer.readUInt16BE(0));
    latencies.push(performance.now() - at);
  });
  await new Promise<void>((resolve) => socket.connect(server.port, server.address, resolve));
  const begun = performance.now();
  while (Atomics.load(stopped, 0) === 0) {
    const due = ((performance.now() - begun) / 1000) * perSecond;
    for (; sent < due; sent += 1) {
      query.writeUInt16BE(sent & 0xffff, 0);
      sentAt.set(sent & 0xffff, performance.now());
      socket.send(Buffer.from(query));
    }
    await delay(1);
  }
  await delay(patienceMilliseconds);
  socket.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round((latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0) * 1000);
  return { sent, lost: sent - latencies.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

/**
 * Raises the priority, on Linux of this thread only. A real client has a processor of its own. Without
 * this, the client would measure its own wait for a processor.
 */
function prefer(priority: number): void {
  try {
    setPriority(0, priority);
  } catch {
    console.log('not privileged: the client competes with the load for processors');
  }
}
