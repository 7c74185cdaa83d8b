// The entry file of a UDP thread: opens its sockets, reports them, and answers until it is told to stop. Sockets:
// batched-socket.ts, datagram-socket.ts.

import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../model/thrown.ts';
import { AllLateAnswers } from '../handed-on/late-answers.ts';
import { openAnswerer } from './answerer.ts';
import { answerBatches, type BatchedSocket } from './batched-socket.ts';
import { openDatagramSocket } from './datagram-socket.ts';
import { openLibc } from './libc.ts';
import { CounterCells } from './listen-counters.ts';
import { openBatchedSocket } from './open-batched-socket.ts';
import { openOutlets } from './open-outlets.ts';
import type { ThreadReport, UdpTask } from './thread-task.ts';

const task: UdpTask = workerData;
const counters = new CounterCells(task.counters);
const outlets = openOutlets(task.handOn, counters);
const answerer = openAnswerer(task, (message) => report({ kind: 'fault', message }));

function report(message: ThreadReport): void {
  parentPort?.postMessage(message);
}

function answerInBatches(): void {
  const libc = openLibc();
  const sockets: BatchedSocket[] = [];
  try {
    for (const address of task.addresses) sockets.push(openBatchedSocket(libc, address, counters, task, outlets));
  } catch (error) {
    report({ kind: 'failed', message: messageOf(error), descriptors: sockets.map(({ descriptor }) => descriptor) });
    return;
  }
  const descriptors = sockets.map(({ descriptor }) => descriptor);
  report({ kind: 'ready', addresses: task.addresses, socket: 'batched', descriptors });
  answerBatches(libc, sockets, answerer, new Int32Array(task.stop));
}

async function answerDatagrams(): Promise<void> {
  const late = new AllLateAnswers(outlets, task.handOn);
  const stopped = new Promise((stop) => parentPort?.once('message', stop));
  try {
    const shared = { answerer, counters, late };
    const sockets = await Promise.all(task.addresses.map((address) => openDatagramSocket(address, shared)));
    report({ kind: 'ready', addresses: task.addresses, socket: 'datagram', descriptors: [] });
    await stopped;
    await late.settle();
    await Promise.all(sockets.map((socket) => socket.close()));
  } catch (error) {
    report({ kind: 'failed', message: messageOf(error), descriptors: [] });
  }
  // If they stayed open, the message ports would keep a failed thread alive.
  late.close();
  parentPort?.close();
}

if (task.socket === 'batched') answerInBatches();
else await answerDatagrams();
