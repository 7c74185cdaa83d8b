// A UDP thread's main: opens its sockets, says so, answers until told to stop. The sockets themselves: batched-socket.ts, datagram-socket.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { openAnswerer } from './answerer.ts';
import { openDatagramSocket } from './datagram-socket.ts';
import { CounterCells } from './listen-counters.ts';
import type { ThreadReport, UdpTask } from './thread-task.ts';

const task: UdpTask = workerData;
const counters = new CounterCells(task.counters);
const answerer = openAnswerer(task);

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

async function answerDatagrams(): Promise<void> {
  const stopped = new Promise((stop) => parentPort?.once('message', stop));
  const sockets = await Promise.all(task.addresses.map((address) => openDatagramSocket(address, answerer, counters)));
  report({ kind: 'ready', addresses: task.addresses, socket: 'datagram', descriptors: [] });
  await stopped;
  await Promise.all(sockets.map((socket) => socket.close()));
}

try {
  await answerDatagrams();
} catch (error) {
  report({ kind: 'failed', message: error instanceof Error ? error.message : String(error), descriptors: [] });
}
// The port would keep a thread that failed alive.
parentPort?.close();
