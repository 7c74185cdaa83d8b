// A UDP thread's main: opens its sockets, says so, answers until told to stop. The sockets themselves: batched-socket.ts, datagram-socket.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.ts';
import { openAnswerer } from './answerer.ts';
import { checkBatchedSockets } from './batched-self-check.ts';
import { answerBatches, type BatchedSocket, openBatchedSocket } from './batched-socket.ts';
import { openDatagramSocket } from './datagram-socket.ts';
import { type Libc, openLibc } from './libc.ts';
import { CounterCells } from './listen-counters.ts';
import type { ThreadReport, UdpTask } from './thread-task.ts';

const task: UdpTask = workerData;
const counters = new CounterCells(task.counters);
const answerer = openAnswerer(task, (message) => report({ kind: 'fault', message }));

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

/** libc, once it has shown that batched sockets work here; or why they are not used. */
async function batchedSockets(): Promise<Libc | string> {
  try {
    const libc = openLibc();
    await checkBatchedSockets(libc, task.addresses);
    return libc;
  } catch (error) {
    return messageOf(error);
  }
}

function answerInBatches(libc: Libc): void {
  const sockets: BatchedSocket[] = [];
  try {
    for (const address of task.addresses) sockets.push(openBatchedSocket(libc, address, counters));
  } catch (error) {
    report({ kind: 'failed', message: messageOf(error), descriptors: sockets.map(({ descriptor }) => descriptor) });
    return;
  }
  const descriptors = sockets.map(({ descriptor }) => descriptor);
  report({ kind: 'ready', addresses: task.addresses, socket: 'batched', descriptors });
  answerBatches(libc, sockets, answerer, new Int32Array(task.stop));
}

async function answerDatagrams(fallback: string | undefined): Promise<void> {
  const stopped = new Promise((stop) => parentPort?.once('message', stop));
  try {
    const sockets = await Promise.all(task.addresses.map((address) => openDatagramSocket(address, answerer, counters)));
    report({ kind: 'ready', addresses: task.addresses, socket: 'datagram', fallback, descriptors: [] });
    await stopped;
    await Promise.all(sockets.map((socket) => socket.close()));
  } catch (error) {
    report({ kind: 'failed', message: messageOf(error), descriptors: [] });
  }
  // The port would keep a thread that failed alive.
  parentPort?.close();
}

const batched = task.socket === 'batched' ? await batchedSockets() : undefined;
if (batched === undefined || typeof batched === 'string') await answerDatagrams(batched);
else answerInBatches(batched);
