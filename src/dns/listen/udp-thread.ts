// A UDP thread's main: opens its sockets, says so, answers until told to stop. The sockets themselves: batched-socket.ts, datagram-socket.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import { openAnswerer } from './answerer.ts';
import { answerBatches, type BatchedSocket } from './batched-socket.ts';
import { openDatagramSocket } from './datagram-socket.ts';
import { openLibc } from './libc.ts';
import { CounterCells } from './listen-counters.ts';
import { openBatchedSocket } from './open-batched-socket.ts';
import type { ThreadReport, UdpTask } from './thread-task.ts';

const task: UdpTask = workerData;
const counters = new CounterCells(task.counters);
const answerer = openAnswerer(task, (message) => report({ kind: 'fault', message }));

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

function answerInBatches(): void {
  const libc = openLibc();
  const sockets: BatchedSocket[] = [];
  try {
    for (const address of task.addresses) sockets.push(openBatchedSocket(libc, address, counters, task));
  } catch (error) {
    report({ kind: 'failed', message: messageOf(error), descriptors: sockets.map(({ descriptor }) => descriptor) });
    return;
  }
  const descriptors = sockets.map(({ descriptor }) => descriptor);
  report({ kind: 'ready', addresses: task.addresses, socket: 'batched', descriptors });
  answerBatches(libc, sockets, answerer, new Int32Array(task.stop));
}

async function answerDatagrams(): Promise<void> {
  const stopped = new Promise((stop) => parentPort?.once('message', stop));
  try {
    const sockets = await Promise.all(task.addresses.map((address) => openDatagramSocket(address, answerer, counters)));
    report({ kind: 'ready', addresses: task.addresses, socket: 'datagram', descriptors: [] });
    await stopped;
    await Promise.all(sockets.map((socket) => socket.close()));
  } catch (error) {
    report({ kind: 'failed', message: messageOf(error), descriptors: [] });
  }
  // The port would keep a thread that failed alive.
  parentPort?.close();
}

if (task.socket === 'batched') answerInBatches();
else await answerDatagrams();
